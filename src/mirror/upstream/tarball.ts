/**
 * A tarball of an upstream, on its way to a reader while it is still coming in. The reader gets what has
 * arrived but for the last 64 KiB, which wait until all is there and right: so nobody ever gets all
 * bytes of a tarball that is wrong, and most tarballs, being smaller, are whole before the first byte goes out.
 */
import { sameBytes, sha256, toHex } from "../../hex/checksum.ts";
import { checkDocs } from "../../hex/tarball.ts";
import { ask, pathOf } from "./ask.ts";
import type { Body } from "./body.ts";
import { Relay } from "./relay.ts";
import {
  type Invalid,
  type Missing,
  sentenceOf,
  type Unavailable,
  type Upstream,
  UpstreamFailure,
  type UpstreamOptions,
  upstreamLimits,
} from "./types.ts";

export type TarballFetch =
  | {
      kind: "streaming";
      /** Errors before its last byte when `done` is not "complete". May be left unread. */
      body: ReadableStream<Uint8Array>;
      /** What upstream says; `body` has as many bytes, or errors. */
      sizeBytes: number | null;
      /** Never rejects. Goes on without a reader, so a request that ends must wait for it. */
      done: Promise<TarballEnd>;
    }
  | Missing
  | Unavailable
  | Invalid;

/** `bytes` are what `body` reads from: not to be changed, nor transferred, while that is read. */
export type TarballEnd = { kind: "complete"; bytes: Uint8Array } | Unavailable | Invalid;

/** @returns why it is not the right one, or null. */
type Check = (bytes: Uint8Array) => Promise<string | null>;

const heldBackBytes = 64 * 1024;
const firstBufferBytesMax = 1024 * 1024;

/** @param outerChecksum what the verified `packages/NAME` says of this version. */
export async function fetchTarball(
  upstream: Upstream,
  name: string,
  version: string,
  outerChecksum: Uint8Array,
  options: UpstreamOptions,
): Promise<TarballFetch> {
  // Hashed at the end and not on the way: all bytes are collected anyway, 16 MiB take some 20 ms, and
  // Node, where the command line runs, has no DigestStream.
  return fetchChecked(
    upstream,
    pathOf("tarballs", `${name}-${version}.tar`),
    options,
    async (bytes) => {
      const checksum = await sha256(bytes);
      if (sameBytes(checksum, outerChecksum)) return null;
      return `The tarball's checksum is ${toHex(checksum)}, the registry says ${toHex(outerChecksum)}`;
    },
  );
}

/**
 * The docs of a release. The registry does not know their checksum, so only the connection says that they
 * are upstream's: use https. What is checked is that they are whole (content-length, the end of gzip
 * and tar) and safe to unpack, by the rules for docs that are published here.
 */
export async function fetchDocs(
  upstream: Upstream,
  name: string,
  version: string,
  options: UpstreamOptions,
): Promise<TarballFetch> {
  return fetchChecked(
    upstream,
    pathOf("docs", `${name}-${version}.tar.gz`),
    options,
    async (bytes) => {
      const checked = await checkDocs(bytes);
      if (!("refused" in checked)) return null;
      const { refused } = checked;
      return `The docs are refused: ${"message" in refused ? refused.message : refused.reason}`;
    },
  );
}

async function fetchChecked(
  upstream: Upstream,
  path: string | undefined,
  options: UpstreamOptions,
  check: Check,
): Promise<TarballFetch> {
  const { tarballBytesMax } = { ...upstreamLimits, ...options.limits };
  if (path === undefined) return { kind: "missing" };
  try {
    const answer = await ask(upstream, path, { etag: null }, options);
    // Not asked for, so an "unchanged" cannot be.
    if (answer.kind !== "answered") return { kind: "missing" };
    const { body } = answer;
    body.checkSize(tarballBytesMax);
    // Not more in advance, or headers alone would take our memory.
    const relay = new Relay(Math.min(body.sizeBytes ?? heldBackBytes, firstBufferBytesMax));
    const done = collect(body, relay, tarballBytesMax, check);
    return { kind: "streaming", body: relay.readable, sizeBytes: body.sizeBytes, done };
  } catch (error) {
    if (error instanceof UpstreamFailure) return { kind: error.kind, why: error.message };
    throw error;
  }
}

/** Takes in what upstream sends, as fast as it sends, whoever reads. */
async function collect(
  body: Body,
  relay: Relay,
  sizeBytesMax: number,
  check: Check,
): Promise<TarballEnd> {
  try {
    for await (const chunk of body.chunks(sizeBytesMax)) {
      relay.add(chunk);
      relay.release(relay.bytes.length - heldBackBytes);
    }
    const { bytes } = relay;
    const wrong = await check(bytes);
    if (wrong !== null) throw new UpstreamFailure("invalid", wrong);
    relay.end();
    return { kind: "complete", bytes };
  } catch (error) {
    relay.fail(error);
    if (error instanceof UpstreamFailure) return { kind: error.kind, why: error.message };
    return { kind: "unavailable", why: `Fetching the tarball failed: ${sentenceOf(error)}` };
  }
}
