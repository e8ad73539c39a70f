/**
 * A real `npm start`: its own process group, port and data folder, driven from outside as a user
 * would. Whatever becomes of the test, all of it is gone afterwards: a shell that holds the other end
 * of a pipe of ours kills what we leave behind.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach } from "vitest";
import { packageTarball, type ReleaseOptions } from "./tarball.ts";

export const projectFolder = join(import.meta.dirname, "../..");
/** The Node that npm scripts get; the one that runs vitest may be another. */
const pinnedNode = join(projectFolder, "node_modules/.bin/node");
export const node = existsSync(pinnedNode) ? pinnedNode : process.execPath;

export interface ServerOptions {
  port?: number;
  /** Kept when the server ends, so that another one can go on with it. */
  dataPath?: string;
  /** The text of wrangler.toml, whose `main` need not be said; the project's own by default. */
  config?: string;
  args?: readonly string[];
  /** As the README says it; everything else is the same without npm, only faster. */
  throughNpm?: boolean;
  environment?: Record<string, string>;
}

/** How a process ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const running = new Set<Run>();
const folders: string[] = [];

/** A process of `npm start`, whether it comes up or not. */
export class Run {
  readonly port: number;
  readonly dataPath: string;
  readonly origin: string;
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #guard: ChildProcess;
  stdout = "";
  stderr = "";
  /** What was added to this process's own environment. */
  readonly environment: Record<string, string>;

  constructor(port: number, dataPath: string, options: ServerOptions) {
    this.environment = options.environment ?? {};
    this.port = port;
    this.dataPath = dataPath;
    this.origin = `http://127.0.0.1:${port}`;
    const { ADMIN_KEY, ACCOUNTS_SECRET, SIGNING_KEY, ...environment } = process.env;
    const config = options.config === undefined ? [] : ["--config", writeConfig(options.config)];
    const [command = node, ...start] = options.throughNpm
      ? ["npm", "start", "--silent", "--"]
      : [node, join(projectFolder, "src/cli/start.ts")];
    this.process = spawn(
      command,
      [
        ...start,
        ...["--port", String(port), "--data", dataPath, ...config, ...(options.args ?? [])],
      ],
      {
        cwd: projectFolder,
        detached: true, // a process group of its own
        stdio: ["ignore", "pipe", "pipe"],
        // What Miniflare leaves behind when it is killed is removed with the rest.
        env: { ...environment, TMPDIR: temporaryFolder(), ...options.environment },
      },
    );
    this.ended = new Promise((done) => {
      this.process.once("close", (code, signal) => done({ code, signal }));
    });
    this.process.stdout?.on("data", (data) => {
      this.stdout += data;
    });
    this.process.stderr?.on("data", (data) => {
      this.stderr += data;
    });
    this.#guard = guard(this.pid);
    running.add(this);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get output(): string {
    return `--- ${this.origin}, data in ${this.dataPath}\n${this.stdout}${this.stderr}`;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** The numbers of all living processes of the group. */
  group(): number[] {
    return livingProcesses()
      .filter(({ group }) => group === this.pid)
      .map(({ pid }) => pid);
  }

  workerd(): number {
    const found = livingProcesses().find(
      ({ group, command }) => group === this.pid && command.includes("workerd serve"),
    );
    if (!found) throw new Error(`no workerd runs\n${this.output}`);
    return found.pid;
  }

  /** Signals the one process that a supervisor knows, and waits for its end. */
  async kill(signal: NodeJS.Signals): Promise<Ended> {
    process.kill(this.pid, signal);
    return this.ended;
  }

  /** Signals all at once, as Ctrl-C or a machine that stops does, and waits until all are gone. */
  async killGroup(signal: NodeJS.Signals = "SIGKILL"): Promise<Ended> {
    signalGroup(this.pid, signal);
    const ended = await this.ended;
    await until(() => this.group().length === 0, `${this.pid}'s process group to end`);
    this.#guard.kill(); // the group's number may be another's soon
    return ended;
  }

  /** Waits until it is ready to be used. @throws with its output when it ends instead. */
  async up(): Promise<Server> {
    await until(
      async () => {
        if (!this.isRunning) throw new Error(`npm start ended\n${this.output}`);
        // What it prints comes last: from then on everything is there.
        return this.stdout.includes("Hexedge listens") && (await isHealthy(this.origin));
      },
      () => `npm start to answer\n${this.output}`,
    );
    return new Server(this);
  }
}

export interface Asked {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  body: any;
}

/** A server that answered /health. */
export class Server {
  readonly run: Run;
  readonly origin: string;
  readonly port: number;
  readonly dataPath: string;
  readonly adminKey: string;
  readonly publicKeyPem: string;

  constructor(run: Run) {
    this.run = run;
    this.origin = run.origin;
    this.port = run.port;
    this.dataPath = run.dataPath;
    const printed = /--auth-key (\S+)/.exec(run.stdout)?.[1] ?? "";
    // What came from the environment is not printed.
    this.adminKey = printed === "$ADMIN_KEY" ? (run.environment.ADMIN_KEY ?? "") : printed;
    this.publicKeyPem = readFileSync(join(run.dataPath, "public_key.pem"), "utf8");
  }

  get pid(): number {
    return this.run.pid;
  }

  api(repository = "test_repo"): string {
    return `${this.origin}/api/repos/${repository}`;
  }

  files(repository = "test_repo"): string {
    return `${this.origin}/repos/${repository}`;
  }

  /** A request with the admin key; paths begin with `/`. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", this.adminKey);
    return fetch(`${this.origin}${path}`, { ...init, headers });
  }

  /**
   * Asks the API with any key, and a body of JSON; the admin's key if none is said, no key if "".
   * @returns the status, and the body if it is JSON.
   */
  async ask(
    method: string,
    path: string,
    { key = this.adminKey, body }: { key?: string; body?: unknown } = {},
  ): Promise<Asked> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        ...(key === "" ? {} : { authorization: key }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }

  /** What must be answered with 2xx. */
  async mustAsk(...asked: Parameters<Server["ask"]>): Promise<Asked["body"]> {
    const { status, body } = await this.ask(...asked);
    if (status < 200 || status > 299) {
      throw new Error(`${asked[0]} ${asked[1]}: ${status} ${JSON.stringify(body)}`);
    }
    return body;
  }

  /**
   * A new user, whose password is `password of NAME`, and a member of the organization if a role is said.
   * @returns a key of theirs, good for the API and all repositories.
   */
  async makeUser(
    name: string,
    role?: "read" | "write" | "admin",
    organization = "test_repo",
  ): Promise<string> {
    const user = { username: name, password: `password of ${name}`, email: `${name}@hexedge.test` };
    await this.mustAsk("POST", "/api/users", { body: user });
    if (role) {
      const body = { name, role };
      await this.mustAsk("POST", `/api/orgs/${organization}/members`, { body });
    }
    return this.makeKey(name, "test");
  }

  /** @param scopes `api:write`, `repository:test_repo` …; `api` and `repositories` if none is said. */
  async makeKey(user: string, name: string, ...scopes: string[]): Promise<string> {
    const permissions = (scopes.length > 0 ? scopes : ["api", "repositories"]).map((scope) => {
      const [domain, resource = null] = scope.split(/:(.*)/);
      return { domain, resource };
    });
    const body = { name, permissions };
    const { secret } = await this.mustAsk("POST", `/api/users/${user}/keys`, { body });
    return String(secret);
  }

  /** One of the files of test_repo, which must be there. */
  async file(path: string): Promise<Uint8Array> {
    const response = await this.fetch(`/repos/test_repo${path}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 200) {
      throw new Error(`${path}: ${response.status} ${new TextDecoder().decode(bytes)}`);
    }
    return bytes;
  }

  async upload(tarball: Uint8Array, replace = false): Promise<Response> {
    return this.fetch(`/api/repos/test_repo/publish?replace=${replace}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: tarball.slice(),
    });
  }

  async publish(release: ReleaseOptions = {}): Promise<Response> {
    return this.upload(await packageTarball(release));
  }

  /** What `GET /api/repos/test_repo/check` says is wrong. */
  async problems(): Promise<unknown> {
    const response = await this.fetch("/api/repos/test_repo/check");
    const body = (await response.json()) as { problems?: unknown };
    return response.status === 200 ? body.problems : body;
  }
}

/** Starts one, and waits until it can be used. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  return (await begin(options)).up();
}

/** Starts one that perhaps will not come up. */
export async function begin(options: ServerOptions = {}): Promise<Run> {
  const port = options.port ?? (await freePort());
  return new Run(port, options.dataPath ?? join(temporaryFolder(), "data"), options);
}

/** One that ends by itself, and everything that it said. */
export async function runToEnd(options: ServerOptions): Promise<Ended & { output: string }> {
  const run = await begin(options);
  const ended = await run.ended;
  return { ...ended, output: run.stdout + run.stderr };
}

/** A new folder, removed when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hexedge-test-"));
  folders.push(folder);
  return folder;
}

/** Below the ports that the kernel hands out, so that nobody is given it before we use it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const isFree = await new Promise<boolean>((done) => {
      const server = createServer();
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
    });
    if (isFree) return port;
  }
}

/** Waits for something that comes soon. @throws after `timeoutMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      throw new Error(`waited too long for ${typeof what === "string" ? what : what()}`);
    }
    await sleep(20);
  }
}

async function isHealthy(origin: string): Promise<boolean> {
  const response = await fetch(`${origin}/health`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 200;
}

function writeConfig(text: string): string {
  const path = join(temporaryFolder(), "wrangler.toml");
  const main = JSON.stringify(join(projectFolder, "src/index.ts"));
  const entry = /^main\b/m.test(text) ? "" : `main = ${main}\n`;
  writeFileSync(path, `${entry}${text}`);
  return path;
}

/** Kills the group when our end of its standard input is closed: by us, or by the kernel. */
function guard(group: number): ChildProcess {
  const shell = spawn("sh", ["-c", 'read -r _; kill -9 "-$1"', "test-guard", String(group)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.unref();
  return shell;
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Without zombies, which some containers never bury. From /proc: a slim machine has no `ps`. */
export function livingProcesses(): { pid: number; group: number; command: string }[] {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return numbers.flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      // The name of the program, in parentheses, may hold anything.
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === "Z" || state === "X") return [];
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return [{ pid: Number(name), group: Number(group), command }];
    } catch {
      return []; // gone meanwhile
    }
  });
}

afterEach(({ task }) => {
  if (task.result?.state !== "fail") return;
  for (const run of running) console.error(run.output.slice(-8000));
});

afterAll(async () => {
  await Promise.all([...running].map((run) => run.killGroup()));
  running.clear();
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
