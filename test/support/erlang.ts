/**
 * Real Erlang as a judge, with the hex_core (0.7.1) that is inside Debian's rebar3, under the names
 * r3_hex_registry, r3_hex_tarball, r3_hex_pb_names and so on. A test that asks it is
 * `it.skipIf(!erlangAvailable)`, with a title that says so, and has vectors beside it for machines
 * without Erlang. A start costs 0.3 to 1 s: ask everything in one.
 *
 * `node test/support/erlang.ts SCRIPT [ARGUMENT…]` runs a script file, to write such vectors.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";

const escript = findProgram("escript");
const rebar3 = findProgram("rebar3");

/** Whether Erlang and rebar3 are installed: `apt-get install erlang-base erlang-crypto erlang-public-key rebar3`. */
export const erlangAvailable =
  findProgram("erl") !== undefined && escript !== undefined && rebar3 !== undefined;

/**
 * Runs an Erlang script and waits for it.
 * @param script the source of an escript without its first line: functions, among them main/1, which is
 *   called with the list of arguments as strings. rebar3's modules are on the code path. Anything that
 *   crashes in it fails the run.
 * @param args some hundred kilobytes at most: give bytes as base64, and many of them as a file.
 * @returns what it wrote to standard output, which is UTF-8 when it says io:setopts([{encoding, unicode}]).
 * @throws Error with what it wrote to standard error.
 */
export function runErlang(script: string, args: readonly string[] = []): string {
  if (!escript) throw new Error("Erlang is not installed; ask erlangAvailable first");
  const folder = mkdtempSync(join(tmpdir(), "hexedge-escript-"));
  try {
    const file = join(folder, "script.escript");
    writeFileSync(file, `#!/usr/bin/env escript\n%%! +S 1 -pa ${rebar3Modules()}\n${script}`);
    return execFileSync(escript, [file, ...args], {
      encoding: "utf8",
      maxBuffer: 256 * 1024 * 1024,
      stdio: ["ignore", "pipe", "pipe"],
      // A terminal's or a crash's leftovers do not belong into the working tree.
      env: { ...process.env, ERL_CRASH_DUMP: "/dev/null" },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The ebin folder of rebar3, which is an escript: a shell line or two, then a zip archive of beam files.
 * Unpacked once per version of rebar3, and kept for the next run; not in /tmp, where anyone could put code.
 */
function rebar3Modules(): string {
  if (!rebar3) throw new Error("rebar3 is not installed; ask erlangAvailable first");
  const { size, mtimeMs } = statSync(rebar3);
  const cache = join(import.meta.dirname, "../../node_modules/.cache");
  const folder = join(cache, `rebar3-${size}-${Math.floor(mtimeMs)}`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(folder)) unpackRebar3(rebar3, folder);
  return join(folder, "rebar/ebin");
}

function unpackRebar3(path: string, folder: string): void {
  const bytes = readFileSync(path);
  const archive = bytes.subarray(bytes.indexOf("PK\x03\x04", 0, "latin1"));
  const unfinished = mkdtempSync(`${folder}-`);
  for (const [name, content] of Object.entries(unzipSync(archive))) {
    if (!name.endsWith(".beam") && !name.endsWith(".app")) continue;
    mkdirSync(dirname(join(unfinished, name)), { recursive: true });
    writeFileSync(join(unfinished, name), content);
  }
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    // Another test file did the same meanwhile, and was first.
    if (!existsSync(folder)) throw error;
  }
}

function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  if (!script) throw new Error("Usage: node test/support/erlang.ts SCRIPT [ARGUMENT…]");
  process.stdout.write(runErlang(readFileSync(script, "utf8"), args));
}
