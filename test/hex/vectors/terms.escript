#!/usr/bin/env escript
%%! +pc unicode
%% Writes terms.json and consult.json beside itself: what real Erlang makes of terms, for the tests
%% of src/hex/erlang/. Run it when a vector is added: escript test/hex/vectors/terms.escript
%%
%% terms.json: {accepted: [{title, bytes, term}], refused: [{title, bytes}]}, the bytes in
%% hexadecimal. consult.json: [{title, text, terms}], where each character of the text is a byte.
%% A term is an object with its kind: {"integer": "1"}, {"binary": "666f6f"}, {"map": [[key, value]]} …
%% `+pc unicode` makes io_lib print text as text, as Elixir's own start script does for mix.
%% The bytes do not depend on the release of OTP: what would (functions, pids …) is written by hand.

main(_) ->
    Here = filename:dirname(filename:absname(escript:script_name())),
    write(Here, "terms.json", ["{\"accepted\": [\n", lines([accepted(V) || V <- accepted()]),
        "\n], \"refused\": [\n", lines([refused(V) || V <- refused()]), "\n]}\n"]),
    write(Here, "consult.json", ["[\n", lines([consulted(V) || V <- texts()]), "\n]\n"]).

write(Here, Name, Json) ->
    ok = file:write_file(filename:join(Here, Name), unicode:characters_to_binary(Json)).

lines(Vectors) -> lists:join(",\n", Vectors).

%% ---------------------------------------------------------------- the external term format

accepted({Title, Bytes}) ->
    Term = binary_to_term(Bytes, [safe]),
    ["{\"title\": ", string(Title), ", \"bytes\": ", hex(Bytes), ", \"term\": ", json(Term), "}"].

refused({Title, Bytes}) -> ["{\"title\": ", string(Title), ", \"bytes\": ", hex(Bytes), "}"].

accepted() ->
    [{lists:flatten(io_lib:format("the integer ~b", [I])), encode(I)} || I <- integers()] ++
    [{lists:flatten(io_lib:format("the integer ~ts", [Name])), encode(I)} || {Name, I} <- big()] ++
    [{lists:flatten(io_lib:format("the float ~w", [F])), encode(F)}
        || F <- [0.1, -1.5, 1.0, 1.0e300, 5.0e-324, 1.7976931348623157e308]] ++
    [{lists:flatten(io_lib:format("the float ~w as text", [F])), term_to_binary(F, [{minor_version, 0}])}
        || F <- [0.1, -1.5, 1.0, 1.0e300]] ++
    [{atom_to_list(Atom) ++ " as " ++ Kind, <<131, (Header(atom_to_binary(Atom)))/binary>>}
        || Atom <- [nil, true, false, undefined, null], {Kind, Header} <- atom_kinds()] ++
    [{"an integer with zeros in front", <<131, 110, 4, 0, 7, 0, 0, 0>>},
     {"an integer of no bytes", <<131, 110, 0, 0>>},
     {"minus zero as an integer", <<131, 110, 1, 1, 0>>},
     {"a small integer in the large form", <<131, 111, 0, 0, 0, 1, 1, 5>>},
     {"an empty binary", encode(<<>>)},
     {"a binary of ASCII", encode(<<"phoenix">>)},
     {"a binary of UTF-8", encode(<<"æøå 日本 🦆"/utf8>>)},
     {"a binary with a byte order mark", encode(<<16#feff/utf8, "a">>)},
     {"a binary with a zero byte", encode(<<"a", 0, "b">>)},
     {"a binary of Latin-1", encode(<<"æøå">>)},
     {"a binary of half a surrogate pair", encode(<<16#ed, 16#a0, 16#80>>)},
     {"a binary of 32 bytes that are no text", encode(list_to_binary(lists:seq(224, 255)))},
     {"the empty list", encode([])},
     {"a list without elements in the long form", <<131, 108, 0:32, 106>>},
     {"a list", encode([1, <<"two">>, [3.5], []])},
     {"a string, which is a list of bytes", encode("abc")},
     {"a string of 300 bytes", encode(lists:duplicate(300, 255))},
     {"a list of 256 and more", encode([256, 257])},
     {"the empty tuple", encode({})},
     {"a tuple", encode({true, [<<"a">>], {}})},
     {"a tuple of 300", encode(list_to_tuple(lists:duplicate(300, 0)))},
     {"the empty map", encode(#{})},
     {"a map", encode(#{<<"name">> => <<"foo">>, <<"meta">> => #{<<"links">> => #{}}})},
     {"a map of 40", encode(maps:from_list([{integer_to_binary(I), I} || I <- lists:seq(1, 40)]))},
     {"a map with keys that JavaScript knows",
         encode(#{<<"__proto__">> => #{<<"admin">> => true}, <<"constructor">> => 1})},
     {"a map with keys that are no text", encode(#{1 => a(nil), 2.5 => a(true), a(nil) => 0, true => 1})},
     {"a body that publishes a key", encode(#{<<"name">> => <<"ci">>, <<"permissions">> =>
         [#{<<"domain">> => <<"api">>, <<"resource">> => nil}]})}].

%% Not a literal, so that the compiler does not warn.
a(Atom) -> Atom.

encode(Term) -> term_to_binary(Term, [{minor_version, 2}]).

integers() ->
    [0, 1, 255, 256, -1, -128, 2147483647, -2147483648, 2147483648, -2147483649, 4294967295].

big() ->
    [{lists:concat([Sign, "(2^", Power, Text, ")"]), list_to_integer(Sign ++ "1") * ((1 bsl Power) + Add)}
        || Power <- [53, 63, 64, 2000, 2040, 2047], {Text, Add} <- [{" - 1", -1}, {"", 0}, {" + 1", 1}],
           Sign <- ["+", "-"]].

atom_kinds() ->
    [{"ATOM_EXT", fun(Name) -> <<100, (byte_size(Name)):16, Name/binary>> end},
     {"SMALL_ATOM_EXT", fun(Name) -> <<115, (byte_size(Name)), Name/binary>> end},
     {"ATOM_UTF8_EXT", fun(Name) -> <<118, (byte_size(Name)):16, Name/binary>> end},
     {"SMALL_ATOM_UTF8_EXT", fun(Name) -> <<119, (byte_size(Name)), Name/binary>> end}].

refused() ->
    Node = <<119, 13, "nonode@nohost">>,
    Big = 1 bsl (8 * 256),
    [{"nothing", <<>>},
     {"the version alone", <<131>>},
     {"another version", <<130, 97, 1>>},
     {"no version", <<97, 1>>},
     {"the atom ok", encode(ok)},
     {"the empty atom", encode('')},
     {"the atom NIL", <<131, 119, 3, "NIL">>},
     {"an atom that no Erlang knows", <<131, 119, 20, "zzz_unknown_atom_xyz">>},
     {"an atom in a cache", <<131, 82, 0>>},
     {"an atom for a key", encode(#{name => 1})},
     {"a compressed list", term_to_binary(lists:duplicate(1000, <<"a">>), [compressed])},
     {"a compressed integer", <<131, 80, 0, 0, 0, 2, (zlib:compress(<<97, 1>>))/binary>>},
     {"a function of a module", <<131, 113, 119, 5, "lists", 119, 3, "map", 97, 2>>},
     {"a function", <<131, 112, 0, 0, 0, 60, 0, 0:128, 0:32, 0:32>>},
     {"a pid", <<131, 103, Node/binary, 42:32, 0:32, 0>>},
     {"a new pid", <<131, 88, Node/binary, 42:32, 0:32, 0:32>>},
     {"a port", <<131, 102, Node/binary, 1:32, 0>>},
     {"a new port", <<131, 89, Node/binary, 1:32, 0:32>>},
     {"a large port", <<131, 120, Node/binary, 1:64, 0:32>>},
     {"a reference", <<131, 114, 1:16, Node/binary, 0, 1:32>>},
     {"a newer reference", <<131, 90, 1:16, Node/binary, 0:32, 1:32>>},
     {"a bit string", encode(<<1:1>>)},
     {"a local term", <<131, 121, 0, 0, 0, 0, 97, 1>>},
     {"an improper list", encode([1 | 2])},
     {"a list with another list for a tail", <<131, 108, 1:32, 97, 1, 108, 1:32, 97, 2, 106>>},
     {"a string for a tail", <<131, 108, 1:32, 97, 1, 107, 1:16, "a">>},
     {"a map that names a key twice", <<131, 116, 2:32, 97, 1, 97, 1, 97, 1, 97, 2>>},
     {"a map that names the key 1 and 1.0", encode(#{1 => a(true), 1.0 => a(false)})},
     {"a map that names the key nil and undefined", encode(#{nil => 1, undefined => 2})},
     {"a map with a list for a key", encode(#{[] => 1})},
     {"a map with a tuple for a key", encode(#{{} => 1})},
     {"a map with a map for a key", encode(#{#{} => 1})},
     {"a map with bytes for a key", encode(#{<<255>> => 1})},
     {"a float that is no number", <<131, 70, 16#7ff80000:32, 0:32>>},
     {"a float without end", <<131, 70, 16#7ff00000:32, 0:32>>},
     {"a float of text that is none", <<131, 99, "Infinity", 0:184>>},
     {"a float of hexadecimal text", <<131, 99, "0x10", 0:216>>},
     {"a float of text that is too big", <<131, 99, "1.00000000000000000000e+999", 0:32>>},
     {"an integer with a sign of 2", <<131, 110, 1, 2, 1>>},
     {"an integer of 257 bytes", encode(Big)},
     {"an integer of four gigabytes", <<131, 111, 16#ffffffff:32, 0, 1>>},
     {"a binary of four gigabytes", <<131, 109, 16#ffffffff:32, "a">>},
     {"a list of four milliard", <<131, 108, 16#ffffffff:32, 97, 1, 106>>},
     {"a tuple of four milliard", <<131, 105, 16#ffffffff:32, 97, 1>>},
     {"a map of four milliard", <<131, 116, 16#ffffffff:32, 97, 1, 97, 1>>},
     {"a string longer than the bytes", <<131, 107, 16#ffff:16, "a">>},
     {"an atom longer than the bytes", <<131, 118, 16#ffff:16, "nil">>},
     {"a trailing byte", <<131, 97, 1, 0>>},
     {"two terms", <<131, 97, 1, 131, 97, 1>>}].

%% ---------------------------------------------------------------- the text of terms

consulted({Title, Text}) ->
    Terms = consult(Text),
    ["{\"title\": ", string(Title), ", \"text\": ", bytes_as_characters(Text),
        ", \"terms\": [", lists:join(", ", [json(T) || T <- Terms]), "]}"].

%% As hex_core reads a file; where the file is UTF-8, file:consult/1 must agree.
consult(Text) ->
    {Encoding, Characters} = case unicode:characters_to_list(Text) of
        List when is_list(List) -> {utf8, List};
        _ -> {latin1, binary_to_list(Text)}
    end,
    {ok, Tokens, _} = erl_scan:string(Characters),
    Terms = parse(Tokens, []),
    Encoding =:= latin1 orelse begin {ok, Terms} = file_consult(Text) end,
    Terms.

parse([], []) -> [];
parse([Dot = {dot, _} | Tokens], Read) ->
    {ok, Term} = erl_parse:parse_term(lists:reverse(Read, [Dot])),
    [Term | parse(Tokens, [])];
parse([Token | Tokens], Read) -> parse(Tokens, [Token | Read]).

file_consult(Text) ->
    Path = filename:join(os:getenv("TMPDIR", "/tmp"), "terms-" ++ os:getpid()),
    ok = file:write_file(Path, Text),
    Result = file:consult(Path),
    ok = file:delete(Path),
    Result.

texts() ->
    [{"an empty text", <<>>},
     {"white space", <<" \n\t\r\n">>},
     {"metadata as hex_core writes it", as_hex_core_writes(metadata())},
     {"metadata as old versions of mix wrote it", old_metadata()},
     {"a rebar.lock", rebar_lock()},
     {"a rebar.lock of the first kind",
         <<"[{<<\"goldrush\">>,\n  {git,\"https://github.com/DeadZed/goldrush.git\",\n",
           "       {ref,\"71e63212f12c25827e0c1b4198d37d5d018a7fec\"}},\n  0}].\n">>},
     {"comments", <<"%% a lock\n{a, % why\n 1}. % \"end\n%">>},
     {"comments at the end without a line feed", <<"a.%">>},
     {"atoms", <<"nil. true. false. undefined. null. a. aB_9@c. 'true'. 'A b'. ''. '\\'\\x{65e5}\\n'.">>},
     {"integers", <<"0. 1. -1. +1. - 5. 00012. 9007199254740991. 9007199254740992. -9007199254740993.",
         " 340282366920938463463374607431768211456.">>},
     {"integers of 616 digits", list_to_binary([lists:duplicate(616, $9), ". -", lists:duplicate(616, $9), "."])},
     {"tuples", <<"{}. {a}. { a , {b,[ ]} }.">>},
     {"lists", <<"[]. [1,2]. [[],[[1]]].">>},
     {"maps", <<"#{}. #{<<\"a\">> => 1, 2=>#{nil=>true}, -3=><<>>}. # { true => [] } .">>},
     {"strings", <<"\"\". \"abc\". \"a\" \"b\"\n\"c\". \"a\nb\".">>},
     {"strings of UTF-8", <<"\"æøå 日本 🦆\". '日本'. <<\"æøå 日本 🦆\"/utf8>>."/utf8>>},
     {"a text of Latin-1", <<"\"æøå\". <<\"æøå\">>. <<\"æøå\"/utf8>>. <<\"", 16#80, 16#9f, "\"/utf8>>.">>},
     {"Latin-1 characters in a text of UTF-8", <<"<<\"é\">>. <<\"a\",\"é\"/utf8>>."/utf8>>},
     {"binaries", <<"<<>>. << >>. <<\"\">>. <<1,2,255>>. <<\"a\", 98 ,\"c\" \"d\"/utf8>>. <<195,169>>. <<\"Ã©\">>.">>},
     {"escapes", list_to_binary([["\"\\", C, "\". <<\"\\", C, "\">>. "]
         || C <- lists:seq($!, $~), not lists:member(C, "x^")])},
     {"octal escapes", <<"\"\\0\\00\\000\\1a\\12a\\101\\1011\\377\\777\". <<\"\\0\\377\">>.">>},
     {"hexadecimal escapes", <<"\"\\x41\\x4a4\\xfF\\x{41}\\x{0}\\x{10FFFF}\\x{1f986}\". <<\"\\x{1F986}\"/utf8>>.">>},
     {"control escapes", list_to_binary(["\"", [["\\^", C] || C <- lists:seq($@, $_) ++ lists:seq($a, $z)], "\"."])},
     {"dots in strings", <<"{\"1.2.3\", <<\"a. b.\">>, 'c.'}.">>}].

metadata() ->
    [{<<"app">>, <<"foo">>},
     {<<"build_tools">>, [<<"mix">>]},
     {<<"description">>, <<"Ünï \"quoted\" back\\slash 日本\nline two\t🦆"/utf8>>},
     {<<"elixir">>, <<"~> 1.14">>},
     {<<"files">>, [<<"lib">>, <<"lib/foo.ex">>, <<"mix.exs">>]},
     {<<"licenses">>, [<<"Apache-2.0">>]},
     {<<"links">>, [{<<"GitHub">>, <<"https://example.com">>}]},
     {<<"name">>, <<"foo">>},
     {<<"requirements">>, [[{<<"name">>, <<"bar">>}, {<<"app">>, <<"bar">>}, {<<"optional">>, false},
         {<<"requirement">>, <<"~> 1.0">>}, {<<"repository">>, <<"hexpm">>}]]},
     {<<"extra">>, [{<<"n">>, 1}, {<<"none">>, nil}, {<<"bytes">>, <<0, 1, 255>>}, {<<"latin1">>, <<"é">>}]},
     {<<"version">>, <<"1.0.0">>}].

as_hex_core_writes(Pairs) ->
    unicode:characters_to_binary([[io_lib_pretty:print(Pair, [{encoding, utf8}]), ".\n"] || Pair <- Pairs]).

old_metadata() ->
    <<"{<<\"name\">>,<<\"foo\">>}.\n{<<\"version\">>,<<\"0.1.0\">>}.\n{<<\"description\">>,<<\"caf",
      16#c3, 16#a9, "\">>}.\n{<<\"requirements\">>,[{<<\"bar\">>,[{<<\"requirement\">>,<<\"~> 0.1\">>},",
      "{<<\"optional\">>,nil}]}]}.\n{<<\"contributors\">>,[]}.\n">>.

rebar_lock() ->
    <<"{\"1.2.0\",\n[{<<\"cowboy\">>,{pkg,<<\"cowboy\">>,<<\"2.9.0\">>},0},\n",
      " {<<\"ranch\">>,\n  {git,\"https://github.com/ninenines/ranch\",\n",
      "       {ref,\"a692f44567034dacf5efcaa24a24183788594eb7\"}},\n  1}]}.\n",
      "[\n{pkg_hash,[\n {<<\"cowboy\">>, <<\"865DD8B6607E14CF03282E10E934023A1BD8BE6F6BACF921A7E2A96D800CD452\">>}]},\n",
      "{pkg_hash_ext,[\n {<<\"cowboy\">>, <<\"2C729F934B4E1AA149AFF882F57C6372C15399A20D54F65C8D67BEF583021BDE\">>}]}\n].\n">>.

%% ---------------------------------------------------------------- JSON

json(Integer) when is_integer(Integer) -> ["{\"integer\": \"", integer_to_list(Integer), "\"}"];
json(Float) when is_float(Float) -> ["{\"float\": \"", io_lib:format("~w", [Float]), "\"}"];
json(Binary) when is_binary(Binary) -> ["{\"binary\": ", hex(Binary), "}"];
json(Atom) when is_atom(Atom) -> ["{\"atom\": ", string(atom_to_list(Atom)), "}"];
json(List) when is_list(List) -> ["{\"list\": ", json_array([json(T) || T <- List]), "}"];
json(Tuple) when is_tuple(Tuple) -> ["{\"tuple\": ", json_array([json(T) || T <- tuple_to_list(Tuple)]), "}"];
json(Map) when is_map(Map) ->
    Pairs = lists:sort(maps:to_list(Map)),
    ["{\"map\": ", json_array([json_array([json(K), json(V)]) || {K, V} <- Pairs]), "}"].

json_array(Items) -> ["[", lists:join(", ", Items), "]"].

hex(Bytes) -> ["\"", [io_lib:format("~2.16.0b", [Byte]) || <<Byte>> <= Bytes], "\""].

string(Characters) -> ["\"", [character(C) || C <- Characters], "\""].

bytes_as_characters(Bytes) -> string(binary_to_list(Bytes)).

character(C) when C =:= $"; C =:= $\\ -> [$\\, C];
character(C) when C < 32; C > 126, C < 16#10000 -> io_lib:format("\\u~4.16.0b", [C]);
character(C) -> C.
