%% Writes test/hex/vectors/locks-rebar.json: lock files as rebar3 writes them, and what it reads from
%% them again. From the top folder, where Erlang and rebar3 are installed:
%%
%%   node test/support/erlang.ts test/hex/vectors/locks.erl 1 > test/hex/vectors/locks-rebar.json
%%
%% The argument is the seed. A row is the text, the releases and the names of what is no package.

main([Seed]) ->
    rand:seed(exsss, list_to_integer(Seed)),
    Folder = string:trim(os:cmd("mktemp -d")),
    Rows = [row(filename:join(Folder, "rebar.lock"), locks(N)) || N <- lists:seq(0, 20)],
    ok = file:del_dir(Folder),
    io:put_chars(["[\n", lists:join(",\n", [json(Row) || Row <- Rows]), "\n]\n"]).

row(File, Locks) ->
    ok = rebar_config:write_lock_file(File, Locks),
    {ok, Text} = file:read_file(File),
    Read = rebar_config:consult_lock_file(File),
    ok = file:delete(File),
    Releases = [[Package, Version, value(Outer), value(Inner)]
                || {_, {pkg, Package, Version, Inner, Outer}, _} <- Read],
    [Text, Releases, [App || {App, Lock, _} <- Read, element(1, Lock) =/= pkg]].

locks(Count) ->
    WithHashes = rand:uniform(4) > 1,
    [{<<"app_", (integer_to_binary(N))/binary>>, lock(rand:uniform(6), WithHashes, N), rand:uniform(3) - 1}
     || N <- lists:seq(1, Count)].

lock(1, _, _) -> {git, "https://example.com/a.git", {ref, "576c85c584f60555c2a024cbb99dfbbdb5f58c3b"}};
lock(2, _, _) -> {git_subdir, "git@example.com:a.git", {branch, "main"}, "apps/a"};
lock(_, WithHashes, N) ->
    Package = <<"package_", (integer_to_binary(N))/binary>>,
    Version = lists:nth(rand:uniform(3), [<<"1.0.0">>, <<"0.10.2">>, <<"2.0.0-rc.1">>]),
    {pkg, Package, Version, hash(WithHashes), hash(WithHashes)}.

hash(false) -> undefined;
hash(true) -> << <<(hd(integer_to_list(D, 16)))>> || <<D:4>> <= crypto:hash(sha256, term_to_binary(rand:uniform(1000000)))>>.

value(undefined) -> null;
value(Hash) -> string:lowercase(Hash).

json(null) -> "null";
json(List) when is_list(List) -> ["[", lists:join(",", [json(Item) || Item <- List]), "]"];
json(Text) when is_binary(Text) -> [$", [escape(Char) || <<Char>> <= Text], $"].

escape(Char) when Char =:= $"; Char =:= $\\ -> [$\\, Char];
escape($\n) -> "\\n";
escape(Char) -> Char.
