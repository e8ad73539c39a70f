%% hex_core on package tarballs: makes those of test/hex/vectors/tarballs.json, and judges ours. From the
%% top folder, where Erlang and rebar3 are installed:
%%
%%   node test/support/erlang.ts test/hex/vectors/tarballs.erl create > test/hex/vectors/tarballs.json
%%
%% With `judge FILE` it unpacks the tarballs in FILE, a line of base64 each: into memory, and onto the disk
%% in a folder of its own, where hex_core looks at paths and links too.
-mode(compile).

main(Arguments) ->
    io:setopts([{encoding, unicode}]),
    %% It would tell stdout about every leading slash.
    _ = logger:remove_handler(default),
    Folder = filename:join(os:getenv("TMPDIR", "/tmp"), "hexedge-tarballs-" ++ os:getpid()),
    ok = file:make_dir(Folder),
    try run(Arguments, Folder) after file:del_dir_r(Folder) end.

run(["create"], Folder) ->
    %% r3_hex_tarball leaves a file in the current folder for a moment.
    ok = file:set_cwd(Folder),
    print_array([created(Title, Metadata, Files) || {Title, Metadata, Files} <- packages(Folder)]);
run(["judge", File], Folder) ->
    {ok, Lines} = file:read_file(File),
    ok = file:set_cwd(Folder),
    print_array([judged(base64:decode(Line)) || Line <- binary:split(Lines, <<"\n">>, [global, trim])]).

created(Title, Metadata, Files) ->
    {ok, #{tarball := Tarball, inner_checksum := Inner, outer_checksum := Outer}} =
        r3_hex_tarball:create(Metadata, Files),
    {ok, #{inner_checksum := Inner, outer_checksum := Outer} = Unpacked} = r3_hex_tarball:unpack(Tarball, memory),
    object([{title, string(Title)}, {tarball, string(base64:encode_to_string(zlib:gzip(Tarball)))} | unpacked(Unpacked)]).

judged(Tarball) ->
    Memory = attempt(fun() -> r3_hex_tarball:unpack(Tarball, memory) end),
    Deep = "a/b/c/out",
    Disk = attempt(fun() -> r3_hex_tarball:unpack(Tarball, Deep) end),
    _ = file:del_dir_r("a"),
    object(case Memory of
        {ok, Unpacked} -> unpacked(Unpacked);
        {error, Reason} -> [{refused, reason(Reason)}]
    end ++ case Disk of
        {ok, _} -> [];
        {error, Reason} -> [{refusedOnDisk, reason(Reason)}]
    end).

attempt(Unpack) ->
    try Unpack() catch Class:Reason -> {error, {Class, Reason}} end.

reason(Reason) -> string(lists:flatten(io_lib:format("~0tP", [Reason, 12]))).

unpacked(#{inner_checksum := Inner, outer_checksum := Outer, metadata := Metadata, contents := Contents}) ->
    [{innerChecksum, hex(Inner)}, {outerChecksum, hex(Outer)}, {metadata, json(Metadata)},
        {files, json_array([object([{path, string(Path)}, {sha256, hex(crypto:hash(sha256, Bytes))}])
            || {Path, Bytes} <- Contents])}].

%% ---------------------------------------------------------------- packages

packages(Folder) ->
    Code = [{"mix.exs", <<"defmodule Foo.MixProject do\nend\n">>}],
    [{"a small package", metadata(#{}), Code},
     {"a package without a description, and with nothing that may be absent",
         #{<<"name">> => <<"foo">>, <<"version">> => <<"1.0.0">>, <<"app">> => <<"foo">>,
           <<"files">> => [<<"mix.exs">>, <<"rebar.config">>, <<"Makefile">>], <<"requirements">> => #{}}, Code},
     {"requirements as rebar3 has them",
         metadata(#{<<"requirements">> => #{
             <<"cowboy">> => #{<<"app">> => <<"cowboy">>, <<"optional">> => false, <<"requirement">> => <<"~> 2.9">>},
             <<"ranch">> => #{<<"app">> => <<"ranch">>, <<"optional">> => true,
                              <<"requirement">> => <<">= 1.0.0 and < 3.0.0">>}}}), Code},
     {"requirements as mix has them",
         metadata(#{<<"requirements">> => [
             [{<<"name">>, <<"plug">>}, {<<"app">>, <<"plug">>}, {<<"optional">>, false},
              {<<"requirement">>, <<"~> 1.0 or ~> 2.0-rc.1">>}, {<<"repository">>, <<"hexpm">>}],
             [{<<"name">>, <<"inner_tool">>}, {<<"app">>, <<"tool">>}, {<<"optional">>, true},
              {<<"requirement">>, <<">= 0.0.0">>}, {<<"repository">>, <<"acme">>}]]}), Code},
     {"a description in many scripts",
         metadata(#{<<"description">> => <<"æøå – 日本語, русский, العربية, 🦆 and e\x{301}"/utf8>>}), Code},
     {"a description with quotes, backslashes and line feeds",
         metadata(#{<<"description">> => <<"\"quoted\" 'quoted' C:\\dir\\new \\x41 \\101 \\\\ \n\t\r\e\b\f\v end">>}), Code},
     {"a description with control characters",
         metadata(#{<<"description">> => <<"\"quoted\" 'quoted' C:\\dir\\new \\x41 \\101 \\\n\t\r\e\d\0\b\f\v end">>}), Code},
     {"a description in Latin-1 that is no UTF-8, in extra where anything may be",
         metadata(#{<<"extra">> => #{<<"latin1">> => <<"caf\351">>, <<"bytes">> => <<0, 255, 128>>}}), Code},
     {"links, maintainers and extra",
         metadata(#{<<"links">> => #{<<"GitHub">> => <<"https://github.com/foo/foo">>, <<"Ünï"/utf8>> => <<"http://example.com/?a=b#c">>},
                    <<"maintainers">> => [<<"Ann">>, <<"Bøb"/utf8>>],
                    <<"licenses">> => [<<"MIT">>, <<"Apache-2.0">>],
                    <<"elixir">> => <<"~> 1.14">>,
                    <<"build_tools">> => [<<"mix">>, <<"rebar3">>],
                    <<"extra">> => #{<<"number">> => 1, <<"negative">> => -5, <<"big">> => 1 bsl 80,
                                     <<"truth">> => true, <<"list">> => [<<"a">>, 2],
                                     <<"__proto__">> => <<"polluted">>,
                                     <<"deep">> => #{<<"er">> => #{<<"still">> => <<"here">>}}}}), Code},
     {"no requirements and unknown keys", metadata(#{<<"requirements">> => [], <<"secret_scan">> => true, <<"other">> => [#{}]}), Code},
     {"paths of every length around the limits of a header",
         metadata(#{}), [{path(Length), <<"x">>} || Length <- [99, 100, 101, 154, 155, 156, 157, 200, 254, 255, 256, 257, 400]]},
     {"file names in many scripts",
         metadata(#{}), [{"lib/æøå.ex", <<"1">>}, {"lib/日本/語.ex", <<"2">>}, {"priv/🦆", <<"3">>},
                         {"priv/" ++ lists:duplicate(120, $ü), <<"4">>}]},
     {"an empty file, and files around the size of a block",
         metadata(#{}), [{"size_" ++ integer_to_list(Size), binary:copy(<<"x">>, Size)}
             || Size <- [0, 1, 511, 512, 513, 1024, 70000]]},
     {"three hundred files",
         metadata(#{}), [{lists:flatten(io_lib:format("lib/f~b/g~b.ex", [N rem 7, N])), integer_to_binary(N)} || N <- lists:seq(1, 300)]},
     {"folders, links and a program, from the disk", metadata(#{}), on_disk(filename:join(Folder, "disk"))},
     {"no files at all", metadata(#{}), []}].

metadata(More) ->
    maps:merge(#{<<"name">> => <<"foo">>, <<"version">> => <<"1.0.0">>, <<"app">> => <<"foo">>,
        <<"description">> => <<"What foo is for">>, <<"licenses">> => [<<"MIT">>],
        <<"links">> => #{<<"GitHub">> => <<"https://example.com">>}, <<"build_tools">> => [<<"mix">>],
        <<"files">> => [<<"mix.exs">>], <<"requirements">> => #{}}, More).

path(Length) ->
    Name = "n" ++ integer_to_list(Length),
    Folders = lists:sublist(lists:flatten(lists:duplicate(Length, "dir4/")), Length - length(Name) - 2),
    Folders ++ "x/" ++ Name.

on_disk(Folder) ->
    At = fun(Name) -> filename:join(Folder, Name) end,
    ok = filelib:ensure_dir(At("bin/x")),
    ok = filelib:ensure_dir(At("empty/x")),
    ok = filelib:ensure_dir(At("lib/deep/er/x")),
    ok = file:write_file(At("bin/run"), <<"#!/bin/sh\n">>),
    ok = file:change_mode(At("bin/run"), 8#755),
    ok = file:write_file(At("lib/deep/er/code.erl"), <<"-module(code).\n">>),
    ok = file:make_symlink("../bin/run", At("lib/run")),
    ok = file:make_symlink("deep/er", At("lib/shortcut")),
    [{Name, At(Name)} || Name <- ["bin/run", "empty", "lib", "lib/deep/er/code.erl", "lib/run", "lib/shortcut"]].

%% ---------------------------------------------------------------- JSON

print_array(Items) -> io:put_chars(["[\n", lists:join(",\n", Items), "\n]\n"]).

json(Integer) when is_integer(Integer) -> object([{integer, string(integer_to_list(Integer))}]);
json(Binary) when is_binary(Binary) -> object([{binary, hex(Binary)}]);
json(Atom) when is_atom(Atom) -> object([{atom, string(atom_to_list(Atom))}]);
json(List) when is_list(List) -> object([{list, json_array([json(T) || T <- List])}]);
json(Tuple) when is_tuple(Tuple) -> object([{tuple, json_array([json(T) || T <- tuple_to_list(Tuple)])}]);
json(Map) when is_map(Map) ->
    object([{map, json_array([json_array([json(K), json(V)]) || {K, V} <- lists:sort(maps:to_list(Map))])}]).

object(Pairs) ->
    ["{", lists:join(", ", [["\"", atom_to_list(Key), "\": ", Value] || {Key, Value} <- Pairs]), "}"].

json_array(Items) -> ["[", lists:join(", ", Items), "]"].

hex(Bytes) -> ["\"", [io_lib:format("~2.16.0b", [Byte]) || <<Byte>> <= Bytes], "\""].

string(Characters) -> ["\"", [character(C) || C <- Characters], "\""].

character(C) when C =:= $"; C =:= $\\ -> [$\\, C];
character(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
character(C) -> C.
