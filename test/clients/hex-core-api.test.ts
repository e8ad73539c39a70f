/** hex_core's own clients of the API, as rebar3 and mix use them, with keys of people. */
import { beforeAll, describe, expect, it } from "vitest";
import { erlangAvailable } from "../support/erlang.ts";
import { askHexCore } from "../support/rebar3.ts";
import { type Server, startServer } from "../support/server.ts";

const config = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars]
ROOT_REPOSITORY = "test_repo"
[vars.LIMITS]
api_per_minute = 0
failed_credentials_per_15_minutes = 0
[vars.ACCOUNTS]
signup = "open"
[vars.REPOSITORIES.test_repo]
kind = "hosted"
[vars.REPOSITORIES.open_repo]
kind = "hosted"
public = true
`;

const title = erlangAvailable
  ? "hex_core's API"
  : "hex_core's API (skipped: Erlang and rebar3 are not installed)";
const mix = "78ea6566-89fd-481e-a1d6-7d9d78eacca8";

/** A map of binaries as Erlang prints it, for whoever reads the answer. */
const binaries = (map: Record<string, string>) =>
  `#{${Object.entries(map).map(([key, value]) => `<<"${key}">> => ${value}`)}}`;
const text = (value: string) => `<<"${value}">>`;
const refused = (status: number, message: string) =>
  `{${status},${binaries({ message: text(message), status: String(status) })}}`;
const invalid = (errors: Record<string, string>) =>
  `{422,${binaries({
    errors: binaries(errors),
    message: text("Validation error(s)"),
    status: "422",
  })}}`;

describe.skipIf(!erlangAvailable)(title, () => {
  let server: Server;
  /** Of a member who writes. */
  let ann: string;
  let eve: string;
  /** A configuration with another key; `C` itself has the admin's. */
  const as = (key: string, prefix = "/api/repos/test_repo") =>
    `C#{api_key => <<"${key}">>, api_url => <<"${server.origin}${prefix}">>}`;

  beforeAll(async () => {
    server = await startServer({ config });
    ann = await server.makeUser("ann", "admin");
    await server.makeUser("bob", "read");
    eve = await server.makeUser("eve");
    await server.mustAsk("POST", "/api/orgs/open_repo/members", {
      body: { name: "ann", role: "write" },
    });
  });

  describe.each([
    ["/api", "ann1"],
    ["/api/repos/test_repo", "ann2"],
  ])("of keys, below %s", (prefix, owner) => {
    let answers: Record<string, string>;

    beforeAll(async () => {
      const key = await server.makeUser(owner, "write");
      const basic = `Basic ${btoa(`${owner}:password of ${owner}`)}`;
      const shown = `maps:without([<<"inserted_at">>, <<"updated_at">>], K)`;
      answers = askHexCore(server, {
        // rebar3's login: first a key with the password, then more with that key.
        login: `{ok, {S, _, #{<<"secret">> := Secret}}} = r3_hex_api_key:add(${as(basic, prefix)},
            <<"pc">>, [#{<<"domain">> => <<"api">>}]),
          {ok, {S2, _, #{<<"secret">> := _}}} = r3_hex_api_key:add(
            (${as(key, prefix)})#{api_key => Secret}, <<"pc-repositories">>,
            [#{<<"domain">> => <<"repositories">>}]),
          {S, S2, byte_size(Secret)}`,
        added: `{ok, {S, _, #{<<"inserted_at">> := At, <<"secret">> := Secret} = K}} =
            r3_hex_api_key:add(${as(key, prefix)}, <<"ci">>,
              [#{<<"domain">> => <<"package">>, <<"resource">> => <<"test_repo/foo">>}]),
          true = is_binary(At), <<"hex_", _/binary>> = Secret,
          {S, maps:remove(<<"secret">>, ${shown})}`,
        listed: `{ok, {S, _, Keys}} = r3_hex_api_key:list(${as(key, prefix)}),
          {S, [{N, is_binary(At)} || #{<<"name">> := N, <<"inserted_at">> := At} <- Keys]}`,
        got: `{ok, {S, _, K}} = r3_hex_api_key:get(${as(key, prefix)}, <<"ci">>), {S, ${shown}}`,
        missing: `r3_hex_api_key:get(${as(key, prefix)}, <<"nope">>)`,
        tooMuch: `{ok, {_, _, #{<<"secret">> := W}}} = r3_hex_api_key:add(${as(key, prefix)},
            <<"writer">>, [#{<<"domain">> => <<"api">>, <<"resource">> => <<"write">>}]),
          r3_hex_api_key:add((${as(key, prefix)})#{api_key => W}, <<"more">>,
            [#{<<"domain">> => <<"repositories">>}])`,
        wrongDomain: `r3_hex_api_key:add(${as(key, prefix)}, <<"x">>, [#{<<"domain">> => <<"all">>}])`,
        deleted: `{ok, {S, _, #{<<"name">> := N}}} =
            r3_hex_api_key:delete(${as(key, prefix)}, <<"ci">>), {S, N}`,
        deletedTwice: `r3_hex_api_key:delete(${as(key, prefix)}, <<"ci">>)`,
        all: `{ok, {S, _, #{<<"name">> := N, <<"authing_key">> := A}}} =
            r3_hex_api_key:delete_all(${as(key, prefix)}), {S, N, A}`,
        after: `r3_hex_api_key:add(${as(key, prefix)}, <<"x">>, [#{<<"domain">> => <<"api">>}])`,
      });
    });

    it("adds them with 201, as rebar3's login does", () => {
      expect(answers.login).toBe("{201,201,44}");
      const view = binaries({
        authing_key: "false",
        name: text("ci"),
        permissions: `[${binaries({ domain: text("package"), resource: text("test_repo/foo") })}]`,
        revoke_at: "nil",
        url: text(`${server.origin}/api/keys/ci`),
      });
      expect(answers.added).toBe(`{201,${view}}`);
      expect(answers.got).toBe(
        `{200,${view.replace(',<<"url">>', ',<<"secret">> => nil,<<"url">>')}}`,
      );
    });

    it("lists, shows and deletes them, at last all", () => {
      const names = ["ci", "pc", "pc-repositories", "test"];
      expect(answers.listed).toBe(`{200,[${names.map((name) => `{<<"${name}">>,true}`)}]}`);
      expect(answers.missing).toBe(refused(404, "Key nope not found"));
      expect(answers.deleted).toBe('{200,<<"ci">>}');
      expect(answers.deletedTwice).toBe(refused(404, "Key ci not found"));
      expect(answers.all).toBe('{200,<<"test">>,true}');
      expect(answers.after).toBe(refused(401, "API key revoked"));
    });

    it("says why one cannot be made", () => {
      const permissions = text("the key that asks cannot do repositories itself");
      expect(answers.tooMuch).toBe(invalid({ permissions }));
      expect(answers.wrongDomain).toBe(
        invalid({ permissions: binaries({ domain: text("is invalid") }) }),
      );
    });
  });

  it("of an organization's keys is the same, for those who write in it", () => {
    const member = `(${as(ann, "/api")})#{api_organization => <<"test_repo">>}`;
    const stranger = `(${as(eve, "/api")})#{api_organization => <<"test_repo">>}`;
    const permissions = `[#{<<"domain">> => <<"repository">>, <<"resource">> => <<"test_repo">>}]`;
    const answers = askHexCore(server, {
      added: `{ok, {S, _, #{<<"secret">> := Secret}}} =
          r3_hex_api_key:add(${member}, <<"ci">>, ${permissions}),
        {ok, {Read, _, _}} = r3_hex_repo:get_names(C#{repo_key => Secret}), {S, Read}`,
      listed: `{ok, {S, _, Keys}} = r3_hex_api_key:list(${member}), {S, [N || #{<<"name">> := N} <- Keys]}`,
      stranger: `r3_hex_api_key:list(${stranger})`,
      deleted: `{ok, {S, _, _}} = r3_hex_api_key:delete(${member}, <<"ci">>), S`,
      all: `r3_hex_api_key:delete_all(${member})`,
    });
    expect(answers).toEqual({
      added: "{201,200}",
      listed: '{200,[<<"ci">>]}',
      stranger: refused(404, "There is no test_repo here, or you may not see it"),
      deleted: "200",
      all: "{204,nil}",
    });
  });

  it("of users says who one is, who others are, and makes one where that is open", () => {
    const answers = askHexCore(server, {
      me: `{ok, {S, _, Me}} = r3_hex_api_user:me(${as(ann)}),
        {S, maps:with([<<"username">>, <<"email">>, <<"organizations">>, <<"full_name">>], Me)}`,
      got: `{ok, {S, _, U}} = r3_hex_api_user:get(${as(ann)}, <<"bob">>),
        {S, maps:with([<<"username">>, <<"email">>], U)}`,
      other: `{ok, {S, _, U}} = r3_hex_api_user:get(${as(eve)}, <<"bob">>),
        {S, maps:with([<<"username">>, <<"email">>], U)}`,
      missing: `r3_hex_api_user:get(${as(ann)}, <<"nobody">>)`,
      created: `{ok, {S, _, U}} = r3_hex_api_user:create((${as(ann)})#{api_key => undefined},
          <<"cid">>, <<"long enough">>, <<"cid@a.test">>),
        {S, maps:with([<<"username">>, <<"email">>], U)}`,
      taken: `r3_hex_api_user:create((${as(ann)})#{api_key => undefined},
        <<"cid">>, <<"long enough">>, <<"other@a.test">>)`,
      short: `r3_hex_api_user:create((${as(ann)})#{api_key => undefined},
        <<"dan">>, <<"short">>, <<"dan@a.test">>)`,
      nobody: "r3_hex_api_user:me(C#{api_key => undefined})",
      reset: `{ok, {S, _, #{<<"message">> := M}}} =
        r3_hex_api_user:reset_password((${as(ann)})#{api_key => undefined}, <<"ann">>), {S, is_binary(M)}`,
    });
    const organizations = ["open_repo", "test_repo"].map((name) =>
      binaries({ name: text(name), role: text(name === "open_repo" ? "write" : "admin") }),
    );
    expect(answers).toEqual({
      me: `{200,${binaries({
        email: text("ann@hexedge.test"),
        full_name: "nil",
        organizations: `[${organizations}]`,
        username: text("ann"),
      })}}`,
      got: `{200,${binaries({ email: text("bob@hexedge.test"), username: text("bob") })}}`,
      // Nothing to print is no key at all: rebar3 crashes on one that is no binary.
      other: `{200,${binaries({ username: text("bob") })}}`,
      missing: refused(404, "User nobody not found"),
      created: `{201,${binaries({ email: text("cid@a.test"), username: text("cid") })}}`,
      taken: invalid({ username: text("has already been taken") }),
      short: invalid({ password: text("should be at least 8 character(s)") }),
      nobody: refused(401, "missing authentication information"),
      // hexpm has none either, whatever its specification says.
      reset: "{404,true}",
    });
  });

  it("of releases publishes, shows, retires and takes back, with a key for the package", async () => {
    const ci = await server.makeKey("ann", "for foo", "package:test_repo/owned");
    const reader = await server.makeKey("bob", "api");
    const owned = `<<"owned">>, <<"1.0.0">>`;
    const answers = askHexCore(server, {
      published: `{ok, {S, _, R}} = publish(${as(ci)}, tarball(${owned})),
        {S, maps:with([<<"version">>, <<"retirement">>, <<"has_docs">>, <<"requirements">>], R),
         maps:get(<<"checksum">>, R) =:=
           string:lowercase(binary:encode_hex(crypto:hash(sha256, tarball(${owned}))))}`,
      another: `publish(${as(ci)}, tarball(<<"another">>, <<"1.0.0">>))`,
      reader: `publish(${as(reader)}, tarball(<<"owned">>, <<"2.0.0">>))`,
      stranger: `publish(${as(eve)}, tarball(<<"owned">>, <<"2.0.0">>))`,
      again: `publish(${as(ci)}, tarball(<<"owned">>, <<"1.0.0">>, [], "two"))`,
      replaced: `{ok, {S, _, _}} = replace(${as(ci)}, tarball(<<"owned">>, <<"1.0.0">>, [], "two")), S`,
      got: `{ok, {S, _, R}} = r3_hex_api_release:get(${as(reader)}, ${owned}),
        #{<<"configs">> := #{<<"mix.exs">> := Mix}, <<"downloads">> := D, <<"inserted_at">> := At} = R,
        {S, is_binary(Mix), D, is_binary(At), maps:get(<<"retirement">>, R)}`,
      retired: `r3_hex_api_release:retire(${as(ci)}, ${owned}, #{<<"reason">> => <<"security">>})`,
      readerRetires: `r3_hex_api_release:retire(${as(reader)}, ${owned}, #{<<"reason">> => <<"other">>})`,
      shown: `{ok, {_, _, R}} = r3_hex_api_release:get(${as(reader)}, ${owned}), maps:get(<<"retirement">>, R)`,
      unretired: `r3_hex_api_release:unretire(${as(ci)}, ${owned})`,
      package: `{ok, {S, _, P}} = r3_hex_api_package:get(${as(reader)}, <<"owned">>),
        #{<<"owners">> := [#{<<"username">> := Owner}], <<"downloads">> := Ds,
          <<"releases">> := [#{<<"version">> := V, <<"inserted_at">> := At}],
          <<"meta">> := #{<<"description">> := M, <<"licenses">> := L, <<"links">> := Links},
          <<"retirements">> := Rs, <<"latest_stable_version">> := Stable,
          <<"html_url">> := Url, <<"configs">> := #{<<"mix.exs">> := Mix}} = P,
        {S, Owner, Ds, V, is_binary(At), M, L, Links, Rs, Stable, is_binary(Url), is_binary(Mix)}`,
      search: `{ok, {S, _, [P]}} = r3_hex_api_package:search(${as(reader)}, <<"owned">>, []),
        #{<<"name">> := N, <<"repository">> := R, <<"downloads">> := Ds, <<"html_url">> := Url,
          <<"meta">> := #{<<"description">> := M}, <<"releases">> := [#{<<"version">> := V}]} = P,
        {S, N, R, is_map(Ds), is_binary(Url), M, V}`,
      nothing: `r3_hex_api_package:search(${as(reader)}, <<"nothing">>, [])`,
      searchByStranger: `{ok, {S, _, Found}} =
        r3_hex_api_package:search(${as(eve, "/api")}, <<"owned">>, []), {S, Found}`,
      deleted: `r3_hex_api_release:delete(${as(ci)}, ${owned})`,
      deletedTwice: `r3_hex_api_release:delete(${as(ci)}, ${owned})`,
    });
    const view = binaries({
      has_docs: "false",
      requirements: "#{}",
      retirement: "nil",
      version: text("1.0.0"),
    });
    expect(answers).toEqual({
      published: `{201,${view},true}`,
      another: refused(401, "key not authorized for this action"),
      reader: refused(403, "account not authorized for this action"),
      stranger: refused(404, "There is no test_repo here, or you may not see it"),
      again: invalid({
        inserted_at: text("must include the --replace flag to update an existing release"),
      }),
      replaced: "200",
      got: "{200,true,0,true,nil}",
      retired: "{204,nil}",
      readerRetires: refused(403, "account not authorized for this action"),
      shown: binaries({ message: "nil", reason: text("security") }),
      unretired: "{204,nil}",
      package:
        `{200,<<"ann">>,${binaries({ all: "0", day: "0", recent: "0", week: "0" })},` +
        '<<"1.0.0">>,true,<<"What it is for">>,[<<"MIT">>],' +
        '#{<<"Code">> => <<"https://example.com">>},#{},<<"1.0.0">>,true,true}',
      search: '{200,<<"owned">>,<<"test_repo">>,true,true,<<"What it is for">>,<<"1.0.0">>}',
      nothing: "{200,[]}",
      searchByStranger: "{200,[]}",
      deleted: "{204,nil}",
      deletedTwice: refused(404, "Package owned not found"),
    });
  });

  it("of owners lists, shows, adds and removes them, with 204", () => {
    const open = "/api/repos/open_repo";
    const [owner, other] = [as(ann, open), as(eve, open)];
    const answers = askHexCore(server, {
      published: `{ok, {S, _, _}} = publish(${owner}, tarball(<<"shared">>, <<"1.0.0">>)), S`,
      listed: `{ok, {S, _, Owners}} = r3_hex_api_package_owner:list(${owner}, <<"shared">>),
        {S, [{N, E, L} || #{<<"username">> := N, <<"email">> := E, <<"level">> := L} <- Owners]}`,
      byOther: `r3_hex_api_package_owner:add(${other}, <<"shared">>, <<"eve">>, <<"full">>, false)`,
      added: `r3_hex_api_package_owner:add(${owner}, <<"shared">>, <<"eve">>, <<"maintainer">>, false)`,
      byMail: `r3_hex_api_package_owner:add(${owner}, <<"shared">>, <<"bob@hexedge.test">>, <<"full">>, false)`,
      got: `{ok, {S, _, O}} = r3_hex_api_package_owner:get(${owner}, <<"shared">>, <<"eve">>),
        {S, maps:with([<<"username">>, <<"email">>, <<"level">>], O)}`,
      publishes: `{ok, {S, _, _}} = publish(${other}, tarball(<<"shared">>, <<"1.1.0">>)), S`,
      nobody: `r3_hex_api_package_owner:get(${owner}, <<"shared">>, <<"nobody">>)`,
      unknown: `r3_hex_api_package_owner:add(${owner}, <<"shared">>, <<"nobody">>, <<"full">>, false)`,
      level: `r3_hex_api_package_owner:add(${owner}, <<"shared">>, <<"eve">>, <<"boss">>, false)`,
      removed: `r3_hex_api_package_owner:delete(${owner}, <<"shared">>, <<"eve">>)`,
      removedTwice: `r3_hex_api_package_owner:delete(${owner}, <<"shared">>, <<"eve">>)`,
      transferred: `r3_hex_api_package_owner:add(${owner}, <<"shared">>, <<"eve">>, <<"full">>, true)`,
      lost: `r3_hex_api_package_owner:delete(${owner}, <<"shared">>, <<"eve">>)`,
      last: `r3_hex_api_package_owner:delete(${other}, <<"shared">>, <<"eve">>)`,
    });
    expect(answers).toEqual({
      published: "201",
      listed: '{200,[{<<"ann">>,<<"ann@hexedge.test">>,<<"full">>}]}',
      byOther: refused(403, "account not authorized for this action"),
      added: "{204,nil}",
      byMail: "{204,nil}",
      got: `{200,${binaries({ email: "nil", level: text("maintainer"), username: text("eve") })}}`,
      publishes: "201",
      nobody: refused(404, "User nobody not found"),
      unknown: refused(404, "User nobody not found"),
      level: invalid({ level: text("is invalid") }),
      removed: "{204,nil}",
      removedTwice: invalid({ username: text("user is not an owner of package") }),
      transferred: "{204,nil}",
      lost: refused(403, "account not authorized for this action"),
      last: invalid({ username: text("cannot remove last owner of package") }),
    });
  });

  it("reads files with the keys that are for files, and tokens made from them", async () => {
    const keys = {
      repositories: await server.makeKey("bob", "a", "repositories"),
      repository: await server.makeKey("bob", "b", "repository:test_repo"),
      api: await server.makeKey("bob", "c", "api"),
      docs: await server.makeKey("bob", "d", "docs:test_repo"),
      package: await server.makeKey("ann", "e", "package:test_repo/files"),
      stranger: await server.makeKey("eve", "f", "repositories"),
    };
    const exchange = async (key: string) => {
      const body = { client_id: mix, grant_type: "client_credentials", client_secret: key };
      const tokens = await server.mustAsk("POST", "/api/oauth/token", { key: "", body });
      return `Bearer ${tokens.access_token}`;
    };
    const all = {
      ...keys,
      bearer: `Bearer ${keys.repositories}`,
      basic: `Basic ${btoa(`any:${keys.repositories}`)}`,
      password: `Basic ${btoa("bob:password of bob")}`,
      token: await exchange(keys.repositories),
      tokenOfStranger: await exchange(keys.stranger),
      tokenOfApi: await exchange(keys.api),
      nothing: "undefined",
    };
    const get = ([name, key]: [string, string]) => {
      const shown = key === "undefined" ? key : `<<"${key}">>`;
      const status = (call: string) => `element(1, element(2, ${call}))`;
      const with_ = `C#{repo_key => ${shown}}`;
      const calls = [
        `r3_hex_repo:get_package(${with_}, <<"files">>)`,
        `r3_hex_repo:get_tarball(${with_}, <<"files">>, <<"1.0.0">>)`,
        `r3_hex_repo:get_names(${with_})`,
      ];
      return [name, `{${calls.map(status)}}`];
    };
    const { published, ...answers } = askHexCore(server, {
      published: `{ok, {S, _, _}} = publish(C, tarball(<<"files">>, <<"1.0.0">>)), S`,
      ...Object.fromEntries(Object.entries(all).map(get)),
    });
    expect(published).toBe("201");
    const [yes, unauthorized, hidden] = ["{200,200,200}", "{401,401,401}", "{404,404,404}"];
    expect(answers).toEqual({
      ...{ repositories: yes, repository: yes, bearer: yes, basic: yes, token: yes },
      ...{ api: unauthorized, docs: unauthorized, package: unauthorized, password: unauthorized },
      ...{ stranger: hidden, tokenOfStranger: unauthorized, tokenOfApi: unauthorized },
      // Not 401, at which mix would ask a CI job to log in.
      nothing: "{403,403,403}",
    });
  });
});
