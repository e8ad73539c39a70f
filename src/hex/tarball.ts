/**
 * The package tarball, version 3: an outer tar with VERSION, CHECKSUM, metadata.config and
 * contents.tar.gz (hexpm/specifications, package_tarball.md; limits as hex_core 0.19 has them).
 */
import { fromHex, sameBytes, sha256, toHex } from "./checksum.ts";
import {
  ContentsError,
  type ContentsLimits,
  type ContentsPiece,
  checkContents,
  contentsLimits,
  walkContents,
} from "./contents.ts";
import { consult } from "./erlang/consult.ts";
import { type Term, TermError } from "./erlang/term.ts";
import type { UploadRefusal } from "./refusal.ts";
import { readTar, TarError } from "./tar.ts";
import { parseVersion } from "./version.ts";

export interface TarballLimits {
  tarballBytesMax: number;
  versionBytesMax: number;
  checksumBytesMax: number;
  metadataBytesMax: number;
  contents: ContentsLimits;
}

export const tarballLimits: TarballLimits = {
  tarballBytesMax: 16 * 1024 * 1024,
  versionBytesMax: 32,
  checksumBytesMax: 128,
  metadataBytesMax: 1024 * 1024,
  contents: contentsLimits,
};

export interface Tarball {
  /** The terms of metadata.config, not yet checked against any rule. */
  terms: Term[];
  /** SHA-256 of VERSION, metadata.config and contents.tar.gz: what CHECKSUM says. */
  innerChecksum: Uint8Array;
  /** SHA-256 of the whole upload. */
  outerChecksum: Uint8Array;
}

/**
 * Takes a package tarball apart and checks everything that can be checked without knowing the
 * repository. The contents stream by; nothing of them is kept.
 * @returns the tarball, or why it is refused. Never throws for bad input.
 */
export async function unpackTarball(
  bytes: Uint8Array,
  limits: TarballLimits = tarballLimits,
): Promise<Tarball | { refused: UploadRefusal }> {
  if (bytes.length > limits.tarballBytesMax) {
    return { refused: { reason: "tarball_too_big", sizeBytesMax: limits.tarballBytesMax } };
  }
  try {
    const { version, checksum, metadata, contents } = openTarball(bytes, limits);
    const innerChecksum = await sha256(version, metadata, contents);
    if (!sameBytes(innerChecksum, checksum)) {
      throw new TarballError(
        `tarball checksum mismatch: CHECKSUM says ${toHex(checksum)}, the files have ${toHex(innerChecksum)}`,
      );
    }
    const terms = readMetadata(metadata, limits.metadataBytesMax);
    await checkContents(contents, limits.contents);
    return { terms, innerChecksum, outerChecksum: await sha256(bytes) };
  } catch (error) {
    return { refused: { reason: "bad_tarball", message: sentence(error) } };
  }
}

/**
 * Checks a docs tarball (`docs/NAME-VERSION.tar.gz`): a gzipped tar under the same limits and path
 * rules as a package's contents. And as on hexdocs.pm, nothing at its root is named as a version, or
 * `/docs/NAME/1.0.0/` could be a folder of the latest docs as well as the docs of 1.0.0.
 * @returns its checksum, or why it is refused.
 */
export async function checkDocs(
  gzip: Uint8Array,
  limits: TarballLimits = tarballLimits,
): Promise<{ checksum: Uint8Array } | { refused: UploadRefusal }> {
  if (gzip.length > limits.tarballBytesMax) {
    return { refused: { reason: "tarball_too_big", sizeBytesMax: limits.tarballBytesMax } };
  }
  try {
    for await (const pieces of walkContents(gzip, limits.contents)) pieces.forEach(checkRoot);
    return { checksum: await sha256(gzip) };
  } catch (error) {
    return { refused: { reason: "bad_tarball", message: sentence(error) } };
  }
}

function checkRoot(piece: ContentsPiece): void {
  if (piece.kind !== "entry") return;
  const [root = ""] = piece.path.split("/", 1);
  if (parseVersion(root)) {
    throw new ContentsError(
      `${root}: no file or folder at the root of docs may be named as a version`,
    );
  }
}

function openTarball(bytes: Uint8Array, limits: TarballLimits) {
  const sizes = new Map([
    ["VERSION", limits.versionBytesMax],
    ["CHECKSUM", limits.checksumBytesMax],
    ["metadata.config", limits.metadataBytesMax],
    ["contents.tar.gz", limits.tarballBytesMax],
  ]);
  const names = new Set<string>();
  const files = readTar(bytes, ({ path, type, sizeBytes }) => {
    const sizeBytesMax = sizes.get(path);
    // hex_core 0.19 ignores other members when it unpacks from a file, and refuses them, as all
    // before it do, when it unpacks from memory. And it takes `./VERSION` for VERSION from a file.
    if (sizeBytesMax === undefined || type !== "file")
      throw new TarballError(`unexpected ${type}: ${JSON.stringify(path)}`);
    if (names.has(path)) throw new TarballError(`${path} is in the tarball twice`);
    if (sizeBytes > sizeBytesMax) throw new TarballError(`file too big: ${path}`);
    names.add(path);
  });
  const missing = [...sizes.keys()].filter((name) => !names.has(name));
  if (missing.length > 0) throw new TarballError(`missing files: ${JSON.stringify(missing)}`);
  const file = (name: string) => files.find(({ path }) => path === name)?.bytes ?? new Uint8Array();

  const version = file("VERSION");
  if (!sameBytes(version, new TextEncoder().encode("3"))) {
    throw new TarballError(`unsupported version: <<${JSON.stringify(latin1(version))}>>`);
  }
  const checksum = fromHex(latin1(file("CHECKSUM")));
  if (checksum?.length !== 32) throw new TarballError("CHECKSUM is not 64 hexadecimal characters");
  return {
    version,
    checksum,
    metadata: file("metadata.config"),
    contents: file("contents.tar.gz"),
  };
}

function readMetadata(metadata: Uint8Array, sizeBytesMax: number): Term[] {
  try {
    return consult(metadata, { sizeBytesMax, asHexCore: true });
  } catch (error) {
    if (error instanceof TermError) {
      throw new TarballError(`error reading package metadata: ${error.message}`);
    }
    throw error;
  }
}

/** What is wrong with the four files, as a whole sentence. */
class TarballError extends Error {}

/** The prefixes are hex_core's: people search for them. */
function sentence(error: unknown): string {
  if (error instanceof TarballError) return error.message;
  if (error instanceof TarError) return `tarball error, ${error.message}`;
  if (error instanceof ContentsError) return `inner tarball error, ${error.message}`;
  throw error;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
