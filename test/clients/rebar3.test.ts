/** rebar3, and the hex_core inside it, against a running `npm start`. */
import { beforeAll, describe, expect, it } from "vitest";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { startProxy } from "../support/proxy.ts";
import { askHexCore, getDeps } from "../support/rebar3.ts";
import { type Server, startServer } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const config = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.test_repo]
kind = "hosted"
[vars.REPOSITORIES.open_repo]
kind = "hosted"
public = true
`;

const title = erlangAvailable
  ? "rebar3 and hex_core"
  : "rebar3 and hex_core (skipped: Erlang and rebar3 are not installed)";

describe.skipIf(!erlangAvailable)(title, () => {
  let server: Server;
  /** What a user of test_repo has configured. */
  let user: { url: string; publicKeyPem: string; repoKey: string };

  beforeAll(async () => {
    server = await startServer({ config });
    user = {
      url: server.files(),
      publicKeyPem: server.publicKeyPem,
      repoKey: server.adminKey,
    };
  });

  describe("with a chain of three packages, of which none names its repository", () => {
    let answers: Record<string, string>;

    beforeAll(() => {
      answers = askHexCore(server, {
        bottom: `publish(C, tarball(<<"bottom">>, <<"1.0.0">>))`,
        resolvable: `r3_hex_repo:get_package(C, <<"bottom">>)`,
        middle: `publish(C, tarball(<<"middle">>, <<"1.0.0">>, [{<<"bottom">>, <<"~> 1.0">>}]))`,
        top: `publish(C, tarball(<<"top">>, <<"2.1.0-rc.1">>, [{<<"middle">>, <<"1.0.0">>}]))`,
        namesSoon: `soon(fun() -> {ok, {200, _, Names}} = r3_hex_repo:get_names(C),
          [<<"bottom">>, <<"middle">>, <<"top">>] =:= [N || #{name := N} <- Names] end)`,
        versions: `{ok, {200, _, Vs}} = r3_hex_repo:get_versions(C), Vs`,
        dependencies: `{ok, {200, _, Top}} = r3_hex_repo:get_package(C, <<"top">>),
          [{V, D} || #{version := V, dependencies := D} <- Top]`,
        tarball: `{ok, {200, _, [#{inner_checksum := Inner, outer_checksum := Outer}]}} =
            r3_hex_repo:get_package(C, <<"bottom">>),
          {ok, {200, _, T}} = r3_hex_repo:get_tarball(C, <<"bottom">>, <<"1.0.0">>),
          {ok, #{inner_checksum := Inner, outer_checksum := Outer, metadata := M}} =
            r3_hex_tarball:unpack(T, memory),
          {crypto:hash(sha256, T) =:= Outer, maps:get(<<"name">>, M)}`,
        etag: `{ok, {200, #{<<"etag">> := Etag}, _}} =
            r3_hex_repo:get_tarball(C, <<"bottom">>, <<"1.0.0">>),
          r3_hex_repo:get_tarball(C#{http_etag => Etag}, <<"bottom">>, <<"1.0.0">>)`,
        etagOfNames: `{ok, {200, #{<<"etag">> := Etag}, _}} = r3_hex_repo:get_names(C),
          r3_hex_repo:get_names(C#{http_etag => Etag})`,
        package: `{ok, {200, _, P}} = r3_hex_api_package:get(C, <<"top">>),
          maps:with([<<"name">>, <<"repository">>, <<"latest_version">>, <<"meta">>], P)`,
        release: `{ok, {200, _, R}} = r3_hex_api_release:get(C, <<"top">>, <<"2.1.0-rc.1">>),
          maps:with([<<"version">>, <<"requirements">>, <<"retirement">>, <<"has_docs">>], R)`,
        me: `{ok, {200, _, Me}} = r3_hex_api_user:me(C), maps:with([<<"username">>, <<"organizations">>], Me)`,
        nobody: `r3_hex_api_user:me(C#{api_key => <<"hex_not_a_key_at_all">>})`,
        missing: `r3_hex_api_package:get(C, <<"nothing">>)`,
        missingRelease: `r3_hex_api_release:get(C, <<"top">>, <<"9.9.9">>)`,
        otherName: `r3_hex_repo:get_package(C#{repo_name => <<"hexpm">>}, <<"top">>)`,
      });
    });

    it("takes them in, each resolvable the moment its publish answered", () => {
      expect(answers.bottom).toMatch(/^\{201,#\{<<"checksum">>/);
      expect(answers.resolvable).toMatch(/^\{200,\[#\{dependencies => \[\],inner_checksum/);
      expect(answers.middle).toMatch(/^\{201,/);
      expect(answers.top).toMatch(/^\{201,/);
    });

    it("lists them in names and versions within two seconds", () => {
      expect(answers.namesSoon).toBe("true");
      expect(answers.versions).toBe(
        '[#{name => <<"bottom">>,retired => [],versions => [<<"1.0.0">>]},' +
          '#{name => <<"middle">>,retired => [],versions => [<<"1.0.0">>]},' +
          '#{name => <<"top">>,retired => [],versions => [<<"2.1.0-rc.1">>]}]',
      );
    });

    it("says of a dependency of its own repository nothing but package and requirement", () => {
      expect(answers.dependencies).toBe(
        '[{<<"2.1.0-rc.1">>,[#{package => <<"middle">>,requirement => <<"1.0.0">>}]}]',
      );
    });

    it("serves tarballs that hex_core unpacks, with the checksums that the registry says", () => {
      expect(answers.tarball).toBe('{true,<<"bottom">>}');
    });

    it("answers 304 to a client that has the newest bytes already", () => {
      expect(answers.etag).toBe("{304,<<>>}");
      expect(answers.etagOfNames).toBe("{304,<<>>}");
    });

    it("shows packages, releases and oneself as Erlang terms", () => {
      expect(answers.package).toBe(
        '#{<<"latest_version">> => <<"2.1.0-rc.1">>,<<"meta">> => ' +
          '#{<<"description">> => <<"What it is for">>,<<"licenses">> => [<<"MIT">>],' +
          '<<"links">> => #{<<"Code">> => <<"https://example.com">>},<<"maintainers">> => []},' +
          '<<"name">> => <<"top">>,<<"repository">> => <<"test_repo">>}',
      );
      expect(answers.release).toBe(
        '#{<<"has_docs">> => false,<<"requirements">> => #{<<"middle">> => ' +
          '#{<<"app">> => <<"middle">>,<<"optional">> => false,<<"requirement">> => <<"1.0.0">>}},' +
          '<<"retirement">> => nil,<<"version">> => <<"2.1.0-rc.1">>}',
      );
      expect(answers.me).toBe('#{<<"organizations">> => [],<<"username">> => <<"admin">>}');
    });

    it("says what is wrong as Erlang terms, so that the client prints a sentence", () => {
      expect(answers.nobody).toBe(
        '{401,#{<<"message">> => <<"invalid API key">>,<<"status">> => 401}}',
      );
      expect(answers.missing).toBe(
        '{404,#{<<"message">> => <<"Package nothing not found">>,<<"status">> => 404}}',
      );
      expect(answers.missingRelease).toBe(
        '{404,#{<<"message">> => <<"Release top 9.9.9 not found">>,<<"status">> => 404}}',
      );
    });

    it("signs for one repository: a client that expects another name refuses the file", () => {
      expect(answers.otherName).toMatch(/unverified/);
    });

    it("fetches all three with rebar3 get-deps, and asks nobody else for them", async () => {
      const it = await getDeps({ ...user, dependencies: `[{top, "2.1.0-rc.1"}]` });
      expect(it.output).toBe(
        "Verifying dependencies...\nFetching top v2.1.0-rc.1\nFetching middle v1.0.0\nFetching bottom v1.0.0\n",
      );
      expect(it.code).toBe(0);
      expect(it.fetched("bottom/src/bottom.app.src")).toContain("{application,bottom,");
      expect(it.fetched("top/salt")).toBe("one");
      expect(it.lock).toContain('{<<"bottom">>,{pkg,<<"bottom">>,<<"1.0.0">>},2}');
      expect(it.lock).toContain('{<<"top">>,{pkg,<<"top">>,<<"2.1.0-rc.1">>},0}');
    });

    it("does not send a tarball again that rebar3 has", async () => {
      const proxy = await startProxy(server.origin);
      const options = { ...user, url: `${proxy.origin}/repos/test_repo`, dependencies: "[bottom]" };
      const first = await getDeps(options);
      const again = await getDeps({ ...options, home: first.home });
      expect([first.code, again.code]).toEqual([0, 0]);
      expect(again.fetched("bottom/salt")).toBe("one");
      const tarballs = proxy.passed.filter(({ path }) => path.includes("/tarballs/"));
      // The first time rebar3 sends the header as well, but with nothing in it.
      const asked = tarballs.map(({ requestHeaders }) => requestHeaders["if-none-match"]);
      expect(asked).toEqual(["", expect.stringMatching(/^".+"$/)]);
      expect(tarballs.map(({ status, bodyBytes }) => [status, bodyBytes > 0])).toEqual([
        [200, true],
        [304, false],
      ]);
    });

    it("refuses a wrong key, and rebar3 fetches nothing", async () => {
      const it = await getDeps({ ...user, repoKey: "hex_wrong", dependencies: "[bottom]" });
      expect(it.code).toBe(1);
      expect(it.output).toContain("Failed to update package bottom from repo test_repo");
      expect(it.fetched("bottom/salt")).toBeUndefined();
    });

    it("is refused by rebar3 when the public key is another's", async () => {
      const other = await publicKeyPem(await parsePrivateKey(await generateSigningKey()));
      const it = await getDeps({ ...user, publicKeyPem: other, dependencies: "[bottom]" });
      expect(it.code).toBe(1);
      expect(it.output).toContain("Package not found in any repo: bottom");
      expect(it.fetched("bottom/salt")).toBeUndefined();
    });

    it("is refused by rebar3 when one byte of the registry file changed on the way", async () => {
      const proxy = await startProxy(server.origin, (path, body) =>
        path.includes("/packages/") ? flipped(body, body.length >> 1) : body,
      );
      const url = `${proxy.origin}/repos/test_repo`;
      const it = await getDeps({ ...user, url, dependencies: "[bottom]" });
      expect(it.code).not.toBe(0);
      expect(it.fetched("bottom/salt")).toBeUndefined();
    });

    it("is refused by rebar3 when one byte of the tarball changed on the way", async () => {
      const proxy = await startProxy(server.origin, (path, body) => {
        // In the middle of contents.tar.gz, whose bytes follow a header of 512 bytes.
        const contents = body.indexOf("contents.tar.gz") + 512 + 40;
        return path.includes("/tarballs/") ? flipped(body, contents) : body;
      });
      const url = `${proxy.origin}/repos/test_repo`;
      const it = await getDeps({ ...user, url, dependencies: "[bottom]" });
      expect(it.code).not.toBe(0);
      expect(it.fetched("bottom/salt")).toBeUndefined();
      expect(it.lock).toBe("");
    });

    it("is refused by rebar3 when somebody put a whole other tarball in its place", async () => {
      const other = Buffer.from(await packageTarball({ name: "bottom", version: "1.0.0" }));
      const proxy = await startProxy(server.origin, (path, body) =>
        path.includes("/tarballs/") ? other : body,
      );
      const url = `${proxy.origin}/repos/test_repo`;
      const it = await getDeps({ ...user, url, dependencies: "[bottom]" });
      expect(it.code).not.toBe(0);
      expect(it.fetched("bottom/mix.exs")).toBeUndefined();
      expect(it.lock).toBe("");
    });

    it("keeps a private repository from who has no key, and asks nobody to log in", async () => {
      const proxy = await startProxy(server.origin);
      const { url: _direct, repoKey: _key, ...guest } = user;
      const url = `${proxy.origin}/repos/test_repo`;
      const it = await getDeps({ ...guest, url, dependencies: "[bottom]" });
      expect(it.code).toBe(1);
      expect(it.fetched("bottom/salt")).toBeUndefined();
      const [refused] = proxy.passed;
      expect(refused?.status).toBe(403);
      expect(refused?.responseHeaders.get("www-authenticate")).toBeNull();
    });

    it("retires a release: all see it, rebar3 warns, and it can be taken back", async () => {
      const retired = askHexCore(server, {
        retire: `r3_hex_api_release:retire(C, <<"bottom">>, <<"1.0.0">>,
          #{<<"reason">> => <<"security">>, <<"message">> => <<"Löchrig"/utf8>>})`,
        package: `{ok, {200, _, [R]}} = r3_hex_repo:get_package(C, <<"bottom">>), maps:get(retired, R)`,
        soonInVersions: `soon(fun() -> {ok, {200, _, Vs}} = r3_hex_repo:get_versions(C),
          [[0]] =:= [R || #{name := <<"bottom">>, retired := R} <- Vs] end)`,
        release: `{ok, {200, _, R}} = r3_hex_api_release:get(C, <<"bottom">>, <<"1.0.0">>),
          maps:get(<<"retirement">>, R)`,
        unknownReason: `r3_hex_api_release:retire(C, <<"bottom">>, <<"1.0.0">>,
          #{<<"reason">> => <<"boredom">>, <<"message">> => <<"Just so">>})`,
        unknownPackage: `r3_hex_api_release:retire(C, <<"nothing">>, <<"1.0.0">>,
          #{<<"reason">> => <<"other">>, <<"message">> => <<"Just so">>})`,
      });
      expect(retired).toEqual({
        retire: "{204,nil}",
        package: `#{message => <<"Löchrig"/utf8>>,reason => 'RETIRED_SECURITY'}`,
        soonInVersions: "true",
        release: '#{<<"message">> => <<"Löchrig"/utf8>>,<<"reason">> => <<"security">>}',
        unknownReason:
          '{422,#{<<"errors">> => #{<<"retirement">> => #{<<"reason">> => <<"is invalid">>}},' +
          '<<"message">> => <<"Validation error(s)">>,<<"status">> => 422}}',
        unknownPackage:
          '{404,#{<<"message">> => <<"Package nothing not found">>,<<"status">> => 404}}',
      });
      const warned = await getDeps({ ...user, dependencies: "[bottom]" });
      expect(warned.code).toBe(0);
      expect(warned.output).toContain("Warning: package bottom-1.0.0 is retired: (security)");

      const unretired = askHexCore(server, {
        unretire: `r3_hex_api_release:unretire(C, <<"bottom">>, <<"1.0.0">>)`,
        package: `{ok, {200, _, [R]}} = r3_hex_repo:get_package(C, <<"bottom">>), maps:is_key(retired, R)`,
        soonInVersions: `soon(fun() -> {ok, {200, _, Vs}} = r3_hex_repo:get_versions(C),
          [[]] =:= [R || #{name := <<"bottom">>, retired := R} <- Vs] end)`,
      });
      expect(unretired).toEqual({
        unretire: "{204,nil}",
        package: "false",
        soonInVersions: "true",
      });
      const quiet = await getDeps({ ...user, dependencies: "[bottom]" });
      expect(quiet.output).toBe("Verifying dependencies...\nFetching bottom v1.0.0\n");
    });

    it("does not revert a package that others need", () => {
      const { revert } = askHexCore(server, {
        revert: `r3_hex_api_release:delete(C, <<"bottom">>, <<"1.0.0">>)`,
      });
      expect(revert).toMatch(/^\{422,.*other packages depend on it: middle/);
    });
  });

  it("reverts a release: nobody resolves or fetches it any more, the others stay", async () => {
    const answers = askHexCore(server, {
      first: `publish(C, tarball(<<"reverted">>, <<"1.0.0">>))`,
      second: `publish(C, tarball(<<"reverted">>, <<"1.1.0">>))`,
      revert: `r3_hex_api_release:delete(C, <<"reverted">>, <<"1.1.0">>)`,
      package: `{ok, {200, _, Rs}} = r3_hex_repo:get_package(C, <<"reverted">>), [V || #{version := V} <- Rs]`,
      versions: `{ok, {200, _, All}} = r3_hex_repo:get_versions(C),
        [Vs || #{name := <<"reverted">>, versions := Vs} <- All]`,
      tarball: `{ok, {Status, _, _}} = r3_hex_repo:get_tarball(C, <<"reverted">>, <<"1.1.0">>), Status`,
      kept: `{ok, {Status, _, _}} = r3_hex_repo:get_tarball(C, <<"reverted">>, <<"1.0.0">>), Status`,
      release: `{ok, {Status, _, _}} = r3_hex_api_release:get(C, <<"reverted">>, <<"1.1.0">>), Status`,
      again: `{ok, {Status, _, _}} = r3_hex_api_release:delete(C, <<"reverted">>, <<"1.1.0">>), Status`,
      anew: `{ok, {Status, _, _}} = publish(C, tarball(<<"reverted">>, <<"1.1.0">>, [], "two")), Status`,
      lastOne: `publish(C, tarball(<<"gone">>, <<"1.0.0">>)),
        r3_hex_api_release:delete(C, <<"gone">>, <<"1.0.0">>)`,
      gone: `{ok, {Status, _, _}} = r3_hex_repo:get_package(C, <<"gone">>), Status`,
      goneFromNames: `{ok, {200, _, Names}} = r3_hex_repo:get_names(C),
        [N || #{name := <<"gone">> = N} <- Names]`,
    });
    expect(answers).toEqual({
      first: expect.stringMatching(/^\{201,/),
      second: expect.stringMatching(/^\{201,/),
      revert: "{204,nil}",
      package: '[<<"1.0.0">>]',
      versions: '[[<<"1.0.0">>]]',
      tarball: "404",
      kept: "200",
      release: "404",
      again: "404",
      anew: "201",
      lastOne: "{204,nil}",
      gone: "404",
      goneFromNames: "[]",
    });
    const fetched = await getDeps({ ...user, dependencies: "[reverted]" });
    expect(fetched.output).toContain("Fetching reverted v1.1.0");
    expect(fetched.fetched("reverted/salt")).toBe("two");
    expect(await server.problems()).toEqual([]);
  });

  it("replaces a release only when told to, also for a rebar3 that has the old bytes", async () => {
    const first = askHexCore(server, {
      publish: `publish(C, tarball(<<"replaced">>, <<"1.0.0">>, [], "old"))`,
    });
    expect(first.publish).toMatch(/^\{201,/);
    const before = await getDeps({ ...user, dependencies: "[replaced]" });
    expect(before.fetched("replaced/salt")).toBe("old");

    const answers = askHexCore(server, {
      refused: `publish(C, tarball(<<"replaced">>, <<"1.0.0">>, [], "new"))`,
      kept: `{ok, {200, _, T}} = r3_hex_repo:get_tarball(C, <<"replaced">>, <<"1.0.0">>),
        T =:= tarball(<<"replaced">>, <<"1.0.0">>, [], "old")`,
      replaced: `replace(C, tarball(<<"replaced">>, <<"1.0.0">>, [], "new"))`,
      checksum: `{ok, {200, _, [#{outer_checksum := Sum}]}} = r3_hex_repo:get_package(C, <<"replaced">>),
        Sum =:= crypto:hash(sha256, tarball(<<"replaced">>, <<"1.0.0">>, [], "new"))`,
      tarball: `{ok, {200, _, T}} = r3_hex_repo:get_tarball(C, <<"replaced">>, <<"1.0.0">>),
        T =:= tarball(<<"replaced">>, <<"1.0.0">>, [], "new")`,
    });
    expect(answers.refused).toMatch(/^\{422,.*must include the --replace flag/);
    expect(answers.kept).toBe("true");
    expect(answers.replaced).toMatch(/^\{200,/);
    expect(answers.checksum).toBe("true");
    expect(answers.tarball).toBe("true");
    const after = await getDeps({ ...user, dependencies: "[replaced]" });
    expect(after.fetched("replaced/salt")).toBe("new");
  });

  it("keeps docs beside a release, and gives back the very bytes", () => {
    const answers = askHexCore(server, {
      publish: `publish(C, tarball(<<"documented">>, <<"1.0.0">>))`,
      none: `{ok, {Status, _, _}} = ${docs("get", "")}, Status`,
      docs: `{ok, {Status, #{<<"location">> := At}, _}} =
          ${docs("post", ', {"application/octet-stream", docs()}')},
        Bytes = docs(),
        {ok, {200, _, Served}} = r3_hex_http_httpc:request(get, At,
          #{<<"authorization">> => maps:get(repo_key, C)}, undefined, #{}),
        {Status, Served =:= Bytes}`,
      hasDocs: `{ok, {200, _, R}} = r3_hex_api_release:get(C, <<"documented">>, <<"1.0.0">>),
        maps:get(<<"has_docs">>, R)`,
      notDocs: `{ok, {Status, _, _}} = ${docs("post", ', {"application/octet-stream", <<"no">>}')}, Status`,
      kept: `{ok, {200, _, R}} = r3_hex_api_release:get(C, <<"documented">>, <<"1.0.0">>),
        maps:get(<<"has_docs">>, R)`,
      delete: docs("delete", ""),
      deleted: `{ok, {200, _, R}} = r3_hex_api_release:get(C, <<"documented">>, <<"1.0.0">>),
        maps:get(<<"has_docs">>, R)`,
      again: `{ok, {Status, _, _}} = ${docs("delete", "")}, Status`,
    });
    expect(answers).toEqual({
      publish: expect.stringMatching(/^\{201,/),
      none: "404",
      docs: "{201,true}",
      hasDocs: "true",
      notDocs: "422",
      kept: "true",
      delete: "{204,nil}",
      deleted: "false",
      again: "404",
    });
  });

  it("lets anyone fetch from a public repository, but not publish", async () => {
    const answers = askHexCore(server, {
      publish: `publish(${openRepo("C")}, tarball(<<"open">>, <<"1.0.0">>))`,
      guest: `publish(maps:remove(api_key, ${openRepo("C")}), tarball(<<"open">>, <<"1.0.1">>))`,
    });
    expect(answers.publish).toMatch(/^\{201,/);
    expect(answers.guest).toMatch(/^\{401,.*missing authentication information/);
    const fetched = await getDeps({
      url: server.files("open_repo"),
      publicKeyPem: server.publicKeyPem,
      repository: "open_repo",
      dependencies: "[open]",
    });
    expect(fetched.output).toBe("Verifying dependencies...\nFetching open v1.0.0\n");
    expect(fetched.code).toBe(0);
    expect(fetched.fetched("open/salt")).toBe("one");
  });
});

/** hex_core 0.7.1 has no function for docs; what rebar3_hex does with its lower half. */
function docs(verb: "get" | "post" | "delete", rest: string): string {
  return `r3_hex_api:${verb}(C, [<<"packages">>, <<"documented">>, <<"releases">>, <<"1.0.0">>, <<"docs">>]${rest})`;
}

function openRepo(config: string): string {
  return `(${config})#{api_url => binary:replace(maps:get(api_url, C), <<"test_repo">>, <<"open_repo">>)}`;
}

function flipped(body: Buffer<ArrayBuffer>, at: number): Buffer<ArrayBuffer> {
  const copy = Buffer.from(body);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
