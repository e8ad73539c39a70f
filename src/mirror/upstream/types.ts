/** Whom we ask, with what, and how long and how much of an answer we take. */
import { tarballLimits } from "../../hex/tarball.ts";

export interface Upstream {
  /** Of the repository, such as https://repo.hex.pm or https://repo.hex.pm/repos/acme. */
  url: string;
  /** As its signed files call it. */
  name: string;
  publicKey: CryptoKey;
  /** Sent as `authorization`, to the origin of `url` and to nobody else. */
  authKey?: string | undefined;
  /** `host` or `host:port`, to which it may send us on, beside its own. */
  allowedHosts: readonly string[];
}

export interface UpstreamOptions {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds. */
  now(): number;
  limits?: Partial<UpstreamLimits> | undefined;
}

export interface UpstreamLimits {
  registryFileBytesMax: number;
  tarballBytesMax: number;
  /** Until an answer begins; each redirect has as much again. */
  answerMs: number;
  /** Until the next bytes of it. */
  chunkMs: number;
  /** From the question to the last byte, redirects and all. */
  wholeMs: number;
}

/**
 * A registry file: hex.pm's `versions` of 20,000 packages is 231 KB, and 50,000 releases of one package,
 * which is what 16 MiB hold inflated, have 3.2 MB of checksums that cannot be compressed. How much
 * they may inflate to says src/hex/registry, kind by kind.
 */
export const upstreamLimits: UpstreamLimits = {
  registryFileBytesMax: 8 * 1024 * 1024,
  tarballBytesMax: tarballLimits.tarballBytesMax,
  answerMs: 5_000,
  chunkMs: 5_000,
  wholeMs: 60_000,
};

/**
 * Upstream says that there is no such thing. Nobody signs that, and a 403 also means "not you": what
 * is kept should go only when a signed file no longer lists it.
 */
export type Missing = { kind: "missing" };
/** No answer, or half of one: asking again later may help. */
export type Unavailable = { kind: "unavailable"; why: string };
/** An answer that is not what it must be. Nothing of it is returned. */
export type Invalid = { kind: "invalid"; why: string };

/** Inside this folder only; those who call it get the value. */
export class UpstreamFailure extends Error {
  override name = "UpstreamFailure";
  readonly kind: "unavailable" | "invalid";

  constructor(kind: UpstreamFailure["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What the world outside threw, as half a sentence of no more than a line. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 200);
  // Node says "fetch failed" or "terminated", and why in the cause.
  if (error.cause instanceof Error) return sentenceOf(error.cause);
  return (error.message || error.name).slice(0, 200);
}
