#!/usr/bin/env escript
%%! +pc unicode
%% Judges terms for the tests of src/hex/erlang/: escript judge.escript IN OUT
%%
%% A line of IN is a term as text and, after a space, as our encoder wrote it, both in hexadecimal.
%% A line of OUT is `same` when Erlang reads the same term from both, else `different`; then the
%% term as Erlang encodes it, and as hex_core prints it into metadata.config.
-mode(compile).

main([In, Out]) ->
    {ok, Lines} = file:read_file(In),
    ok = file:write_file(Out, [judge(Line) || Line <- binary:split(Lines, <<"\n">>, [global, trim])]).

judge(Line) ->
    [Text, Bytes] = [binary:decode_hex(Hex) || Hex <- binary:split(Line, <<" ">>)],
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text)),
    {ok, Term} = erl_parse:parse_term(Tokens),
    Printed = [io_lib_pretty:print(Term, [{encoding, utf8}]), ".\n"],
    [verdict(Term, Bytes), " ", binary:encode_hex(term_to_binary(Term)), " ",
        binary:encode_hex(unicode:characters_to_binary(Printed)), "\n"].

verdict(Term, Bytes) ->
    try binary_to_term(Bytes, [safe]) =:= Term of
        true -> "same";
        false -> "different"
    catch
        error:badarg -> "different"
    end.
