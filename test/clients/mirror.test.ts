/**
 * A mirror as its users have it: rebar3, the hex_core inside it and `npm run hexedge -- mirror` against one
 * `npm start` that mirrors another. When upstream goes away its port stays open and never answers, which
 * is worse than one that refuses. The tests of one describe go on where the one before them stopped.
 */
import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { hexedge } from "../support/hexedge.ts";
import { askHexCore, getDeps } from "../support/rebar3.ts";
import { type Server, startServer, temporaryFolder } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const hostedConfig = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.upstream_repo]
kind = "hosted"
public = true
`;

/** Three mirrors of one upstream, which look after what they keep every second. */
function mirrorConfig(upstream: Server): string {
  const mirror = (name: string, options: string) => `
[vars.REPOSITORIES.${name}]
kind = "mirror"
${options}
ttl = 1
upstream_url = "${upstream.files("upstream_repo")}"
upstream_name = "upstream_repo"
upstream_public_key = """
${upstream.publicKeyPem}"""
`;
  return `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
${mirror("their_mirror", "public = true")}
${mirror("part_mirror", 'public = true\nonly = ["bottom"]')}
${mirror("private_mirror", "public = false")}
`;
}

const title = erlangAvailable
  ? "a mirror, for rebar3 and hex_core"
  : "a mirror, for rebar3 and hex_core (skipped: Erlang and rebar3 are not installed)";

describe.skipIf(!erlangAvailable)(title, () => {
  let upstream: Server;
  let mirror: Server;

  beforeAll(async () => {
    upstream = await startServer({ config: hostedConfig });
    const published = askHexCore(upstream, {
      bottom: upstreams(`publish(U, tarball(<<"bottom">>, <<"1.0.0">>))`),
      middle: upstreams(
        `publish(U, tarball(<<"middle">>, <<"1.0.0">>, [{<<"bottom">>, <<"~> 1.0">>}]))`,
      ),
      top: upstreams(`publish(U, tarball(<<"top">>, <<"2.1.0">>, [{<<"middle">>, <<"1.0.0">>}]))`),
      other: upstreams(`publish(U, tarball(<<"other">>, <<"1.0.0">>))`),
    });
    expect(Object.values(published)).toEqual(Array(4).fill(expect.stringMatching(/^\{201,/)));
    mirror = await startServer({ config: mirrorConfig(upstream) });
  });

  /** What a user of upstream changes to have the mirror instead: the URL. */
  const user = (name = "their_mirror") => ({
    url: mirror.files(name),
    publicKeyPem: upstream.publicKeyPem,
    repository: "upstream_repo",
  });

  const fetchedAll =
    "Verifying dependencies...\nFetching top v2.1.0\nFetching middle v1.0.0\nFetching bottom v1.0.0\n";

  it("resolves and fetches through it, with upstream's name and public key", async () => {
    const it = await getDeps({ ...user(), dependencies: "[top]" });
    expect(it.output).toBe(fetchedAll);
    expect(it.code).toBe(0);
    expect(it.fetched("bottom/src/bottom.app.src")).toContain("{application,bottom,");
    expect(it.lock).toContain('{<<"top">>,{pkg,<<"top">>,<<"2.1.0">>},0}');
  });

  it("is for hex_core what upstream is: the same bytes, signed by upstream", () => {
    const answers = askHexCore(mirror, {
      package: reader("their_mirror", `r3_hex_repo:get_package(M, <<"middle">>)`),
      versions: reader("their_mirror", `r3_hex_repo:get_versions(M)`),
      names: reader(
        "their_mirror",
        `{ok, {200, _, Ns}} = r3_hex_repo:get_names(M), [N || #{name := N} <- Ns]`,
      ),
      tarball: reader(
        "their_mirror",
        `{ok, {200, _, [#{outer_checksum := Outer}]}} = r3_hex_repo:get_package(M, <<"top">>),
         {ok, {200, _, T}} = r3_hex_repo:get_tarball(M, <<"top">>, <<"2.1.0">>),
         crypto:hash(sha256, T) =:= Outer`,
      ),
      otherName: reader(
        "their_mirror",
        `r3_hex_repo:get_package(M#{repo_name => <<"their_mirror">>}, <<"middle">>)`,
      ),
      ownKey: reader(
        "their_mirror",
        `r3_hex_repo:get_package(M#{repo_public_key => maps:get(repo_public_key, C)}, <<"middle">>)`,
      ),
      missing: reader("their_mirror", `r3_hex_repo:get_package(M, <<"nothing">>)`),
    });
    expect(answers.package).toMatch(/^\{200,\[#\{dependencies => \[#\{package => <<"bottom">>/);
    expect(answers.versions).toBe(
      `{200,[${["bottom:1.0.0", "middle:1.0.0", "other:1.0.0", "top:2.1.0"]
        .map((release) => release.split(":"))
        .map(([name, version]) => {
          return `#{name => <<"${name}">>,retired => [],versions => [<<"${version}">>]}`;
        })
        .join(",")}]}`,
    );
    expect(answers.names).toBe('[<<"bottom">>,<<"middle">>,<<"other">>,<<"top">>]');
    expect(answers.tarball).toBe("true");
    expect(answers.otherName).toMatch(/unverified/);
    expect(answers.ownKey).toMatch(/unverified/);
    expect(answers.missing).toMatch(/^\{404,/);
  });

  it("has only what `only` names", async () => {
    const bottom = await getDeps({ ...user("part_mirror"), dependencies: "[bottom]" });
    expect(bottom.output).toBe("Verifying dependencies...\nFetching bottom v1.0.0\n");
    const top = await getDeps({ ...user("part_mirror"), dependencies: "[top]" });
    expect(top.code).toBe(1);
    expect(top.output).toContain("Package not found in any repo: top");
  });

  it("keeps a private one from who has no key for it", async () => {
    await mirror.makeUser("ann", "read", "private_mirror");
    const good = await mirror.makeKey("ann", "ci", "repository:private_mirror");
    const elsewhere = await mirror.makeKey("ann", "other", "repository:their_mirror");
    const dependencies = "[top]";
    for (const key of [{}, { repoKey: elsewhere }, { repoKey: "hex_wrong" }]) {
      const refused = await getDeps({ ...user("private_mirror"), ...key, dependencies });
      expect(refused.code).toBe(1);
      expect(refused.fetched("top/salt")).toBeUndefined();
    }
    const let_in = await getDeps({ ...user("private_mirror"), repoKey: good, dependencies });
    expect(let_in.output).toBe(fetchedAll);
  });

  it("looks for a new release when what it keeps is older than its ttl", async () => {
    const { second } = askHexCore(upstream, {
      second: upstreams(`publish(U, tarball(<<"bottom">>, <<"1.1.0">>))`),
    });
    expect(second).toMatch(/^\{201,/);
    await new Promise((done) => setTimeout(done, 1100));
    const it = await getDeps({ ...user(), dependencies: "[bottom]" });
    expect(it.output).toBe("Verifying dependencies...\nFetching bottom v1.1.0\n");
  });

  describe("when upstream is away", () => {
    beforeAll(async () => {
      await goAway(upstream);
    });

    it("still resolves and fetches, for one who has nothing yet", async () => {
      const it = await getDeps({ ...user(), dependencies: '[{top, "2.1.0"}]' });
      expect(it.output).toBe(fetchedAll.replace("bottom v1.0.0", "bottom v1.1.0"));
      expect(it.fetched("top/salt")).toBe("one");
    });

    it("says soon that it does not have what nobody ever fetched", async () => {
      const get = async (path: string) => {
        const start = performance.now();
        const response = await fetch(`${mirror.files("their_mirror")}${path}`);
        const text = await response.text();
        return { status: response.status, text, ms: performance.now() - start };
      };
      await get("/packages/other"); // may have to find out
      for (const path of ["/packages/other", "/tarballs/other-1.0.0.tar", "/packages/nothing"]) {
        const { status, text, ms } = await get(path);
        expect([status, text]).toEqual([
          504,
          expect.stringMatching(/^Not kept here, and upstream/),
        ]);
        expect(ms).toBeLessThan(3000);
      }
      const start = performance.now();
      const it = await getDeps({ ...user(), dependencies: "[other]" });
      expect(it.code).toBe(1);
      expect(it.output).toContain("Package not found in any repo: other");
      // rebar3 itself needs one of them.
      expect(performance.now() - start).toBeLessThan(5000);
    });

    it("still serves when it was started anew", async () => {
      const { port, dataPath } = mirror;
      expect(await mirror.run.kill("SIGTERM")).toEqual({ code: 0, signal: null });
      mirror = await startServer({ port, dataPath, config: mirrorConfig(upstream) });
      const it = await getDeps({ ...user(), dependencies: "[top]" });
      expect(it.output).toBe(fetchedAll.replace("bottom v1.0.0", "bottom v1.1.0"));
      const { package: resolved } = askHexCore(mirror, {
        package: reader("their_mirror", `r3_hex_repo:get_package(M, <<"middle">>)`),
      });
      expect(resolved).toMatch(/^\{200,/);
    });

    it("goes on when upstream is back", async () => {
      await endSilence(upstream);
      upstream = await startServer({
        ...{ port: upstream.port, dataPath: upstream.dataPath, config: hostedConfig },
      });
      // After failures in a row it waits a while before it asks again.
      await expect
        .poll(async () => (await fetch(`${mirror.files("their_mirror")}/packages/other`)).status, {
          timeout: 70_000,
          interval: 500,
        })
        .toBe(200);
      const it = await getDeps({ ...user(), dependencies: "[other]" });
      expect(it.output).toBe("Verifying dependencies...\nFetching other v1.0.0\n");
    });
  });

  /** A question to hex_core, as upstream's publisher U. */
  function upstreams(question: string): string {
    return `U = C#{api_url => <<"${upstream.api("upstream_repo")}">>}, ${question}`;
  }

  /** A question to hex_core, as M who reads from the mirror of that name. */
  function reader(name: string, question: string): string {
    const pem = upstream.publicKeyPem.trim().replaceAll("\n", "\\n");
    return `M = C#{repo_url => <<"${mirror.files(name)}">>, repo_name => <<"upstream_repo">>,
      repo_key => undefined, repo_public_key => <<"${pem}">>}, ${question}`;
  }
});

describe("hexedge mirror", () => {
  let upstream: Server;
  let mirror: Server;
  /** The lines of a mix.lock, each with its comma. */
  const locked: string[] = [];
  let firstMs = 0;

  beforeAll(async () => {
    upstream = await startServer({ config: hostedConfig });
    for (let at = 0; at < 103; at++) locked.push(await publish(`p${at}`));
    mirror = await startServer({ config: mirrorConfig(upstream) });
  });

  it("brings all that is pinned", async () => {
    const told = await hold(locked.slice(0, 100));
    firstMs = told.ms;
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toBe(`their_mirror: ${counts({ new: 100 })}\n`);
    for (const path of ["/packages/p99", "/tarballs/p99-1.0.0.tar"]) {
      const theirs = await bytesOf(`${upstream.files("upstream_repo")}${path}`);
      expect(await bytesOf(`${mirror.files("their_mirror")}${path}`)).toEqual(theirs);
    }
  });

  it("takes no time for what is done already, beside what it took", async () => {
    const told = await hold(locked.slice(0, 100));
    expect(told.stdout).toBe(`their_mirror: ${counts({ "already there": 100 })}\n`);
    console.info(`100 releases that are there: ${Math.round(told.ms)} ms with the start of Node`);
    expect(told.ms).toBeLessThan(firstMs);
  });

  it("fetches no more than what is not there yet", async () => {
    const told = await hold(locked.slice(0, 101));
    expect(told.stdout).toBe(`their_mirror: ${counts({ new: 1, "already there": 100 })}\n`);
  });

  it("names what upstream does not have, and what it has otherwise", async () => {
    const told = await hold([
      ...locked.slice(0, 10),
      lockLine("nothing", "1.0.0", "a".repeat(64)),
      lockLine("p11", "9.9.9", "a".repeat(64)),
      lockLine("p12", "1.0.0", "a".repeat(64)),
      '  "forked": {:git, "https://example.com/forked.git", "0123", []},\n',
      lockLine("phoenix", "1.7.0", "a".repeat(64), "hexpm"),
    ]);
    expect(told.code).toBe(1);
    expect(told.stdout).toBe(
      "RELEASE        OUTCOME  WHY\n" +
        "nothing 1.0.0  missing  upstream does not have it\n" +
        "p11 9.9.9      missing  upstream does not have it\n" +
        "p12 1.0.0      wrong    the lock file pins other bytes than upstream has\n\n" +
        "SKIPPED        WHY\n" +
        "phoenix 1.7.0  it belongs to hexpm\n" +
        "forked         it comes from git\n\n" +
        `their_mirror: ${counts({ "already there": 10, missing: 2, wrong: 1, skipped: 2 })}\n`,
    );
  });

  it("may be done by a member who may write, and by nobody else", async () => {
    const writer = await mirror.makeUser("wanda", "write", "private_mirror");
    const reader = await mirror.makeUser("rita", "read", "private_mirror");
    const files = written(locked.slice(0, 2));
    const as = (adminKey: string) =>
      hexedge({ origin: mirror.origin, adminKey }, [
        ...["mirror", files, "--repository", "private_mirror"],
      ]);
    expect(await as(reader)).toMatchObject({ code: 1, stdout: "" });
    expect((await as(writer)).stdout).toBe(`private_mirror: ${counts({ new: 2 })}\n`);
  });

  it("says which repository is no mirror, or not there", async () => {
    const files = written(locked.slice(0, 2));
    const hosted = await hexedge(upstream, ["mirror", files, "--repository", "upstream_repo"]);
    expect(hosted).toMatchObject({ code: 1, stdout: "" });
    expect(hosted.stderr).toMatch(/^hexedge: upstream_repo is no mirror[^\n]*\n$/);
    const nowhere = await hexedge(mirror, ["mirror", files, "--repository", "nowhere"]);
    expect(nowhere).toMatchObject({ code: 1, stdout: "" });
    expect(nowhere.stderr).toMatch(/^hexedge: [^\n]+\n$/);
  });

  it("ends with 1 when upstream is away and something is not there, and with 0 when all is", async () => {
    await goAway(upstream);
    const told = await hold(locked.slice(0, 102));
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/^RELEASE +OUTCOME +WHY\np101 1\.0\.0 +unavailable +upstream/);
    expect(told.stdout).toContain(counts({ "already there": 101, unavailable: 1 }));
    const sentence = "their_mirror does not hold 1 of 102 pinned releases";
    expect(told.stderr).toBe(`hexedge: ${sentence}: run it again to try only these\n`);
    expect((await hold(locked.slice(0, 101))).code).toBe(0);
  });

  const hold = (lines: readonly string[]) =>
    hexedge(mirror, ["mirror", written(lines), "--repository", "their_mirror"]);

  /** @returns its line of a mix.lock. */
  async function publish(name: string): Promise<string> {
    const tarball = await packageTarball({ name });
    const response = await upstream.fetch("/api/repos/upstream_repo/publish", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: tarball.slice(),
    });
    if (response.status !== 201) throw new Error(`${name}: ${await response.text()}`);
    return lockLine(name, "1.0.0", toHex(await sha256(tarball)));
  }
});

function lockLine(name: string, version: string, outer: string, repository = "upstream_repo") {
  const inner = "0".repeat(64);
  const fields = `:${name}, "${version}", "${inner}", [:mix], [], "${repository}", "${outer}"`;
  return `  "${name}": {:hex, ${fields}},\n`;
}

function written(lines: readonly string[]): string {
  const path = join(temporaryFolder(), "mix.lock");
  writeFileSync(path, `%{\n${lines.join("")}}\n`);
  return path;
}

/** The last line of what the command says. */
function counts(some: Record<string, number>): string {
  return ["new", "already there", "missing", "wrong", "unavailable", "skipped"]
    .map((outcome) => `${some[outcome] ?? 0} ${outcome}`)
    .join(", ");
}

async function bytesOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

/** By port: ends the silence where a server was. */
const silences = new Map<number, () => Promise<void>>();

/** Ends a server; at its port whoever calls is let in, and hears nothing. */
async function goAway({ run, port }: Server): Promise<void> {
  await run.kill("SIGTERM");
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((done) => listener.listen(port, "127.0.0.1", done));
  silences.set(port, async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => listener.close(done));
  });
}

async function endSilence({ port }: Server): Promise<void> {
  await silences.get(port)?.();
  silences.delete(port);
}

afterAll(async () => {
  await Promise.all([...silences.values()].map((end) => end()));
});
