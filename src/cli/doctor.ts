/** `npm run doctor`: asks a running deployment from outside, and says what to do about what is wrong. */
import { styleText } from "node:util";
import { Command } from "commander";
import { examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";
import { findRegistry, type RegistryOptions } from "./registry.ts";
import { runCommand } from "./run-command.ts";
import { printable } from "./table.ts";

interface Options extends RegistryOptions {
  write?: boolean;
  json?: boolean;
}

async function doctor(options: Options): Promise<void> {
  const { url, key, keySource } = await findRegistry(options, process.env);
  const findings = await examine({ url, key }, { keySource, isWriting: options.write === true });
  const isWell = findings.every(({ verdict }) => verdict !== "wrong");
  if (!isWell) process.exitCode = 1;
  console.log(
    options.json
      ? JSON.stringify({ ok: isWell, url, findings }, null, 2)
      : findings.flatMap(linesOf).join("\n"),
  );
}

const marks = {
  ok: styleText("green", "ok     "),
  wrong: styleText("red", "wrong  "),
  skipped: "skipped",
};

function linesOf({ check, verdict, told, todo }: Finding): string[] {
  const line = `${marks[verdict]}  ${printable(check)}: ${printable(told)}`;
  return todo === undefined ? [line] : [line, `         → ${printable(todo)}`];
}

function command(): Command {
  return new Command("npm run doctor --")
    .description("Checks a running Hexedge from outside, and says what to do about what is wrong.")
    .option("--url <url>", "where it runs (env HEXEDGE_URL, else http://127.0.0.1:4000)")
    .option(
      "--key <key>",
      "its admin key; better in the environment, where no other process sees it (env HEXEDGE_KEY, " +
        "else for a URL of this machine the one in the data folder)",
    )
    .option("--data <dir>", "the data folder of npm start", "data")
    .option("--write", "also publish a throw-away package, resolve it, and revert it")
    .option("--json", "print one JSON document, and nothing else")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "hexedge: ")) })
    .exitOverride()
    .addHelpText(
      "after",
      "\nIt ends with 0 when all is well, 1 when something is wrong, 2 when it was called wrongly.",
    )
    .action(doctor);
}

await runCommand(command());
