/** `npm run hexedge -- …`: users, members, keys, owners, mirrors and the audit log, over the HTTP API. */
import { Command, CommanderError } from "commander";
import { auditCommand } from "./commands/audit.ts";
import { buildCommand } from "./commands/build.ts";
import { checkCommand } from "./commands/check.ts";
import { exportCommand } from "./commands/export.ts";
import { gitCommands } from "./commands/git.ts";
import { importCommand } from "./commands/import.ts";
import { keyCommands } from "./commands/keys.ts";
import { memberCommands } from "./commands/members.ts";
import { mirrorCommand } from "./commands/mirror.ts";
import { ownerCommands } from "./commands/owners.ts";
import { rotateKeyCommand } from "./commands/rotate-key.ts";
import { userCommands } from "./commands/users.ts";
import { whoamiCommand } from "./commands/whoami.ts";
import { examples } from "./examples.ts";
import { Mistake } from "./mistake.ts";

async function hexedge(): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0); // `| head` has seen enough
  });
  try {
    await commands().parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (error instanceof CommanderError) return; // which has said it
    console.error(error instanceof Mistake ? `hexedge: ${withoutSecrets(error.message)}` : error);
  }
}

function commands(): Command {
  const program = new Command("npm run hexedge --")
    .description("Looks after a running Hexedge, on this machine or anywhere.")
    .option("--url <url>", "where it runs (env HEXEDGE_URL, else http://127.0.0.1:4000)")
    .option(
      "--key <key>",
      "who asks; better in the environment, where no other process sees it (env HEXEDGE_KEY, " +
        "else for a URL of this machine the admin key in the data folder)",
    )
    .option("--data <dir>", "the data folder of npm start", "data")
    .option("--json", "print the API's answer as one JSON document, and nothing else")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(usageError(text)) })
    .exitOverride();
  userCommands(program);
  memberCommands(program);
  keyCommands(program);
  ownerCommands(program);
  mirrorCommand(program);
  buildCommand(program);
  checkCommand(program);
  exportCommand(program);
  importCommand(program);
  gitCommands(program);
  rotateKeyCommand(program);
  auditCommand(program);
  whoamiCommand(program);
  return examples(program, [
    "whoami",
    "user add ann --email ann@example.com",
    "member add acme ann --role write",
    "mirror mix.lock --repository hexpm_mirror",
    "user list --url https://hex.example.com    # with HEXEDGE_KEY in the environment",
  ]);
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2; // 0 after --help
}

/** In one line, and without what was typed where a value stands: it may be a password. */
function usageError(text: string): string {
  const said = text
    .replace(/^error: /, "")
    .replace(/ but got (\d+): .*$/s, " but got $1")
    .replace(/=[^']*'/, "'")
    .trim()
    .replace(/\s*\n\s*/g, " ");
  return `hexedge: ${withoutSecrets(said)}; --help tells more\n`;
}

/** Should somebody paste a key where a name belongs. */
function withoutSecrets(text: string): string {
  return text.replace(/hex_[0-9a-f]{40}/g, "hex_…");
}

await hexedge();
