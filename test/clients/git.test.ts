/**
 * Real `git`, mix and rebar3 with repositories that are mirrored here, against a real `npm start`. test/cli
 * has the command that mirrors them.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request as send } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { GitUser, type Source, startUpstream, type Upstream } from "../support/git.ts";
import { hexedge } from "../support/hexedge.ts";
import { run } from "../support/process.ts";
import { startProxy } from "../support/proxy.ts";
import { type Server, startServer, temporaryFolder, until } from "../support/server.ts";

let server: Server;
let readerKey: string;

beforeAll(async () => {
  server = await startServer();
  readerKey = await server.makeUser("reader", "read");
});

describe("git", () => {
  it("clones a mirror, with its branches, tags and HEAD", async () => {
    const { upstream, source } = await library();
    await source.commit({ "lib/a.ex": "first" });
    await upstream.user.must(source.work, "tag", "light");
    await upstream.user.must(source.work, "tag", "--annotate", "v1.0.0", "--message", "one");
    await source.push("light", "v1.0.0", "HEAD:refs/heads/topic/two");
    const commit = await source.commit({ "lib/a.ex": "a" });
    await mirror(source, commit);
    const ann = new GitUser();
    const folder = join(temporaryFolder(), "clone");
    await ann.must(ann.home, "clone", urlOf(upstream, `git:${readerKey}@`), folder);
    expect(await ann.must(folder, "rev-parse", "HEAD")).toBe(commit);
    expect(await ann.must(folder, "symbolic-ref", "HEAD")).toBe("refs/heads/main");
    expect(await ann.must(folder, "tag")).toBe("light\nv1.0.0");
    expect(await ann.must(folder, "branch", "--remotes")).toContain("origin/topic/two");
    expect(readFileSync(join(folder, "lib/a.ex"), "utf8")).toBe("a");
    await ann.must(folder, "fsck", "--strict");
    const single = join(temporaryFolder(), "clone");
    const tag = ["--branch", "v1.0.0", "--single-branch"];
    await ann.must(ann.home, "clone", "--quiet", ...tag, urlOf(upstream, `${readerKey}@`), single);
    expect(await ann.must(single, "describe", "--tags")).toMatch(/^(v1\.0\.0|light)$/);
  });

  it("fetches an update, and asks for nothing when there is none", async () => {
    const { upstream, source } = await library();
    await mirror(source, await source.commit({ a: "1" }));
    const proxy = await startProxy(server.origin);
    const ann = new GitUser();
    const folder = join(temporaryFolder(), "clone");
    await ann.must(ann.home, "clone", urlOf(upstream, `git:${readerKey}@`, proxy.origin), folder);
    expect(packsIn(proxy.passed)).toHaveLength(1);
    const second = await source.commit({ a: "2" });
    await source.push("HEAD:refs/heads/other", "HEAD:refs/tags/v2");
    await mirror(source, second);
    await ann.must(folder, "pull", "--quiet", "--tags");
    expect(await ann.must(folder, "rev-parse", "HEAD", "origin/other", "v2")).toBe(
      `${second}\n${second}\n${second}`,
    );
    expect(packsIn(proxy.passed)).toHaveLength(2);
    await ann.must(folder, "fetch");
    expect(packsIn(proxy.passed)).toHaveLength(2);
    // A pack that was replaced is still there, and nobody who comes now fetches it.
    await ann.must(ann.home, "clone", urlOf(upstream, `git:${readerKey}@`, proxy.origin), "anew");
    expect(packsIn(proxy.passed)).toHaveLength(3);
  });

  it("finds a pinned commit that no branch reaches, by clone and by name", async () => {
    const { upstream, source } = await library();
    const pinned = await source.commit({ a: "pinned" });
    await upstream.user.must(source.work, "commit", "--quiet", "--amend", "--message", "other");
    await source.push("--force", "HEAD");
    await mirror(source, pinned);
    const ann = new GitUser();
    const folder = join(temporaryFolder(), "clone");
    await ann.must(ann.home, "clone", urlOf(upstream, `git:${readerKey}@`), folder);
    await ann.must(folder, "checkout", "--quiet", pinned);
    const other = temporaryFolder();
    await ann.must(other, "init", "--quiet");
    await ann.must(other, "fetch", "--quiet", urlOf(upstream, `git:${readerKey}@`), pinned);
    await ann.must(other, "checkout", "--quiet", pinned);
    expect(readFileSync(join(other, "a"), "utf8")).toBe("pinned");
  });

  it("is told that a shallow clone cannot be had", async () => {
    const { upstream, source } = await library();
    await mirror(source, await source.commit({ a: "1" }));
    const ann = new GitUser();
    const url = urlOf(upstream, `git:${readerKey}@`);
    const told = await ann.git(ann.home, "clone", "--depth", "1", url, "clone");
    expect(told.code).toBe(128);
    expect(told.output).toContain("dumb http transport does not support shallow capabilities");
  });

  it("is refused without a key, with a wrong one, and when it pushes", async () => {
    const { upstream, source } = await library();
    await mirror(source, await source.commit({ a: "1" }));
    const ann = new GitUser();
    const refused = async (...args: string[]) => {
      const told = await ann.git(ann.home, ...args);
      expect(told.code).toBe(128);
      return told.output;
    };
    expect(await refused("ls-remote", urlOf(upstream, ""))).toMatch(/could not read Username/);
    const wrong = "hex_0123456789012345678901234567890123456789";
    expect(await refused("ls-remote", urlOf(upstream, `git:${wrong}@`))).toContain(
      "Authentication failed",
    );
    // It asks for another password.
    expect(await refused("ls-remote", urlOf(upstream, `${wrong}@`))).toMatch(
      /could not read Password/,
    );
    const key = `git:${readerKey}@`;
    const missing = urlOf(upstream, key).replace("a/lib", "a/missing");
    expect(await refused("ls-remote", missing)).toMatch(/not found/);
    const stranger = await server.makeUser(`stranger${Math.random()}`.replace("0.", ""));
    const hidden = await refused("ls-remote", urlOf(upstream, `git:${stranger}@`));
    expect(hidden).toMatch(/not found/);
    await ann.must(ann.home, "clone", "--quiet", urlOf(upstream, key), "clone");
    const push = await ann.git(join(ann.home, "clone"), "push", "origin", "HEAD:refs/heads/mine");
    expect(push.code).not.toBe(0);
    expect(push.output).toContain("403");
  });

  it("asks a credential helper, and takes a key that is remembered", async () => {
    const { upstream, source } = await library();
    await mirror(source, await source.commit({ a: "1" }));
    const helper = `!f() { echo username=git; echo password=${readerKey}; }; f`;
    const ann = new GitUser(`[credential]\n\thelper = "${helper.replaceAll('"', '\\"')}"\n`);
    expect(await ann.must(ann.home, "ls-remote", urlOf(upstream, ""), "HEAD")).toMatch(/HEAD$/);
  });

  it("finishes a slow clone that began before two updates", async () => {
    const { upstream, source } = await library();
    const large = randomBytes(600_000);
    const first = await source.commit({ large });
    await mirror(source, first);
    const slow = await startSlowProxy(server.port);
    const ann = new GitUser();
    const folder = join(temporaryFolder(), "clone");
    const url = urlOf(upstream, `git:${readerKey}@`, slow.origin);
    const cloning = ann.git(ann.home, "clone", url, folder);
    await until(
      () => slow.begun.some((path) => path.endsWith(".pack")),
      "the pack to be asked for",
    );
    await upstream.user.must(source.work, "commit", "--quiet", "--amend", "--message", "other");
    await source.push("--force", "HEAD");
    await mirror(source, await source.commit({ a: "2" }));
    await mirror(source, await source.commit({ a: "3" }));
    expect(slow.ended.some((path) => path.endsWith(".pack"))).toBe(false);
    slow.go();
    expect(await cloning).toMatchObject({ code: 0 });
    expect(await ann.must(folder, "rev-parse", "HEAD")).toBe(first);
    await ann.must(folder, "fetch", "--quiet");
    await ann.must(folder, "fsck", "--strict");
  });

  it.each([30, 120, 250])(
    "clones the old or the new after a crash %i ms into an update",
    async (ms) => {
      const first = await startServer();
      const { upstream, source } = await library();
      const before = await source.commit({ a: "1" });
      await mirror(source, before, first);
      const after = await source.commit({ a: "2", large: randomBytes(500_000) });
      const cut = await startSlowProxy(first.port);
      const updating = mirror(source, after, { origin: cut.origin, adminKey: first.adminKey });
      const failing = updating.then(
        () => "done",
        () => "failed",
      );
      await until(() => cut.asked.some((it) => it.startsWith("PUT")), "the upload to begin");
      await sleep(ms);
      await first.run.killGroup("SIGKILL");
      cut.cut();
      const second = await startServer({ port: first.port, dataPath: first.dataPath });
      const ann = new GitUser();
      const url = urlOf(upstream, `git:${second.adminKey}@`, second.origin);
      await ann.must(ann.home, "clone", "--quiet", url, "clone");
      const folder = join(ann.home, "clone");
      expect([before, after]).toContain(await ann.must(folder, "rev-parse", "HEAD"));
      await ann.must(folder, "fsck", "--strict");
      await failing;
      await mirror(source, after, second);
      await ann.must(folder, "pull", "--quiet");
      expect(await ann.must(folder, "rev-parse", "HEAD")).toBe(after);
    },
  );

  it("goes on where it was cut off", async () => {
    const { upstream, source } = await library();
    const commit = await source.commit({ large: randomBytes(600_000) });
    await mirror(source, commit);
    const slow = await startSlowProxy(server.port);
    const ann = new GitUser();
    const folder = temporaryFolder();
    await ann.must(folder, "init", "--quiet");
    const url = urlOf(upstream, `git:${readerKey}@`, slow.origin);
    const fetching = ann.git(folder, "fetch", url, "main");
    await until(
      () => slow.begun.some((path) => path.endsWith(".pack")),
      "the pack to be asked for",
    );
    slow.cut();
    expect((await fetching).code).not.toBe(0);
    await ann.must(folder, "fetch", url, "main");
    expect(slow.ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await ann.must(folder, "rev-parse", "FETCH_HEAD")).toBe(commit);
    await ann.must(folder, "fsck", "--strict");
  });

  it("clones a repository that takes several packs", async () => {
    const { upstream, source } = await library();
    await source.commit({ one: randomBytes(9_000_000) });
    const commit = await source.commit({ two: randomBytes(9_000_000), three: "3" });
    await mirror(source, commit);
    const { packs } = await server.mustAsk("GET", `/api/git/${upstream.host}/a/lib.git`);
    expect(packs).toHaveLength(2);
    const ann = new GitUser();
    await ann.must(ann.home, "clone", "--quiet", urlOf(upstream, `git:${readerKey}@`), "clone");
    await ann.must(join(ann.home, "clone"), "fsck", "--strict");
  });

  it("needs no key where anybody may read the repository that lends its permissions", async () => {
    const open = await startServer({
      config: `compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars]
ROOT_REPOSITORY = "closed"
[vars.GIT]
repository = "open"
[vars.REPOSITORIES.closed]
kind = "hosted"
[vars.REPOSITORIES.open]
kind = "hosted"
public = true
`,
    });
    const { upstream, source } = await library();
    await mirror(source, await source.commit({ a: "1" }), open);
    const ann = new GitUser();
    await ann.must(ann.home, "clone", "--quiet", urlOf(upstream, "", open.origin), "clone");
  });

  it("clones a repository of SHA-256", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("a/lib", ["--object-format=sha256"]);
    const commit = await source.commit({ a: "1" });
    expect(commit).toHaveLength(64);
    await mirror(source, commit);
    const ann = new GitUser();
    await ann.must(ann.home, "clone", "--quiet", urlOf(upstream, `git:${readerKey}@`), "clone");
    expect(await ann.must(join(ann.home, "clone"), "rev-parse", "HEAD")).toBe(commit);
  });
});

describe("builds, with url.….insteadOf in git's configuration", () => {
  it("mix gets a dependency with the mix.exs that it has", async () => {
    const { upstream, source } = await library();
    const app = `defmodule Lib.MixProject do
  use Mix.Project
  def project, do: [app: :lib, version: "1.0.0"]
end
`;
    const pinned = await source.commit({ "mix.exs": app, "lib/lib.ex": "defmodule Lib do\nend\n" });
    await mirror(source, pinned);
    await source.commit({ "lib/lib.ex": "defmodule Lib do\n  def newer, do: 1\nend\n" });
    const ann = new GitUser(insteadOf(upstream));
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "mix.exs"),
      `defmodule App.MixProject do
  use Mix.Project
  def project, do: [app: :app, version: "1.0.0", deps: [{:lib, git: "${source.url}"}]]
end
`,
    );
    const asked = upstream.asked.length;
    const mix = (task: string) =>
      run("mix", task.split(" "), folder, { ...ann.environment, MIX_ENV: "prod" });
    expect(await mix("deps.get")).toMatchObject({ code: 0 });
    const lock = readFileSync(join(folder, "mix.lock"), "utf8");
    expect(lock).toContain(`"lib": {:git, "${source.url}", "${pinned}", []}`);
    expect(await mix("deps.compile")).toMatchObject({ code: 0 });
    // And again from the lock file alone, as in CI.
    expect(await mix("deps.clean --all")).toMatchObject({ code: 0 });
    expect(await mix("deps.get")).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, "deps/lib/lib/lib.ex"))).toBe(true);
    // Nobody asked upstream.
    expect(upstream.asked).toHaveLength(asked);
  });

  it("rebar3 gets a dependency with the rebar.config that it has", async () => {
    const { upstream, source } = await library();
    const pinned = await source.commit({
      "src/lib.app.src":
        '{application, lib, [{vsn, "1.0.0"}, {applications, [kernel, stdlib]}]}.\n',
      "rebar.config": "{deps, []}.\n",
    });
    await source.push("HEAD:refs/tags/v1");
    await mirror(source, pinned);
    const ann = new GitUser(insteadOf(upstream));
    const folder = temporaryFolder();
    mkdirSync(join(folder, "src"));
    writeFileSync(
      join(folder, "src/app.app.src"),
      '{application, app, [{vsn, "1.0.0"}, {applications, [kernel, stdlib, lib]}]}.\n',
    );
    writeFileSync(
      join(folder, "rebar.config"),
      `{deps, [{lib, {git, "${source.url}", {tag, "v1"}}}]}.\n`,
    );
    const asked = upstream.asked.length;
    const told = await run("rebar3", ["compile"], folder, ann.environment);
    expect(told).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, "rebar.lock"), "utf8")).toContain(pinned);
    expect(upstream.asked).toHaveLength(asked);
  });
});

async function library(): Promise<{ upstream: Upstream; source: Source }> {
  const upstream = await startUpstream();
  return { upstream, source: await upstream.make("a/lib") };
}

async function mirror(
  source: Source,
  commit: string,
  into: Pick<Server, "origin" | "adminKey"> = server,
): Promise<void> {
  const lock = join(temporaryFolder(), "mix.lock");
  writeFileSync(lock, `%{\n  "lib": {:git, "${source.url}", "${commit}", []},\n}\n`);
  const told = await hexedge(into, ["git", "mirror", lock]);
  if (told.code !== 0) throw new Error(`${told.stdout}${told.stderr}`);
}

/** @param who what stands before the host: `git:KEY@`. */
function urlOf({ host }: Upstream, who: string, origin = server.origin): string {
  return `${origin.replace("://", `://${who}`)}/git/${host}/a/lib.git`;
}

function insteadOf({ origin, host }: Upstream): string {
  const ours = `${server.origin.replace("://", `://${readerKey}@`)}/git/${host}/`;
  return `[url "${ours}"]\n\tinsteadOf = ${origin}/\n`;
}

function packsIn(passed: { path: string; status: number }[]): string[] {
  return passed
    .filter(({ path, status }) => path.endsWith(".pack") && status < 300)
    .map(({ path }) => path);
}

/** Passes half of each pack on, and the rest when it is told to; a second try gets the rest at once. */
async function startSlowProxy(port: number) {
  const begun: string[] = [];
  const ended: string[] = [];
  const ranges: string[] = [];
  const asked: string[] = [];
  let isGoing = false;
  const proxy = createServer((request, response) => {
    const { url: path = "/", method = "GET", headers } = request;
    asked.push(`${method} ${path}`);
    const passed = send({ port, host: "127.0.0.1", path, method, headers }, async (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      begun.push(path);
      for await (const chunk of answer) {
        response.write(chunk);
        if (path.endsWith(".pack") && headers.range) ranges.push(headers.range);
        while (method === "GET" && path.endsWith(".pack") && answer.statusCode === 200 && !isGoing)
          await sleep(20);
      }
      ended.push(path);
      response.end();
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const go = () => {
    isGoing = true;
  };
  const cut = () => {
    isGoing = true;
    proxy.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${address.port}`, asked, begun, ended, ranges, go, cut };
}
