/** Reading request bodies, with limits on each and on all together. */
import type { Context } from "hono";
import type { App } from "./app-type.ts";
import { parseBody } from "./format.ts";
import type { Refusal } from "./refusals.ts";

/** What hexpm takes of anything but tarballs. */
const parametersBytesMax = 8_000_000;
/** Of all bodies that this isolate holds at one time; it has 128 MiB in all. */
const bytesAtOnceMax = 48 * 1024 * 1024;
const retryAfterSeconds = 2;
let bytesAtOnce = 0;

/**
 * Reads a body of at most `sizeBytesMax` and hands it to `work`. A body that is too large, or one too
 * many at this moment, is refused before it is read.
 */
export async function withBody<T>(
  c: Context<App>,
  sizeBytesMax: number,
  work: (body: Uint8Array) => Promise<T>,
): Promise<T | { refused: Refusal }> {
  const declared = Number(c.req.header("content-length") ?? Number.NaN);
  if (declared > sizeBytesMax) return { refused: { reason: "body_too_big", sizeBytesMax } };
  // Without a length, as much as it may be is set aside.
  const held = Number.isNaN(declared) ? sizeBytesMax : declared;
  if (bytesAtOnce + held > bytesAtOnceMax) {
    return { refused: { reason: "too_busy", retryAfterSeconds } };
  }
  bytesAtOnce += held;
  try {
    const body = await read(c.req.raw.body, sizeBytesMax, Number.isNaN(declared) ? 0 : declared);
    return body ? await work(body) : { refused: { reason: "body_too_big", sizeBytesMax } };
  } finally {
    bytesAtOnce -= held;
  }
}

/** The parameters of a request, out of its body in whichever format it is in. */
export async function readParameters(
  c: Context<App>,
): Promise<{ parameters: Record<string, unknown> } | { refused: Refusal }> {
  return withBody(c, parametersBytesMax, async (body) => {
    const parameters = parseBody(c.req.header("content-type") ?? "application/json", body);
    return parameters ? { parameters } : { refused: { reason: "body_malformed" } as const };
  });
}

/** @returns undefined when there is more than `sizeBytesMax`. */
async function read(
  stream: ReadableStream<Uint8Array> | null,
  sizeBytesMax: number,
  declaredBytes: number,
): Promise<Uint8Array | undefined> {
  let whole = new Uint8Array(declaredBytes);
  let filled = 0;
  for await (const chunk of stream ?? []) {
    if (filled + chunk.length > sizeBytesMax) return undefined;
    if (filled + chunk.length > whole.length) {
      const larger = new Uint8Array(Math.max(2 * whole.length, filled + chunk.length));
      larger.set(whole);
      whole = larger;
    }
    whole.set(chunk, filled);
    filled += chunk.length;
  }
  return filled === whole.length ? whole : whole.slice(0, filled);
}
