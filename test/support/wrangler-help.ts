/**
 * What the pinned wrangler says about its commands: `node test/support/wrangler-help.ts` writes it down again.
 * The fake wrangler takes nothing that is not in there.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const projectFolder = join(import.meta.dirname, "../..");
export const helpPath = join(projectFolder, "test/fixtures/wrangler-help.json");

/** Those that `npm run setup` uses, and `rotate-key`. */
export const commands = [
  "whoami",
  "r2 bucket info",
  "r2 bucket create",
  "kv namespace list",
  "kv namespace create",
  "secret list",
  "secret bulk",
  "deploy",
];

export interface Help {
  version: string;
  commands: Record<string, string>;
}

export function recordHelp(): Help {
  const wrangler = (...args: string[]) => {
    const said = spawnSync(join(projectFolder, "node_modules/.bin/wrangler"), args, {
      cwd: projectFolder,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", COLUMNS: "200" },
      timeout: 60_000,
    });
    if (said.status !== 0) throw new Error(`wrangler ${args.join(" ")}: ${said.stderr}`);
    return said.stdout.trim();
  };
  const said = commands.map((it) => [it, wrangler(...it.split(" "), "--help")] as const);
  const [version = ""] = /\d+\.\d+\.\d+/.exec(wrangler("--version")) ?? [];
  return { version, commands: Object.fromEntries(said) };
}

if (import.meta.main) writeFileSync(helpPath, `${JSON.stringify(recordHelp(), null, 2)}\n`);
