/** `npm run hexedge -- …`, killed in the middle of its work. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { node, projectFolder } from "./server.ts";

/** Kills it, so many milliseconds after its start. @returns whether it was still at work. */
export async function killedAfter(
  ms: number,
  { origin, adminKey }: { origin: string; adminKey: string },
  args: readonly string[],
): Promise<boolean> {
  const child = spawn(node, [join(projectFolder, "src/cli/hexedge.ts"), ...args], {
    ...{ stdio: "ignore", cwd: projectFolder },
    env: { ...process.env, HEXEDGE_URL: origin, HEXEDGE_KEY: adminKey },
  });
  const ended = new Promise((done) => child.once("close", done));
  await sleep(ms);
  const wasAtWork = child.exitCode === null;
  child.kill("SIGKILL");
  await ended;
  return wasAtWork;
}
