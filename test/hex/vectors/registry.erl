%% Writes test/hex/vectors/registry.json: registry files as hex_core builds them, and the key they are
%% signed with. From the top folder, where Erlang and rebar3 are installed:
%%
%%   node test/support/erlang.ts test/hex/vectors/registry.erl > test/hex/vectors/registry.json
%%
%% The values are repeated in test/hex/registry.test.ts, which decodes them. The key is fresh each time.

main(_) ->
    Private = public_key:generate_key({rsa, 2048, 65537}),
    {'RSAPrivateKey', _, N, E, _, _, _, _, _, _, _} = Private,
    Public = {'RSAPublicKey', N, E},
    File = fun(Payload) ->
        base64:encode(zlib:gzip(r3_hex_registry:sign_protobuf(Payload, Private)))
    end,
    io:put_chars(json([
        {<<"private_key_pkcs1">>, pem('RSAPrivateKey', Private)},
        {<<"private_key_pkcs8">>, pem('PrivateKeyInfo', Private)},
        {<<"public_key_pkcs1">>, pem('RSAPublicKey', Public)},
        {<<"public_key_spki">>, pem('SubjectPublicKeyInfo', Public)},
        {<<"fingerprint">>, fingerprint(N, E)},
        {<<"names">>, File(r3_hex_registry:encode_names(names()))},
        {<<"versions">>, File(r3_hex_registry:encode_versions(versions()))},
        {<<"package">>, File(r3_hex_registry:encode_package(package()))},
        {<<"unsigned">>, base64:encode(zlib:gzip(
            r3_hex_pb_signed:encode_msg(#{payload => <<"payload">>}, 'Signed')))}
    ])).

names() ->
    #{repository => <<"acme">>, packages => [#{name => <<"apple">>}, #{name => <<"pear_tree">>}]}.

versions() ->
    #{repository => <<"acme">>, packages => [
        #{name => <<"apple">>, versions => [<<"0.1.0">>, <<"1.0.0-rc.1">>, <<"1.0.0">>], retired => [0, 2]},
        #{name => <<"pear_tree">>, versions => [<<"2.0.0+build">>], retired => []},
        %% Enough versions that a position takes two bytes.
        #{name => <<"plum">>, versions => [<<"1.", (integer_to_binary(I))/binary, ".0">> || I <- lists:seq(0, 199)],
          retired => [1, 127, 128, 199]}
    ]}.

package() ->
    #{repository => <<"acme">>, name => <<"apple">>, releases => [
        release(<<"0.1.0">>, #{retired => #{reason => 'RETIRED_OTHER'}}),
        release(<<"0.2.0">>, #{retired => #{reason => 'RETIRED_INVALID', message => <<>>}}),
        release(<<"0.3.0">>, #{retired => #{reason => 'RETIRED_SECURITY', message => unicode()}}),
        release(<<"0.4.0">>, #{retired => #{reason => 'RETIRED_DEPRECATED', message => <<"use pear">>}}),
        release(<<"0.5.0">>, #{retired => #{reason => 'RETIRED_RENAMED', message => <<"to pear">>}}),
        release(<<"1.0.0-rc.1">>, #{}),
        release(<<"1.0.0">>, #{dependencies => [
            #{package => <<"pear_tree">>, requirement => <<"~> 1.0">>},
            #{package => <<"jason">>, requirement => <<">= 0.0.0">>, optional => true, app => <<"json">>,
              repository => <<"hexpm">>},
            #{package => <<"plum">>, requirement => <<"1.2.3">>, optional => false}
        ]}),
        maps:remove(outer_checksum, release(<<"1.0.1">>, #{}))
    ]}.

release(Version, Fields) ->
    maps:merge(#{
        version => Version,
        inner_checksum => crypto:hash(sha256, <<"inner ", Version/binary>>),
        outer_checksum => crypto:hash(sha256, <<"outer ", Version/binary>>),
        dependencies => []
    }, Fields).

unicode() ->
    unicode:characters_to_binary([16#C9, $t, 16#E9, $\s, 16#4E2D, 16#6587, $\s, 16#1F34E]).

pem(Type, Key) ->
    public_key:pem_encode([public_key:pem_entry_encode(Type, Key)]).

%% As hex_core's newer versions have it: over OpenSSH's form of the key.
fingerprint(N, E) ->
    Wire = <<7:32, "ssh-rsa", (mpint(E))/binary, (mpint(N))/binary>>,
    [<<"SHA256:">>, string:trim(base64:encode(crypto:hash(sha256, Wire)), trailing, "=")].

mpint(Number) ->
    case binary:encode_unsigned(Number) of
        <<1:1, _/bitstring>> = Bytes -> <<(byte_size(Bytes) + 1):32, 0, Bytes/binary>>;
        Bytes -> <<(byte_size(Bytes)):32, Bytes/binary>>
    end.

json(Fields) ->
    Lines = [["  \"", Name, "\": \"", string:replace(Value, "\n", "\\n", all), "\""] || {Name, Value} <- Fields],
    ["{\n", lists:join(",\n", Lines), "\n}\n"].
