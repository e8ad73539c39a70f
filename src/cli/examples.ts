import type { Command } from "commander";

/** Ends the help of a command with lines to copy, each without the `npm run hexedge --` before it. */
export function examples(command: Command, lines: readonly string[]): Command {
  const copied = lines.map((line) => {
    // npm itself would say something on standard output.
    const silent = line.includes("--json") ? "--silent " : "";
    return `  npm run ${silent}hexedge -- ${line}`;
  });
  return command.addHelpText("after", `\nExamples:\n${copied.join("\n")}`);
}
