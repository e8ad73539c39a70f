/** Running other programs. */
import { spawn } from "node:child_process";

/** Runs a program with nothing to read, so that it cannot wait for an answer. Its colours are taken out. */
export function run(
  command: string,
  args: readonly string[],
  folder: string,
  environment: Record<string, string>,
  timeoutMs = 60_000,
  /** Hears all output so far, each time there is more. */
  onOutput: (output: string) => void = () => {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ERL_CRASH_DUMP: "/dev/null", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let output = "";
    const hear = (data: Buffer) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
      output += data.toString().replace(/\x1b\[[0-9;]*m/g, "");
      onOutput(output);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", fail);
    child.once("close", (code) => done({ code, output }));
  });
}
