/**
 * A mirror that lets in what its rules say, and a group of our own packages and a mirror's, as rebar3 and
 * the hex_core inside it have them: one `npm start` in front of another. The tests go on where the one
 * before them stopped; in the end upstream is stopped.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { erlangAvailable } from "../support/erlang.ts";
import { askHexCore, getDeps } from "../support/rebar3.ts";
import { type Server, startServer } from "../support/server.ts";

const title = erlangAvailable
  ? "a curated mirror and a group, for rebar3 and hex_core"
  : "a curated mirror and a group, for rebar3 and hex_core (skipped: Erlang and rebar3 are not installed)";

const upstreamConfig = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.upstream_repo]
kind = "hosted"
public = true
`;

/** What is kept is looked after every second. */
function config(upstream: Server): string {
  const mirror = (name: string, options: string) => `
[vars.REPOSITORIES.${name}]
kind = "mirror"
${options}
public = true
ttl = 1
upstream_url = "${upstream.files("upstream_repo")}"
upstream_name = "upstream_repo"
upstream_public_key = """
${upstream.publicKeyPem}"""
`;
  return `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
${mirror("their_mirror", "")}
${mirror("curated", 'mode = "curated"')}
[vars.REPOSITORIES.curated.rules]
deny_retired = ["security"]
deny = [{ package = "stem", requirement = "1.1.0", reason = "breaks our build" }]
[vars.REPOSITORIES.mine]
kind = "hosted"
[vars.REPOSITORIES.everything]
kind = "group"
name = "everything"
members = ["mine", "their_mirror"]
`;
}

describe.skipIf(!erlangAvailable)(title, () => {
  let upstream: Server;
  let server: Server;
  /** Ann's, good for what is in `mine`. */
  let annsKey: string;

  beforeAll(async () => {
    upstream = await startServer({ config: upstreamConfig });
    const theirs = `U = C#{api_url => <<"${upstream.api("upstream_repo")}">>}`;
    const published = askHexCore(upstream, {
      leaf: `${theirs}, publish(U, tarball(<<"leaf">>, <<"1.0.0">>))`,
      leaky: `${theirs}, publish(U, tarball(<<"leaf">>, <<"1.1.0">>))`,
      stem: `${theirs}, publish(U, tarball(<<"stem">>, <<"1.0.0">>, [{<<"leaf">>, <<"~> 1.0">>}]))`,
      broken: `${theirs}, publish(U, tarball(<<"stem">>, <<"1.1.0">>, [{<<"leaf">>, <<"1.0.0">>}]))`,
      lone: `${theirs}, publish(U, tarball(<<"lone">>, <<"1.0.0">>))`,
    });
    expect(Object.values(published)).toEqual(Array(5).fill(expect.stringMatching(/^\{201,/)));
    const { retired } = askHexCore(upstream, {
      retired: `${theirs}, r3_hex_api_release:retire(U, <<"leaf">>, <<"1.1.0">>,
        #{<<"reason">> => <<"security">>, <<"message">> => <<"Leaky">>})`,
    });
    expect(retired).toBe("{204,nil}");

    server = await startServer({ config: config(upstream) });
    const { ours } = askHexCore(server, {
      ours: `publish(C#{api_url => <<"${server.api("mine")}">>},
        tarball(<<"ours">>, <<"1.0.0">>, [{<<"stem">>, <<"~> 1.0">>}]))`,
    });
    expect(ours).toMatch(/^\{201,/);
    await server.makeUser("ann", "read", "mine");
    annsKey = await server.makeKey("ann", "ci", "repository:mine");
  });

  describe("a curated mirror", () => {
    const user = async (dependencies: string) => ({
      url: server.files("curated"),
      publicKeyPem: await publicKeyOf("curated"),
      repository: "upstream_repo",
      dependencies,
    });

    it("resolves to what is let in", async () => {
      const it = await getDeps(await user("[stem]"));
      expect(it.output).toBe(
        "Verifying dependencies...\nFetching stem v1.0.0\nFetching leaf v1.0.0\n",
      );
      expect(it.code).toBe(0);
      expect(it.fetched("leaf/src/leaf.app.src")).toContain("{application,leaf,");
      expect(it.lock).toContain('{<<"stem">>,{pkg,<<"stem">>,<<"1.0.0">>},0}');
    });

    it.each(["stem", "leaf"])(
      "does not resolve the %s that is held, nor has its tarball",
      async (name) => {
        const dependencies = `[{${name}, "1.1.0"}]`;
        const it = await getDeps(await user(dependencies));
        expect(it.code).toBe(1);
        expect(it.output).toContain(`Package not found in any repo: ${name}`);
        expect(await statusOf(`/repos/curated/tarballs/${name}-1.1.0.tar`)).toBe(404);
        expect(await statusOf(`/repos/curated/tarballs/${name}-1.0.0.tar`)).toBe(200);
        // The rules alone make the difference.
        const verbatim = await getDeps({
          url: server.files("their_mirror"),
          publicKeyPem: upstream.publicKeyPem,
          repository: "upstream_repo",
          dependencies,
        });
        expect(verbatim.output).toContain(`Fetching ${name} v1.1.0\n`);
        expect(verbatim.code).toBe(0);
      },
    );

    it("is signed by us in upstream's name, for hex_core", async () => {
      const reader = { repository: "curated", name: "upstream_repo" };
      const key = await publicKeyOf("curated");
      expect(key).not.toBe(upstream.publicKeyPem);
      const answers = askHexCore(server, {
        stem: asked({ ...reader, key }, releasesOf("stem")),
        leaf: asked({ ...reader, key }, releasesOf("leaf")),
        names: asked({ ...reader, key }, names),
        versions: asked({ ...reader, key }, versions),
        theirKey: asked({ ...reader, key: upstream.publicKeyPem }, getPackage("stem")),
        ourName: asked({ ...reader, name: "curated", key }, getPackage("stem")),
      });
      expect(answers).toEqual({
        stem: '[{<<"1.0.0">>,[<<"leaf">>]}]',
        leaf: '[{<<"1.0.0">>,[]}]',
        names: '[<<"leaf">>,<<"stem">>]',
        versions: '[{<<"leaf">>,[<<"1.0.0">>]},{<<"stem">>,[<<"1.0.0">>]}]',
        theirKey: expect.stringMatching(/unverified/),
        ourName: expect.stringMatching(/unverified/),
      });
    });
  });

  describe("a group", () => {
    const user = async () => ({
      url: server.files("everything"),
      publicKeyPem: await publicKeyOf("everything"),
      repository: "everything",
      dependencies: "[ours, lone]",
    });

    /** A project that names no repository; nobody asks for a retired leaf. */
    async function expectBothKinds(): Promise<void> {
      const it = await getDeps({ ...(await user()), repoKey: annsKey });
      expect(it.output.split("\n").sort()).toEqual([
        ...["", "Fetching leaf v1.0.0", "Fetching lone v1.0.0", "Fetching ours v1.0.0"],
        ...["Fetching stem v1.1.0", "Verifying dependencies..."],
      ]);
      expect(it.code).toBe(0);
      for (const name of ["ours", "lone", "stem", "leaf"]) {
        expect(it.fetched(`${name}/salt`)).toBe("one");
      }
      expect(it.lock).toContain('{<<"ours">>,{pkg,<<"ours">>,<<"1.0.0">>},0}');
      expect(it.lock).toContain('{<<"stem">>,{pkg,<<"stem">>,<<"1.1.0">>},1}');
    }

    it("resolves our own and theirs in one project that names no repository", async () => {
      await expectBothKinds();
    });

    it("refuses who may not read each member", async () => {
      const theirs = await server.makeKey("ann", "theirs", "repository:their_mirror");
      for (const key of [{}, { repoKey: theirs }, { repoKey: "hex_wrong" }]) {
        const it = await getDeps({ ...(await user()), ...key });
        expect(it.code).toBe(1);
        expect(it.output).toMatch(/Package not found in any repo: (ours|lone)/);
        for (const name of ["ours", "lone"]) expect(it.fetched(`${name}/salt`)).toBeUndefined();
      }
      for (const path of ["packages/lone", "packages/ours", "tarballs/ours-1.0.0.tar", "names"]) {
        expect(await statusOf(`/repos/everything/${path}`)).toBe(403);
      }
    });

    it("is signed by us in its own name, for hex_core", async () => {
      const key = await publicKeyOf("everything");
      const reader = { repository: "everything", name: "everything", key };
      const answers = askHexCore(server, {
        ours: asked(reader, releasesOf("ours")),
        stem: asked(reader, releasesOf("stem")),
        names: asked(reader, names),
        versions: asked(reader, versions),
        theirKey: asked({ ...reader, key: upstream.publicKeyPem }, getPackage("stem")),
        theirName: asked({ ...reader, name: "upstream_repo" }, getPackage("stem")),
        ourName: asked({ ...reader, name: "mine" }, getPackage("ours")),
      });
      expect(answers).toEqual({
        ours: '[{<<"1.0.0">>,[<<"stem">>]}]',
        stem: '[{<<"1.0.0">>,[<<"leaf">>]},{<<"1.1.0">>,[<<"leaf">>]}]',
        names: '[<<"leaf">>,<<"lone">>,<<"ours">>,<<"stem">>]',
        versions: `[${[
          '{<<"leaf">>,[<<"1.0.0">>,<<"1.1.0">>]}',
          '{<<"lone">>,[<<"1.0.0">>]}',
          '{<<"ours">>,[<<"1.0.0">>]}',
          '{<<"stem">>,[<<"1.0.0">>,<<"1.1.0">>]}',
        ].join(",")}]`,
        theirKey: expect.stringMatching(/unverified/),
        theirName: expect.stringMatching(/unverified/),
        ourName: expect.stringMatching(/unverified/),
      });
    });

    it("resolves the same when upstream is stopped, for one who has nothing yet", async () => {
      expect(await upstream.run.kill("SIGTERM")).toEqual({ code: 0, signal: null });
      await sleep(1100); // longer than the ttl
      await expectBothKinds();
    });
  });

  async function publicKeyOf(repository: string): Promise<string> {
    const headers = { authorization: annsKey };
    const response = await fetch(`${server.files(repository)}/public_key`, { headers });
    expect(response.status).toBe(200);
    return response.text();
  }

  /** Without a key. */
  async function statusOf(path: string): Promise<number> {
    const response = await fetch(`${server.origin}${path}`);
    await response.body?.cancel();
    return response.status;
  }

  /** A question to hex_core, as M who reads a repository that is called `name` in what is signed. */
  function asked(
    { repository, name, key }: { repository: string; name: string; key: string },
    question: string,
  ): string {
    const pem = key.trim().replaceAll("\n", "\\n");
    return `M = C#{repo_url => <<"${server.files(repository)}">>, repo_name => <<"${name}">>,
      repo_key => <<"${annsKey}">>, repo_public_key => <<"${pem}">>}, ${question}`;
  }
});

const getPackage = (name: string) => `r3_hex_repo:get_package(M, <<"${name}">>)`;

/** Each version, with the names of what it needs. */
const releasesOf = (name: string) => `{ok, {200, _, Rs}} = ${getPackage(name)},
  [{V, [P || #{package := P} <- Ds]} || #{version := V, dependencies := Ds} <- Rs]`;

const names = "{ok, {200, _, Ns}} = r3_hex_repo:get_names(M), [N || #{name := N} <- Ns]";

const versions =
  "{ok, {200, _, Ps}} = r3_hex_repo:get_versions(M), [{N, Vs} || #{name := N, versions := Vs} <- Ps]";
