/**
 * hex_core's verdict on package tarballs, as test/hex/vectors/tarballs.erl asks for it: what it unpacks
 * is what every client unpacks. Only where erlangAvailable says so; hundreds in one call, because the
 * start is what takes time.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "fflate";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import type { Json } from "../../src/hex/erlang/term.ts";
import { Atom, type Term, Tuple } from "../../src/hex/erlang/term.ts";
import type { Metadata } from "../../src/hex/metadata.ts";
import { readTar } from "../../src/hex/tar.ts";
import { expected, type WrittenTerm } from "../hex/erlang/vectors.ts";
import { runErlang } from "./erlang.ts";

export interface Unpacked {
  innerChecksum: string;
  outerChecksum: string;
  metadata: WrittenTerm;
  /** The regular files of the contents, in order. */
  files: { path: string; sha256: string }[];
}

export type Verdict = (Unpacked | { refused: string }) & {
  /** Why unpacking into a folder failed, where hex_core also looks at paths and links. */
  refusedOnDisk?: string;
};

export function judgeTarballs(tarballs: readonly Uint8Array[]): Verdict[] {
  const folder = mkdtempSync(join(tmpdir(), "hexedge-tarballs-"));
  try {
    const file = join(folder, "tarballs");
    writeFileSync(file, tarballs.map((it) => `${Buffer.from(it).toString("base64")}\n`).join(""));
    const script = readFileSync(join(import.meta.dirname, "../hex/vectors/tarballs.erl"), "utf8");
    return JSON.parse(runErlang(script, ["judge", file]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The metadata that hex_core read, its map, in the form in which ours comes. */
export function metadataOf(written: WrittenTerm): Metadata {
  const map = mapOf(expected(written));
  const text = (name: string) => (map.get(name) ?? null) as string | null;
  const texts = (name: string) => (map.get(name) ?? []) as string[];
  return {
    name: text("name") ?? "",
    version: text("version") ?? "",
    app: text("app") ?? "",
    description: text("description"),
    licenses: texts("licenses"),
    links: Object.fromEntries(mapOf(map.get("links"))) as Record<string, string>,
    maintainers: texts("maintainers"),
    extra: plain(map.get("extra") ?? new Map()) as Metadata["extra"],
    buildTools: texts("build_tools"),
    elixir: text("elixir"),
    requirements: [...mapOf(map.get("requirements"))].map(([name, properties]) => {
      const property = mapOf(properties);
      return {
        name: name as string,
        app: property.get("app") as string,
        requirement: property.get("requirement") as string,
        optional: property.get("optional") === true,
        repository: (property.get("repository") ?? null) as string | null,
      };
    }),
  };
}

function mapOf(term: Term | undefined): Map<Term, Term> {
  if (term instanceof Map) return term;
  if (term === undefined || (Array.isArray(term) && term.length === 0)) return new Map();
  throw new Error(`hex_core has no map here: ${JSON.stringify(term)}`);
}

/** Old hex_core makes a map of the outer pairs only, and the API shows all of them as objects. */
function plain(term: Term): Json {
  if (term instanceof Map) {
    return Object.fromEntries([...term].map(([key, value]) => [String(key), plain(value)]));
  }
  if (Array.isArray(term) && term.length > 0 && term.every((item) => item instanceof Tuple)) {
    return plain(new Map(term.map(({ elements: [key = null, value = null] }) => [key, value])));
  }
  if (Array.isArray(term)) return term.map(plain);
  if (term instanceof Tuple) return term.elements.map(plain);
  if (term instanceof Uint8Array) return Buffer.from(term).toString("latin1");
  if (term instanceof Atom) return term.name;
  return typeof term === "bigint" ? String(term) : term;
}

/** The order of requirements means nothing, and hex_core loses it. */
export function sorted(it: Metadata): Metadata {
  const requirements = it.requirements.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { ...it, requirements };
}

/** The regular files of a tarball's contents as we read them. */
export async function filesOf(tarball: Uint8Array): Promise<Unpacked["files"]> {
  const contents = readTar(tarball, () => {}).find(({ path }) => path === "contents.tar.gz");
  if (!contents) throw new Error("the tarball has no contents");
  const types: string[] = [];
  const files = readTar(gunzipSync(contents.bytes), ({ type }) => types.push(type));
  const regular = files.filter((_, at) => types[at] === "file");
  return Promise.all(
    regular.map(async ({ path, bytes }) => ({ path, sha256: toHex(await sha256(bytes)) })),
  );
}
