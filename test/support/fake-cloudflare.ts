/** An account at a Cloudflare that is none, a project folder, and `npm run setup` in it. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { onTestFinished } from "vitest";
import { run } from "./process.ts";
import {
  freePort,
  node,
  projectFolder,
  type Server,
  startServer,
  temporaryFolder,
  until,
} from "./server.ts";

export interface Account {
  isLoggedIn: boolean;
  accounts: { id: string; name: string }[];
  buckets: string[];
  namespaces: { id: string; title: string }[];
  workers: Record<string, { secrets: Record<string, string>; uploads: number }>;
  /** Command → what it fails with. */
  failing: Record<string, string>;
  /** A command that does not end. */
  hanging?: string;
  calls: { args: string[]; environment: string[] }[];
  secretsFileModes: string[];
}

export class Cloud {
  readonly folder = temporaryFolder();
  readonly port: number;
  readonly #accountPath = join(this.folder, "cloudflare.json");
  readonly #binPath = join(this.folder, "bin");
  readonly #dataPath = join(temporaryFolder(), "data");
  /** Where it is found when it is deployed; another than it is, for tests. */
  address: string;
  server: Server | undefined;
  #deployUrl = "";
  /** Of the last run, and of all of them. */
  output = "";

  constructor(port: number) {
    this.port = port;
    this.address = `http://127.0.0.1:${port}`;
  }

  static async open(change: Partial<Account> = {}, config = projectConfig()): Promise<Cloud> {
    const cloud = new Cloud(await freePort());
    mkdirSync(cloud.#binPath);
    const shim = join(cloud.#binPath, "wrangler");
    const fake = join(import.meta.dirname, "fake-wrangler.mjs");
    writeFileSync(shim, `#!/bin/sh\nexec "${node}" "${fake}" "$@"\n`);
    chmodSync(shim, 0o755);
    cloud.write({
      ...{ isLoggedIn: true, accounts: [{ id: "1", name: "Ann's" }] },
      ...{ buckets: [], namespaces: [], workers: {}, failing: {}, calls: [] },
      ...{ secretsFileModes: [], ...change },
    });
    writeFileSync(cloud.configPath, config);
    await cloud.#listen();
    onTestFinished(async () => {
      await cloud.server?.run.killGroup();
    });
    return cloud;
  }

  get configPath(): string {
    return join(this.folder, "wrangler.toml");
  }

  get config(): string {
    return readFileSync(this.configPath, "utf8");
  }

  get account(): Account {
    return JSON.parse(readFileSync(this.#accountPath, "utf8"));
  }

  /** Commands and their arguments, as they were called, in one line each. */
  get calls(): string[] {
    return this.account.calls.map(({ args }) => args.join(" "));
  }

  write(change: Partial<Account>): void {
    const before = change.calls && change.buckets ? {} : this.account;
    writeFileSync(this.#accountPath, JSON.stringify({ ...before, ...change }));
  }

  /** Everything that setup has left in the project folder, without what is ours. */
  files(): string[] {
    const all = readdirSync(this.folder, { recursive: true, encoding: "utf8" });
    return all.filter((it) => !/^(bin|cloudflare\.json)/.test(it)).sort();
  }

  async setup(...args: string[]): Promise<{ code: number | null; output: string }> {
    return this.setupWith({}, ...args);
  }

  async setupWith(
    environment: Record<string, string>,
    ...args: string[]
  ): Promise<{ code: number | null; output: string }> {
    const script = join(projectFolder, "src/cli/setup.ts");
    const told = await run(node, [script, "--wait", "20", ...args], this.folder, {
      ...this.#environment,
      ...environment,
    });
    this.output += told.output;
    return told;
  }

  /** `npm run hexedge -- …` in the project folder, by the admin. */
  hexedge(...args: string[]): Promise<{ code: number | null; output: string }> {
    const script = join(projectFolder, "src/cli/hexedge.ts");
    return run(node, [script, ...args], this.folder, {
      ...this.#environment,
      HEXEDGE_URL: this.address,
      HEXEDGE_KEY: this.server?.adminKey ?? "",
    });
  }

  /** Kills it, and what it has started, in the middle of a command. */
  async killAt(command: string): Promise<void> {
    this.write({ hanging: command });
    const child = spawn(node, [join(projectFolder, "src/cli/setup.ts")], {
      ...{ cwd: this.folder, detached: true, stdio: "ignore" },
      env: { ...process.env, ...this.#environment },
    });
    const ended = new Promise((done) => child.once("close", done));
    await until(() => this.calls.some((it) => it.startsWith(command)), `${command} to be called`);
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    const { hanging, ...account } = this.account;
    writeFileSync(this.#accountPath, JSON.stringify(account));
  }

  get #environment(): Record<string, string> {
    return {
      PATH: `${this.#binPath}${delimiter}${process.env.PATH}`,
      FAKE_CLOUDFLARE: this.#accountPath,
      FAKE_CLOUDFLARE_DEPLOY: this.#deployUrl,
    };
  }

  async #listen(): Promise<void> {
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const { secrets } = JSON.parse(body) as { secrets: Record<string, string> };
      try {
        await this.#deploy(secrets);
        response.end(this.address);
      } catch (error) {
        response.writeHead(500).end(String(error));
      }
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.#deployUrl = `http://127.0.0.1:${address.port}`;
  }

  /** The Worker, with its secrets, for real; another upload replaces it. */
  async #deploy(environment: Record<string, string>): Promise<void> {
    await this.server?.run.kill("SIGTERM");
    this.server = await startServer({
      ...{ port: this.port, dataPath: this.#dataPath, config: this.config, environment },
    });
  }
}

/** The project's own, as it is, for another folder. */
export function projectConfig(): string {
  return readFileSync(join(projectFolder, "wrangler.toml"), "utf8")
    .replace('"src/index.ts"', JSON.stringify(join(projectFolder, "src/index.ts")))
    .replace('"src/web/assets"', JSON.stringify(join(projectFolder, "src/web/assets")))
    .replace(/^id = ".*"$/m, `id = "${"0".repeat(32)}"`);
}
