/** rebar3 and the hex_core inside it, as clients of a running server. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runErlang } from "./erlang.ts";
import { run } from "./process.ts";
import { type Server, temporaryFolder } from "./server.ts";

/**
 * Evaluates Erlang expressions one after the other. They know `C`, a configuration of hex_core for
 * test_repo with the admin key, and the functions below. One that crashes gives `{crash,…}`.
 * @returns for each what it gave, on one line; of an answer its status and decoded body.
 */
export function askHexCore<Label extends string>(
  server: Server,
  questions: Record<Label, string>,
): Record<Label, string> {
  const { origin, adminKey } = server;
  const labels = Object.keys(questions) as Label[]; // they are the record's own
  const script = `${helpers}
main([Origin, Key, Folder]) ->
  ok = io:setopts([{encoding, unicode}]),
  {ok, _} = application:ensure_all_started(inets),
  {ok, _} = application:ensure_all_started(ssl),
  C = config(list_to_binary(Origin), list_to_binary(Key), Folder),
${labels.map((label, at) => `  say(${at}, fun() -> ${questions[label]} end)`).join(",\n")}.
`;
  const lines = runErlang(script, [origin, adminKey, server.dataPath]).trimEnd().split("\n");
  const said = new Map(lines.map((line) => line.split("\t", 2) as [string, string]));
  const answers = labels.map((label, at) => [label, said.get(String(at)) ?? ""]);
  return Object.fromEntries(answers) as Record<Label, string>; // one for each label
}

const helpers = `
config(Origin, Key, Folder) ->
  {ok, Pem} = file:read_file(filename:join(Folder, "public_key.pem")),
  maps:merge(r3_hex_core:default_config(), #{
    api_url => <<Origin/binary, "/api/repos/test_repo">>, api_key => Key,
    repo_url => <<Origin/binary, "/repos/test_repo">>, repo_key => Key,
    repo_name => <<"test_repo">>, repo_public_key => Pem}).

say(Label, Question) ->
  Answer = try plain(Question()) catch C:R:_ -> {crash, C, R} end,
  io:format("~w\\t~0tp~n", [Label, Answer]).

plain({ok, {Status, _Headers, Body}}) -> {Status, Body};
plain(Other) -> Other.

%% A package tarball as rebar3_hex would build it: requirements name no repository.
tarball(Name, Version) -> tarball(Name, Version, []).
tarball(Name, Version, Needs) -> tarball(Name, Version, Needs, "one").
tarball(Name, Version, Needs, Salt) ->
  App = binary_to_list(Name),
  Source = "src/" ++ App ++ ".app.src",
  Metadata = #{<<"name">> => Name, <<"version">> => Version, <<"app">> => Name,
    <<"description">> => <<"What it is for">>, <<"licenses">> => [<<"MIT">>],
    <<"links">> => #{<<"Code">> => <<"https://example.com">>},
    <<"build_tools">> => [<<"rebar3">>],
    <<"files">> => [list_to_binary(Source), <<"salt">>],
    <<"requirements">> => maps:from_list([{N, #{<<"app">> => N, <<"optional">> => false,
      <<"requirement">> => R}} || {N, R} <- Needs])},
  Application = {application, list_to_atom(App),
    [{vsn, binary_to_list(Version)}, {applications, [kernel, stdlib]}]},
  {ok, #{tarball := Tarball}} = r3_hex_tarball:create(Metadata,
    [{Source, iolist_to_binary(io_lib:format("~p.~n", [Application]))},
     {"salt", list_to_binary(Salt)}]),
  Tarball.

publish(C, Tarball) -> r3_hex_api_release:publish(C, Tarball).

replace(C, Tarball) -> r3_hex_api_release:publish(C, Tarball, [{replace, true}]).

docs() ->
  {ok, Docs} = r3_hex_tarball:create_docs([{"index.html", <<"<h1>Docs</h1>">>}]),
  Docs.

%% names and versions may be a moment late: asks until it is so, for two seconds.
soon(Ask) -> soon(Ask, erlang:monotonic_time(millisecond) + 2000).
soon(Ask, Deadline) ->
  case Ask() of
    true -> true;
    Other ->
      case erlang:monotonic_time(millisecond) > Deadline of
        true -> {not_after_two_seconds, Other};
        false -> timer:sleep(50), soon(Ask, Deadline)
      end
  end.
`;

export interface Rebar3Options {
  /** Of the repository's files. */
  url: string;
  publicKeyPem: string;
  /** None: there is no hex.config at all. */
  repoKey?: string;
  repository?: string;
  /** As in rebar.config: `[top, {other, "1.0.0"}]`. */
  dependencies: string;
  /** The home of an earlier run, with its caches. */
  home?: string;
}

export interface Rebar3Result {
  code: number | null;
  output: string;
  home: string;
  /** The text of a file below `_build/default/lib`; undefined when it is not there. */
  fetched(path: string): string | undefined;
  lock: string;
}

/** Runs `rebar3 get-deps` in a new project, with a home of its own. */
export async function getDeps(options: Rebar3Options): Promise<Rebar3Result> {
  const home = options.home ?? homeOf(options);
  const project = temporaryFolder();
  write(join(project, "rebar.config"), `{deps, ${options.dependencies}}.\n`);
  const application = '{application, it, [{vsn, "1"}, {applications, [kernel, stdlib]}]}.\n';
  write(join(project, "src/it.app.src"), application);
  const { code, output } = await run("rebar3", ["get-deps"], project, {
    HOME: home,
    REBAR_GLOBAL_CONFIG_DIR: home,
    REBAR_CACHE_DIR: join(home, "cache"),
    REBAR_COLOR: "none",
    // On a busy machine its threads would wait for each other, fifty times as long.
    ERL_FLAGS: "+S 1 +SDcpu 1 +SDio 1 +A 0 +sbwt none",
    // What it does not find it would look for at hex.pm, for minutes where there is no network.
    HEX_CDN: "http://127.0.0.1:9",
  });
  return {
    ...{ code, output, home },
    fetched: (path) => read(join(project, "_build/default/lib", path)),
    lock: read(join(project, "rebar.lock")) ?? "",
  };
}

/** A home folder as a user of rebar3 has one. */
function homeOf(options: Rebar3Options): string {
  const { url, publicKeyPem, repoKey, repository = "test_repo" } = options;
  const pem = publicKeyPem.trim().replaceAll("\n", "\\n");
  const keys = ["api_key", "read_key", "repo_key"].map((name) => `${name} => <<"${repoKey}">>`);
  return rebar3Home(
    `{hex, [{repos, [#{name => <<"${repository}">>, repo_url => <<"${url}">>,
       api_url => <<"${url.replace("/repos/", "/api/repos/")}">>,
       repo_public_key => <<"${pem}">>}]}]}.`,
    repoKey === undefined ? undefined : `#{<<"${repository}">> => #{${keys.join(", ")}}}.`,
  );
}

/** A home folder with these two files. */
export function rebar3Home(rebarConfig: string, hexConfig: string | undefined): string {
  const home = temporaryFolder();
  write(join(home, ".config/rebar3/rebar.config"), `${rebarConfig}\n`);
  if (hexConfig) write(join(home, ".config/rebar3/hex.config"), `${hexConfig}\n`);
  return home;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
