/**
 * The process of workerd. Miniflare starts it, also again after a crash, and keeps it to itself; but
 * it only ever ends it by SIGKILL, in the middle of requests, and when this process is killed it
 * leaves it running, with the port and the data, beside whoever starts next.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";

/** For requests under way when asked to stop; Docker kills after ten seconds. */
const drainMsMax = 5000;

export class Workerd {
  #process: ChildProcess | undefined;
  #stopping = false;

  /** Sees every workerd that begins after this. */
  constructor() {
    subscribe("child_process", (message) => {
      // The channel's documented message: https://nodejs.org/api/diagnostics_channel.html
      const { process: child } = message as { process: ChildProcess };
      // It tells of the object; what is started, and under which number, is known after that.
      queueMicrotask(() => {
        if (child.pid === undefined || !child.spawnargs.includes("serve")) return;
        this.#process = child;
        guard(child, child.pid);
      });
    });
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Lets the requests under way end, and then ends this process with 0. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    // Now, in the very event: in the next step Miniflare would take it for a crash.
    const end = () => process.exit(0);
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) end();
    child?.once("exit", end);
    setTimeout(end, drainMsMax); // on exit, Miniflare kills what is left
    child?.kill("SIGTERM");
  }
}

/**
 * Kills workerd when this process is gone, in whatever way it went: the kernel then closes our end of
 * a pipe. Not Linux's PDEATHSIG: macOS has none, and Node cannot ask for it.
 */
function guard(child: ChildProcess, pid: number): void {
  const shell = spawn("sh", ["-c", 'read -r _; kill -9 "$1"', "hexedge-guard", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // what is sent to our whole process group must not reach it
  });
  // Without a shell there is no guard, as there is none in a container whose first process we are.
  shell.on("error", () => {});
  child.once("exit", () => shell.kill()); // the number may soon be another's
}
