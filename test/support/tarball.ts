/**
 * Builds tarballs, right ones and wrong ones, without Erlang. What it builds by default is judged
 * by hex_core in test/hex/tarball.test.ts.
 */
import { gzipSync } from "fflate";
import { concatBytes, sha256, toHex } from "../../src/hex/checksum.ts";

export interface TarMember {
  path: string;
  bytes?: Uint8Array | string;
  /** ustar typeflag: "0" file, "5" directory, "2" symlink … */
  type?: string;
  linkTarget?: string;
  /** Changes the finished 512-byte header, after which the checksum is made right again. */
  spoil?: (header: Uint8Array) => void;
}

export interface ReleaseOptions {
  name?: string;
  version?: string;
  /** Text of metadata.config entries that replace the default ones of the same key. */
  metadata?: Record<string, string>;
  /** The whole text of metadata.config. */
  metadataText?: string | Uint8Array;
  requirements?: Requirement[];
  /** How rebar3 writes requirements; mix's way by default. */
  rebar3?: boolean;
  files?: TarMember[];
  /** Instead of the gzipped tar of `files`. */
  contents?: Uint8Array;
  /** Members of the outer tar that replace or join the four. */
  members?: TarMember[];
  /** Changes the uploaded bytes without changing what is published. */
  salt?: string;
}

export interface Requirement {
  name: string;
  requirement?: string;
  app?: string;
  optional?: boolean;
  repository?: string;
}

const utf8 = new TextEncoder();
const bytesOf = (value: Uint8Array | string = "") =>
  typeof value === "string" ? utf8.encode(value) : value;

/** A package tarball as `mix hex.publish` would upload it. */
export async function packageTarball(options: ReleaseOptions = {}): Promise<Uint8Array> {
  const files = options.files ?? [
    { path: "mix.exs", bytes: `# ${options.salt ?? ""}\ndefmodule MixProject do\nend\n` },
    { path: "lib/code.ex", bytes: "defmodule Code do\nend\n" },
  ];
  const contents = options.contents ?? gzipSync(tar(files), { mtime: 0 });
  const metadata = bytesOf(options.metadataText ?? metadataConfig(options));
  const version = utf8.encode("3");
  const checksum = toHex(await sha256(version, metadata, contents)).toUpperCase();
  const members: TarMember[] = [
    { path: "VERSION", bytes: version },
    { path: "CHECKSUM", bytes: checksum },
    { path: "metadata.config", bytes: metadata },
    { path: "contents.tar.gz", bytes: contents },
  ];
  const replaced = (options.members ?? []).map(({ path }) => path);
  return tar([
    ...members.filter(({ path }) => !replaced.includes(path)),
    ...(options.members ?? []),
  ]);
}

/** metadata.config as mix writes it. */
export function metadataConfig(options: ReleaseOptions = {}): string {
  const { name = "foo", version = "1.0.0", requirements = [] } = options;
  const entries: Record<string, string> = {
    name: binary(name),
    version: binary(version),
    app: binary(name),
    description: binary(`What ${name} is for`),
    licenses: '[<<"MIT">>]',
    links: '[{<<"GitHub">>,<<"https://example.com">>}]',
    build_tools: '[<<"mix">>]',
    files: '[<<"mix.exs">>,<<"lib/code.ex">>]',
    requirements: `[${requirements.map(options.rebar3 ? rebar3Requirement : mixRequirement).join(",\n ")}]`,
    ...options.metadata,
  };
  return Object.entries(entries)
    .map(([key, value]) => `{<<"${key}">>,${value}}.\n`)
    .join("");
}

function mixRequirement(it: Requirement): string {
  return `[${requirementProperties(it, true).join(",")}]`;
}

function rebar3Requirement(it: Requirement): string {
  return `{${binary(it.name)},[${requirementProperties(it, false).join(",")}]}`;
}

function requirementProperties(it: Requirement, withName: boolean): string[] {
  return [
    ...(withName ? [`{<<"name">>,${binary(it.name)}}`] : []),
    `{<<"app">>,${binary(it.app ?? it.name)}}`,
    `{<<"optional">>,${it.optional ?? false}}`,
    `{<<"requirement">>,${binary(it.requirement ?? "~> 1.0")}}`,
    ...(it.repository === undefined ? [] : [`{<<"repository">>,${binary(it.repository)}}`]),
  ];
}

/** An Erlang binary of UTF-8 text. */
export function binary(text: string): string {
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n");
  return `<<"${escaped}"${/[^ -~]/.test(text) ? "/utf8" : ""}>>`;
}

/** A ustar archive with its two zero blocks. */
export function tar(members: readonly TarMember[]): Uint8Array {
  const pieces = members.flatMap((member) => {
    const bytes = bytesOf(member.bytes);
    return [
      tarHeader(member, bytes.length),
      bytes,
      new Uint8Array((512 - (bytes.length % 512)) % 512),
    ];
  });
  return concatBytes([...pieces, new Uint8Array(1024)]);
}

function tarHeader(member: TarMember, sizeBytes: number): Uint8Array {
  const header = new Uint8Array(512);
  const put = (offset: number, text: string) => header.set(utf8.encode(text), offset);
  put(0, member.path);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${sizeBytes.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(156, member.type ?? "0");
  put(157, member.linkTarget ?? "");
  put(257, "ustar\x0000");
  member.spoil?.(header);
  put(148, "        ");
  put(
    148,
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
  );
  return header;
}

/** A pax header: the keys and values say something about the next entry (`x`) or all of them (`g`). */
export function pax(
  records: readonly (readonly [string, string | Uint8Array])[],
  type: "x" | "g" = "x",
): TarMember {
  return { path: "pax_header", type, bytes: concatBytes(records.map((it) => paxRecord(...it))) };
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
export function paxRecord(key: string, value: string | Uint8Array): Uint8Array {
  const rest = concatBytes([utf8.encode(` ${key}=`), bytesOf(value), utf8.encode("\n")]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length++;
  return concatBytes([utf8.encode(String(length)), rest]);
}

/** GNU's long name (`L`) or long link target (`K`) for the next entry. */
export function longLink(text: string | Uint8Array, type: "L" | "K" = "L"): TarMember {
  return { path: "././@LongLink", type, bytes: text };
}

/** A `spoil` that writes text over the header. */
export function put(offset: number, text: string | Uint8Array): (header: Uint8Array) => void {
  return (header) => header.set(bytesOf(text), offset);
}
