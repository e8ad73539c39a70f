/** `npm run hexedge -- …` from outside. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { node, projectFolder } from "./server.ts";

export interface Told {
  code: number | null;
  stdout: string;
  stderr: string;
  ms: number;
}

/** Types a command to the Hexedge at `origin`, with that key in the environment. */
export function hexedge(
  { origin, adminKey }: { origin: string; adminKey: string },
  args: readonly string[],
): Promise<Told> {
  const { FORCE_COLOR, ...inherited } = process.env;
  const start = performance.now();
  const child = spawn(node, [join(projectFolder, "src/cli/hexedge.ts"), ...args], {
    cwd: projectFolder,
    env: { ...inherited, HEXEDGE_URL: origin, HEXEDGE_KEY: adminKey },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const told: Told = { code: null, stdout: "", stderr: "", ms: 0 };
  child.stdout.on("data", (data) => {
    told.stdout += data;
  });
  child.stderr.on("data", (data) => {
    told.stderr += data;
  });
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done({ ...told, code, ms: performance.now() - start }));
  });
}
