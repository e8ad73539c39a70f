/** Runs the `git` of this machine. */
import { spawn } from "node:child_process";
import { Mistake } from "../mistake.ts";

/** What it said when it failed, without what stands before the host in URLs: it may be a password. */
export class GitFailed extends Mistake {}

export interface GitOptions {
  /** The bare repository. */
  folder?: string;
  /** Of its configuration, for this call; in the environment, where no other process sees a key. */
  config?: Record<string, string>;
  /** What it reads; nothing by default, so that it cannot wait. */
  input?: string;
}

/** @returns what it printed. @throws GitFailed with its last words. */
export function git(args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { folder, input = "" } = options;
  const where = folder === undefined ? [] : ["--git-dir", folder];
  const child = spawn("git", [...where, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: environmentFor(options.config ?? {}),
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  // It may end before it has read all; its code tells then.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  child.stdout.on("data", (data) => stdout.push(data));
  child.stderr.on("data", (data) => stderr.push(data));
  return new Promise((done, fail) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const how = error.code === "ENOENT" ? "git is not installed here" : error.message;
      fail(new Mistake(how));
    });
    child.once("close", (code, signal) => {
      if (code === 0) return done(Buffer.concat(stdout).toString());
      const [printed, complained] = [stdout, stderr].map((it) => Buffer.concat(it).toString());
      const said = lastWords(complained) || lastWords(printed);
      fail(new GitFailed(said || `git ${args[0]} ended with ${code ?? signal}`));
    });
  });
}

/** Takes a URL for what it is, also where `insteadOf` sends its beginning elsewhere: to us, perhaps. */
export function asItIs(url: string): Record<string, string> {
  // Of all that match the longest wins.
  return { [`url.${url}.insteadOf`]: url };
}

/** A host that stops sending does not keep us for ever. */
const patience = { "http.lowSpeedLimit": "100", "http.lowSpeedTime": "60" };

function environmentFor(config: Record<string, string>): NodeJS.ProcessEnv {
  // As git sets them for hooks, in which we may run.
  const { GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, GIT_OBJECT_DIRECTORY, ...rest } = process.env;
  const all = Object.entries({ ...patience, ...config });
  const before = Number(rest.GIT_CONFIG_COUNT ?? 0);
  const numbered = all.flatMap(([name, value], at) => [
    [`GIT_CONFIG_KEY_${before + at}`, name],
    [`GIT_CONFIG_VALUE_${before + at}`, value],
  ]);
  return {
    ...rest,
    LC_ALL: "C",
    // Whoever runs us where nobody types would wait for ever.
    ...(process.stdin.isTTY ? {} : { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "" }),
    GIT_CONFIG_COUNT: String(before + all.length),
    ...Object.fromEntries(numbered),
  };
}

/** Why it failed. A notice is no reason; `git fsck` has its reasons on standard output. */
function lastWords(text = ""): string {
  const told = text
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "" && !line.startsWith("notice:"));
  const lines = told.filter((line) => /^(fatal|error|remote):/.test(line));
  const said = lines.slice(-2).join("; ") || told.at(-1)?.trim() || "";
  return withoutPassword(said.replace(/\b(fatal|error): /g, "")).slice(0, 500);
}

export function withoutPassword(text: string): string {
  return text.replace(/(:\/\/)[^/@\s]+@/g, "$1");
}
