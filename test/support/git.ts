/** The real `git`: repositories somewhere else, and somebody who clones. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { run } from "./process.ts";
import { temporaryFolder } from "./server.ts";

const identity = {
  ...{ GIT_AUTHOR_NAME: "Ann", GIT_AUTHOR_EMAIL: "ann@hexedge.test" },
  ...{ GIT_COMMITTER_NAME: "Ann", GIT_COMMITTER_EMAIL: "ann@hexedge.test" },
};

/** Somebody with a home of their own, who is never asked anything. */
export class GitUser {
  readonly home = temporaryFolder();
  readonly environment: Record<string, string>;

  constructor(config = "") {
    writeFileSync(join(this.home, ".gitconfig"), config);
    this.environment = {
      ...{ HOME: this.home, XDG_CONFIG_HOME: this.home, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
      ...{ GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "", ...identity },
    };
  }

  git(folder: string, ...args: string[]) {
    return run("git", args, folder, this.environment);
  }

  /** What must work. @returns its output, without the white space around it. */
  async must(folder: string, ...args: string[]): Promise<string> {
    const { code, output } = await this.git(folder, ...args);
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${code}\n${output}`);
    return output.trim();
  }
}

export interface Upstream {
  origin: string;
  /** `127.0.0.1:12345` */
  host: string;
  /** Paths of all requests. */
  asked: string[];
  user: GitUser;
  /** A new repository at `/path.git`. */
  make(path: string, options?: readonly string[]): Promise<Source>;
}

export interface Source {
  url: string;
  /** A clone in which to work. */
  work: string;
  /** Commits files on the branch that is checked out, and pushes it. @returns the commit. */
  commit(files: Record<string, string | Buffer>): Promise<string>;
  push(...args: string[]): Promise<void>;
}

/** A host of git, as GitHub is one: `git http-backend` behind HTTP. Stops with the test. */
export async function startUpstream(): Promise<Upstream> {
  const root = temporaryFolder();
  const user = new GitUser("[init]\n\tdefaultBranch = main\n");
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(root, request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const host = `127.0.0.1:${address.port}`;
  const origin = `http://${host}`;
  return {
    origin,
    host,
    asked,
    user,
    make: (path, options) => make(user, root, origin, path, options),
  };
}

async function make(
  user: GitUser,
  root: string,
  origin: string,
  path: string,
  options: readonly string[] = [],
): Promise<Source> {
  const bare = join(root, `${path}.git`);
  mkdirSync(bare, { recursive: true });
  await user.must(root, "init", "--quiet", "--bare", ...options, bare);
  await user.must(bare, "config", "uploadpack.allowAnySHA1InWant", "true");
  const work = temporaryFolder();
  await user.must(work, "init", "--quiet", ...options);
  await user.must(work, "remote", "add", "origin", bare);
  const push = async (...args: string[]) => {
    await user.must(work, "push", "--quiet", "origin", ...args);
  };
  return {
    ...{ url: `${origin}/${path}.git`, work, push },
    async commit(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(work, name)), { recursive: true });
        writeFileSync(join(work, name), text);
      }
      await user.must(work, "add", "--all");
      await user.must(work, "commit", "--quiet", "--allow-empty", "--message", "change");
      await push("HEAD");
      return user.must(work, "rev-parse", "HEAD");
    },
  };
}

function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://host");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...{ PATH: process.env.PATH ?? "", GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: "1" },
      ...{ PATH_INFO: pathname, QUERY_STRING: search.slice(1), REMOTE_ADDR: "127.0.0.1" },
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  child.once("close", () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf("\r\n\r\n");
    const headers = all.subarray(0, end).toString().split("\r\n");
    const named = headers.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
    const { Status: status = "200", ...others } = Object.fromEntries(named);
    response.writeHead(Number.parseInt(status, 10), others).end(all.subarray(end + 4));
  });
}
