/**
 * `npm run hexedge -- git mirror`: which repositories lock files mean, and what is said when one of them
 * cannot be had. Against a real `npm start`; test/clients/git.test.ts clones what was mirrored.
 */
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { git } from "../../src/cli/git/git.ts";
import { addressOfUrl, gitAddress } from "../../src/git/address.ts";
import { readGitDependencies } from "../../src/hex/lockfile/git.ts";
import { startUpstream } from "../support/git.ts";
import { hexedge } from "../support/hexedge.ts";
import { type Server, startServer, temporaryFolder } from "../support/server.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";

describe("the address of a URL", () => {
  it.each([
    ["https://github.com/elixir-lang/gettext.git", "github.com/elixir-lang/gettext"],
    ["https://github.com/elixir-lang/gettext", "github.com/elixir-lang/gettext"],
    ["https://GitHub.com/Owner/Name/", "github.com/Owner/Name"],
    ["https://ann:secret@git.acme.test/a/b.git", "git.acme.test/a/b"],
    ["https://gitlab.com/a/b/c/d.git", "gitlab.com/a/b/c/d"],
    ["http://git.acme.test:8080/a/b", "git.acme.test:8080/a/b"],
    ["https://git.acme.test:443/a/b", "git.acme.test/a/b"],
    ["git@github.com:owner/name.git", "github.com/owner/name"],
    ["github.com:owner/name", "github.com/owner/name"],
    ["git@host.test:/srv/name.git", "host.test/srv/name"],
    ["ssh://git@git.acme.test:2222/a/b.git", "git.acme.test:2222/a/b"],
    ["ssh://git@git.acme.test:22/a/b", "git.acme.test/a/b"],
    ["git://git.acme.test/a.git", "git.acme.test/a"],
    ["https://git.sr.ht/~ann/name", "git.sr.ht/~ann/name"],
    ["https://github.com/owner/.github", "github.com/owner/.github"],
  ])("of %s is %s", (url, address) => {
    expect(addressOfUrl(url)).toBe(address);
    expect(gitAddress(address)).toBe(address);
  });

  it.each([
    ...["", "github.com", "https://github.com", "https://github.com/", "https://github.com/.git"],
    ...["https://github.com/../b", "https://github.com/a/./b", "https://github.com/a//b"],
    ...["https://github.com/a%2fb/c", "https://github.com/a/b?x", "https://github.com/a/b#c"],
    ...["../beside", "/srv/git/name.git", "file:///srv/git/name.git", "C:\\git\\name"],
    ...["ext::sh -c id", "-oProxyCommand=id:a/b", "git@-x:a/b", "https://github.com/a.git/b"],
    ...["https://github.com/a/b c", "https://github.com/a/b\n", "https://github.com/a/ü"],
    ...[`https://github.com/a/${"b".repeat(101)}`, `https://h.test/${"a/".repeat(13)}b`],
  ])("of %j is none", (url) => {
    expect(addressOfUrl(url)).toBeUndefined();
  });
});

describe("lock files", () => {
  it("are read for what comes from git, with the commit that is pinned", () => {
    const mix = `%{
      "a": {:git, "https://github.com/x/a.git", "${commit}", [branch: "main"]},
      "b": {:git, "git@github.com:x/b.git", "${commit}", [tag: "v1", submodules: true]},
      "c": {:hex, :c, "1.0.0", "${commit.padEnd(64, "0")}"},
    }`;
    expect(readGitDependencies(mix, "mix")).toEqual([
      { name: "a", url: "https://github.com/x/a.git", commit, hasSubmodules: false },
      { name: "b", url: "git@github.com:x/b.git", commit, hasSubmodules: true },
    ]);
    const rebar = `{"1.2.0",
[{<<"a">>,{git,"https://github.com/x/a.git",{ref,"${commit}"}},0},
 {<<"b">>,{git_subdir,"https://github.com/x/b.git",{ref,"${commit}"},"apps/b"},1},
 {<<"c">>,{pkg,<<"c">>,<<"1.0.0">>},0}]}.
[].`;
    expect(readGitDependencies(rebar, "rebar").map(({ url }) => url)).toEqual([
      "https://github.com/x/a.git",
      "https://github.com/x/b.git",
    ]);
    const gleam = `packages = [
  { name = "a", version = "1.0.0", build_tools = ["gleam"], requirements = [], source = "git", repo = "https://github.com/x/a", commit = "${commit}" },
]`;
    expect(readGitDependencies(gleam, "gleam")).toEqual([
      { name: "a", url: "https://github.com/x/a", commit, hasSubmodules: false },
    ]);
  });
});

describe("hexedge git mirror", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer();
  });

  it("mirrors each repository once, and does nothing when nothing changed", async () => {
    const upstream = await startUpstream();
    const one = await upstream.make("x/one");
    const two = await upstream.make("x/y/two");
    const [first, second] = [await one.commit({ a: "1" }), await two.commit({ a: "1" })];
    const lock = written("mix.lock", [
      `"one": {:git, "${one.url}", "${first}", []}`,
      `"again": {:git, "${one.url.replace(/\.git$/, "")}", "${first}", []}`,
      `"two": {:git, "${two.url}", "${second}", [submodules: true]}`,
    ]);
    const told = await mirror(server, [lock]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toContain("2 new, 0 updated, 0 already there, 0 failed");
    expect(told.stdout).toMatch(/x\/y\/two +new +its submodules are not mirrored/);

    const again = await mirror(server, [lock, "--json"]);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(again.stdout)).toEqual({
      summary: { new: 0, updated: 0, there: 2, failed: 0 },
      repositories: [
        { repository: `${upstream.host}/x/one`, outcome: "there", why: null },
        {
          repository: `${upstream.host}/x/y/two`,
          ...{ outcome: "there", why: "its submodules are not mirrored" },
        },
      ],
    });

    await one.commit({ a: "2" });
    const updated = await mirror(server, [lock]);
    expect(updated.stdout).toContain("0 new, 1 updated, 1 already there, 0 failed");
  });

  it("goes on after one that fails, says why without the password, and ends with 1", async () => {
    const upstream = await startUpstream();
    const good = await upstream.make("x/good");
    const pinned = await good.commit({ a: "1" });
    const nowhere = `${upstream.origin.replace("://", "://ann:secret@")}/x/nowhere.git`;
    const lock = written("mix.lock", [
      `"nowhere": {:git, "${nowhere}", "${commit}", []}`,
      `"local": {:git, "/srv/git/local", "${commit}", []}`,
      `"good": {:git, "${good.url}", "${pinned}", []}`,
    ]);
    const told = await mirror(server, [lock, "--json"]);
    expect(told.code).toBe(1);
    expect(told.stderr).toBe(
      "hexedge: 2 of 3 repositories could not be mirrored: run it again to try only these\n",
    );
    expect(told.stdout).not.toContain("secret");
    const { summary, repositories } = JSON.parse(told.stdout);
    expect(summary).toEqual({ new: 1, updated: 0, there: 0, failed: 2 });
    expect(repositories[0].why).toMatch(/not found/);
    expect(repositories[1].why).toBe(
      "only http, https, ssh and git URLs with plain names are mirrored",
    );
  });

  it("says that a pinned commit is lost", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("x/lost");
    await source.commit({ a: "1" });
    const lock = written("mix.lock", [`"lost": {:git, "${source.url}", "${commit}", []}`]);
    const told = await mirror(server, [lock]);
    expect(told.code).toBe(1);
    expect(told.stdout).toContain(`${commit} is pinned, and ${source.url} does not have it`);
  });

  it("keeps clones in --cache, and then fetches only what is new", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("x/kept");
    const lock = (pinned: string) =>
      written("mix.lock", [`"kept": {:git, "${source.url}", "${pinned}", []}`]);
    const cache = temporaryFolder();
    const first = await source.commit({ a: "1" });
    expect(await mirror(server, [lock(first), "--cache", cache])).toMatchObject({ code: 0 });
    const second = await source.commit({ a: "2" });
    const told = await mirror(server, [lock(second), "--cache", cache]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toContain("1 updated");
    const path = `/api/git/${upstream.host}/x/kept.git`;
    const { refs } = await server.mustAsk("GET", path);
    expect(refs.map(({ name }: { name: string }) => name)).toEqual([
      "refs/heads/main",
      ...[`refs/hexedge/${first}`, `refs/hexedge/${second}`].toSorted(),
    ]);
  });

  it("keeps a pinned commit that upstream has lost", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("x/rewritten");
    const pinned = await source.commit({ a: "1" });
    const lock = written("mix.lock", [`"it": {:git, "${source.url}", "${pinned}", []}`]);
    expect(await mirror(server, [lock])).toMatchObject({ code: 0 });
    await upstream.user.must(source.work, "commit", "--quiet", "--amend", "--message", "other");
    await source.push("--force", "HEAD");
    const bare = await upstream.user.must(source.work, "remote", "get-url", "origin");
    await upstream.user.must(bare, "gc", "--quiet", "--prune=now");
    const told = await mirror(server, [lock]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toContain("1 updated");
  });

  it("takes what is upstream also where insteadOf sends builds to the mirror", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("x/there");
    const pinned = await source.commit({ a: "1" });
    const lock = written("mix.lock", [`"it": {:git, "${source.url}", "${pinned}", []}`]);
    const config = join(temporaryFolder(), "gitconfig");
    writeFileSync(config, `[url "http://127.0.0.1:9/"]\n\tinsteadOf = ${upstream.origin}/\n`);
    process.env.GIT_CONFIG_GLOBAL = config;
    onTestFinished(() => {
      delete process.env.GIT_CONFIG_GLOBAL;
    });
    expect(await mirror(server, [lock])).toMatchObject({ code: 0, stderr: "" });
  });

  it("is for whoever may write, and says so in one sentence for each", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("x/private");
    const pinned = await source.commit({ a: "1" });
    const lock = written("mix.lock", [`"it": {:git, "${source.url}", "${pinned}", []}`]);
    const adminKey = await server.makeUser("reader", "read");
    const told = await mirror({ origin: server.origin, adminKey }, [lock]);
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("account not authorized for this action");
    const writer = await server.makeUser("writer", "write");
    const done = await mirror({ origin: server.origin, adminKey: writer }, [lock]);
    expect(done).toMatchObject({ code: 0, stderr: "" });
  });

  it("is in the audit log, with who did it and what it is now", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("x/logged");
    const pinned = await source.commit({ a: "1" });
    const lock = written("mix.lock", [`"it": {:git, "${source.url}", "${pinned}", []}`]);
    const adminKey = await server.makeUser("logger", "write");
    expect(await mirror({ origin: server.origin, adminKey }, [lock])).toMatchObject({ code: 0 });
    // Nothing changed, so nothing is said of it.
    expect(await mirror({ origin: server.origin, adminKey }, [lock])).toMatchObject({ code: 0 });
    const mine = await server.mustAsk("GET", "/api/audit-logs");
    const entries = mine.filter((it: { user: string }) => it.user === "logger");
    expect(entries).toMatchObject([
      {
        ...{ action: "git.update", credential: "key test", request_id: expect.any(String) },
        params: {
          ...{ repository: `${upstream.host}/x/logged`, head: "refs/heads/main", revision: 1 },
          organization: "test_repo",
        },
      },
    ]);
    const ofIt = await server.mustAsk("GET", "/api/orgs/test_repo/audit-logs");
    expect(ofIt).toContainEqual(entries[0]);
  });

  it("stops at once with a wrong key, and says where that came from", async () => {
    const upstream = await startUpstream();
    const lock = written("mix.lock", [
      `"one": {:git, "${upstream.origin}/x/one.git", "${commit}", []}`,
      `"two": {:git, "${upstream.origin}/x/two.git", "${commit}", []}`,
    ]);
    const told = await mirror({ origin: server.origin, adminKey: "hex_wrong" }, [lock]);
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr).toBe(
      "hexedge: invalid API key: the key from HEXEDGE_KEY is not good for this\n",
    );
    expect(upstream.asked).toEqual([]);
  });

  it("starts again when somebody else was faster", async () => {
    const upstream = await startUpstream();
    const source = await upstream.make("x/both");
    const pinned = await source.commit({ a: "1" });
    const lock = written("mix.lock", [`"it": {:git, "${source.url}", "${pinned}", []}`]);
    const told = await Promise.all([mirror(server, [lock]), mirror(server, [lock])]);
    for (const it of told) expect(it).toMatchObject({ code: 0, stderr: "" });
  });

  it("says of something else than a Hexedge that it is none", async () => {
    const other = createServer((_request, response) => response.end("<html>"));
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    onTestFinished(() => {
      other.close();
    });
    const address = other.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const origin = `http://127.0.0.1:${address.port}`;
    const lock = written("mix.lock", [`"it": {:git, "https://h.test/a", "${commit}", []}`]);
    const told = await mirror({ origin, adminKey: "the_key" }, [lock]);
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("is that the address of a Hexedge?");
  });
});

describe("what git says when it fails", () => {
  it("is why, also where that is on standard output, and no notice beside it", async () => {
    const folder = join(temporaryFolder(), "broken.git");
    await git(["init", "--quiet", "--bare", folder]);
    const blob = (await git(["hash-object", "-w", "--stdin"], { folder, input: "lost" })).trim();
    const entry = `100644 blob ${blob}\tfile\n`;
    const tree = (await git(["mktree"], { folder, input: entry })).trim();
    await git(["update-ref", "refs/tags/kept", tree], { folder });
    rmSync(join(folder, "objects", blob.slice(0, 2)), { recursive: true });
    const failed = await git(["fsck", "--connectivity-only"], { folder }).catch(String);
    expect(failed).toContain(`missing blob ${blob}`);
    expect(failed).not.toMatch(/notice|unborn/);
  });
});

function mirror(registry: { origin: string; adminKey: string }, args: readonly string[]) {
  return hexedge(registry, ["git", "mirror", ...args]);
}

function written(name: string, entries: readonly string[]): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, `%{\n${entries.map((entry) => `  ${entry},\n`).join("")}}\n`);
  return path;
}
