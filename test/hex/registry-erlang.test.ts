/** hex_core's own Erlang reads the registry files that we build, and we read those that it builds. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/hex/checksum.ts";
import {
  buildNames,
  buildPackage,
  buildSigned,
  buildVersions,
  concatEntries,
  encodeVersionsEntry,
  type PackageResource,
  type ReleaseResource,
  unpackNames,
  unpackPackage,
  unpackVersions,
} from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { erlangAvailable, runErlang } from "../support/erlang.ts";
import committed from "./vectors/registry.json" with { type: "json" };

const text = new TextEncoder();
const installed = erlangAvailable ? "" : " (skipped: no erl or no rebar3)";

describe("files of hex_core, as committed", () => {
  it("are read whole", () => expectHexCoreFiles(committed));

  it("are refused without a signature", async () => {
    const { key, expected } = await reader(committed);
    const unpacked = unpackNames(fromBase64(committed.unsigned), key, expected);
    await expect(unpacked).rejects.toMatchObject({ reason: "bad_signature" });
  });
});

describe.skipIf(!erlangAvailable)(`hex_core itself${installed}`, () => {
  it("builds today what is committed, with another key", async () => {
    const script = readFileSync(join(import.meta.dirname, "vectors/registry.erl"), "utf8");
    await expectHexCoreFiles(JSON.parse(runErlang(script)));
  });

  it("verifies and reads the files that we build", async () => {
    const key = await parsePrivateKey(await generateSigningKey());
    const now = { mtimeSeconds: 1_700_000_000 };
    const folder = mkdtempSync(join(tmpdir(), "hexedge-registry-"));
    const write = async (name: string, content: string | Promise<Uint8Array>) =>
      writeFileSync(join(folder, name), await content);
    try {
      await write("public_key", await publicKeyPem(key));
      await write("names", buildNames(names, key, now));
      await write("versions", buildVersions(versions, key, now));
      await write("package", buildPackage(await everyField(), key, now));
      const joined = concatEntries(versions.packages.map(encodeVersionsEntry), versions.repository);
      await write("versions_joined", buildSigned(joined, key, now));
      expect(runErlang(reading, [folder])).toBe(
        "names: same\nversions: same\nversions_joined: same\npackage: same\n",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** What test/hex/vectors/registry.erl says. */
async function expectHexCoreFiles(files: typeof committed): Promise<void> {
  const { key, expected } = await reader(files);
  expect(await unpackNames(fromBase64(files.names), key, expected)).toEqual({
    repository: "acme",
    packages: [{ name: "apple" }, { name: "pear_tree" }],
  });
  expect(await unpackVersions(fromBase64(files.versions), key, expected)).toEqual(versions);

  const apple = await unpackPackage(fromBase64(files.package), key, { ...expected, name: "apple" });
  expect(apple).toEqual({
    repository: "acme",
    name: "apple",
    advisories: [],
    releases: [
      await release("0.1.0", { retired: { reason: "other" } }),
      await release("0.2.0", { retired: { reason: "invalid", message: "" } }),
      await release("0.3.0", { retired: { reason: "security", message: "Été 中文 🍎" } }),
      await release("0.4.0", { retired: { reason: "deprecated", message: "use pear" } }),
      await release("0.5.0", { retired: { reason: "renamed", message: "to pear" } }),
      await release("1.0.0-rc.1", {}),
      await release("1.0.0", { dependencies: [pear, jason, { ...plum, optional: false }] }),
      await release("1.0.1", { outerChecksum: undefined }),
    ],
  });
}

async function reader(files: typeof committed) {
  return { key: await parsePublicKey(files.public_key_spki), expected: { repository: "acme" } };
}

const pear = { package: "pear_tree", requirement: "~> 1.0" };
const jason = {
  package: "jason",
  requirement: ">= 0.0.0",
  optional: true,
  app: "json",
  repository: "hexpm",
};
const plum = { package: "plum", requirement: "1.2.3" };

const names = {
  repository: "acme",
  packages: [
    { name: "apple", updatedAt: { seconds: 1_700_000_000, nanos: 1 } },
    { name: "pear_tree" },
  ],
};

const versions = {
  repository: "acme",
  packages: [
    {
      name: "apple",
      versions: ["0.1.0", "1.0.0-rc.1", "1.0.0"],
      retired: [0, 2],
      withAdvisories: [],
    },
    { name: "pear_tree", versions: ["2.0.0+build"], retired: [], withAdvisories: [] },
    {
      name: "plum",
      versions: Array.from({ length: 200 }, (_, minor) => `1.${minor}.0`),
      retired: [1, 127, 128, 199],
      withAdvisories: [],
    },
  ],
};

async function everyField(): Promise<PackageResource> {
  const advisory = { summary: "s", htmlUrl: "h", apiUrl: "a", aliases: ["CVE-1", "CVE-2"] };
  return {
    repository: "acme",
    name: "apple",
    advisories: [
      { id: "GHSA-1", ...advisory, severity: "critical", cvssScore: 9.8 },
      { id: "GHSA-2", ...advisory },
    ],
    releases: [
      await release("0.3.0", { retired: { reason: "security", message: "Été 中文 🍎" } }),
      await release("0.4.0", { retired: { reason: "renamed" } }),
      await release("1.0.0", {
        dependencies: [pear, jason, plum],
        advisoryIndexes: [0, 1],
        publishedAt: { seconds: 1_700_000_000, nanos: 999_999_999 },
      }),
    ],
  };
}

async function release(
  version: string,
  fields: Partial<ReleaseResource>,
): Promise<ReleaseResource> {
  return {
    version,
    innerChecksum: await sha256(text.encode(`inner ${version}`)),
    outerChecksum: await sha256(text.encode(`outer ${version}`)),
    dependencies: [],
    advisoryIndexes: [],
    ...fields,
  };
}

function fromBase64(encoded: string): Uint8Array {
  return new Uint8Array(Buffer.from(encoded, "base64"));
}

/** hex_core 0.7.1 does not know advisories and times, and must read the rest beside them. */
const reading = String.raw`
main([Folder]) ->
    {ok, Key} = file:read_file(filename:join(Folder, "public_key")),
    Read = fun(File) ->
        {ok, Gzip} = file:read_file(filename:join(Folder, File)),
        {ok, Payload} = r3_hex_registry:decode_and_verify_signed(zlib:gunzip(Gzip), Key),
        Payload
    end,
    Names = Read("names"),
    {ok, _} = r3_hex_registry:decode_names(Names, <<"acme">>),
    check("names", names(), r3_hex_pb_names:decode_msg(Names, 'Names')),
    [begin
        Versions = Read(File),
        {ok, _} = r3_hex_registry:decode_versions(Versions, <<"acme">>),
        check(File, versions(), r3_hex_pb_versions:decode_msg(Versions, 'Versions'))
    end || File <- ["versions", "versions_joined"]],
    Package = Read("package"),
    {ok, _} = r3_hex_registry:decode_package(Package, <<"acme">>, <<"apple">>),
    check("package", package(), r3_hex_pb_package:decode_msg(Package, 'Package')).

check(What, Expected, Expected) -> io:format("~s: same~n", [What]);
check(What, Expected, Other) -> io:format("~s: ~tp~nbut expected: ~tp~n", [What, Other, Expected]).

names() ->
    #{repository => <<"acme">>, packages => [#{name => <<"apple">>}, #{name => <<"pear_tree">>}]}.

versions() ->
    #{repository => <<"acme">>, packages => [
        #{name => <<"apple">>, versions => [<<"0.1.0">>, <<"1.0.0-rc.1">>, <<"1.0.0">>], retired => [0, 2]},
        #{name => <<"pear_tree">>, versions => [<<"2.0.0+build">>], retired => []},
        #{name => <<"plum">>, versions => [<<"1.", (integer_to_binary(I))/binary, ".0">> || I <- lists:seq(0, 199)],
          retired => [1, 127, 128, 199]}]}.

package() -> #{repository => <<"acme">>, name => <<"apple">>, releases => [
    release(<<"0.3.0">>, #{retired => #{reason => 'RETIRED_SECURITY', message => unicode()}}),
    release(<<"0.4.0">>, #{retired => #{reason => 'RETIRED_RENAMED'}}),
    release(<<"1.0.0">>, #{dependencies => [
        #{package => <<"pear_tree">>, requirement => <<"~> 1.0">>},
        #{package => <<"jason">>, requirement => <<">= 0.0.0">>, optional => true, app => <<"json">>,
          repository => <<"hexpm">>},
        #{package => <<"plum">>, requirement => <<"1.2.3">>}]})]}.

release(Version, Fields) ->
    maps:merge(#{
        version => Version,
        inner_checksum => crypto:hash(sha256, <<"inner ", Version/binary>>),
        outer_checksum => crypto:hash(sha256, <<"outer ", Version/binary>>),
        dependencies => []
    }, Fields).

unicode() ->
    unicode:characters_to_binary([16#C9, $t, 16#E9, $\s, 16#4E2D, 16#6587, $\s, 16#1F34E]).
`;
