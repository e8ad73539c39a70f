/** Reading request bodies, with limits on each and on all together. */
import type { Context } from "hono";
import type { App } from "./app-type.ts";
import { parseBody } from "./format.ts";
import type { Refusal } from "./refusals.ts";

/** No client sends more than a reason and a message; as objects, bytes of JSON take forty times the memory. */
const parametersBytesMax = 64 * 1024;
/** Of all bodies that this isolate holds at one time; it has 128 MiB in all. */
const bytesAtOnceMax = 48 * 1024 * 1024;
const retryAfterSeconds = 2;
const discardedBytesMax = 16 * 1024 * 1024;
/** Between two pieces of a body. */
const silenceMsMax = 30_000;
/** A slow line needs less for the largest body. */
const heldMsMax = 10 * 60_000;

/**
 * Bodies that are held right now. One whose client hung up may never come to its `finally`, because
 * the platform stops it where it stands; so each counts for a limited time.
 */
const held = new Set<{ sizeBytes: number; until: number }>();

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
  const sizeBytes = Number.isNaN(declared) ? sizeBytesMax : declared;
  if (bytesHeld() + sizeBytes > bytesAtOnceMax) {
    return { refused: { reason: "too_busy", retryAfterSeconds } };
  }
  const holding = { sizeBytes, until: Date.now() + heldMsMax };
  held.add(holding);
  try {
    const read = await readBody(c.req.raw.body, sizeBytesMax, declared || 0);
    return "refused" in read ? read : await work(read.body);
  } finally {
    held.delete(holding);
  }
}

function bytesHeld(): number {
  const now = Date.now();
  for (const holding of held) if (holding.until < now) held.delete(holding);
  return [...held].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * Reads and throws away a body that was refused unread. A client that is still sending when the answer
 * comes sees a broken line instead of it (rebar3's upload of docs with a wrong key). Not for those who
 * wait to be told to go on, nor for more than anyone may send.
 */
export async function discardBody(c: Context<App>): Promise<void> {
  const { body, bodyUsed } = c.req.raw;
  const declared = Number(c.req.header("content-length") ?? 0);
  if (!body || bodyUsed || c.req.header("expect") || declared > discardedBytesMax) return;
  const reader = body.getReader();
  for (let left = declared; left > 0; ) {
    const chunk = await next(reader);
    if (typeof chunk === "string") break;
    left -= chunk.length;
  }
  reader.releaseLock();
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

async function readBody(
  stream: ReadableStream<Uint8Array> | null,
  sizeBytesMax: number,
  declaredBytes: number,
): Promise<{ body: Uint8Array } | { refused: Refusal }> {
  let whole = new Uint8Array(declaredBytes);
  let filled = 0;
  const reader = stream?.getReader();
  while (reader) {
    const chunk = await next(reader);
    if (chunk === "broken") return { refused: { reason: "body_incomplete" } };
    if (chunk === "end") break;
    if (filled + chunk.length > sizeBytesMax) {
      await reader.cancel();
      return { refused: { reason: "body_too_big", sizeBytesMax } };
    }
    if (filled + chunk.length > whole.length) {
      const doubled = Math.max(2 * whole.length, filled + chunk.length);
      const larger = new Uint8Array(Math.min(doubled, sizeBytesMax));
      larger.set(whole);
      whole = larger;
    }
    whole.set(chunk, filled);
    filled += chunk.length;
  }
  return { body: filled === whole.length ? whole : whole.slice(0, filled) };
}

/** The next piece, unless the client hangs up, breaks the rules of HTTP or falls silent before it. */
async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array | "end" | "broken"> {
  const { promise: silence, resolve } = Promise.withResolvers<"broken">();
  const timer = setTimeout(resolve, silenceMsMax, "broken");
  const reading = reader.read().then(
    ({ done, value }) => (done ? "end" : value),
    () => "broken" as const,
  );
  const chunk = await Promise.race([reading, silence]);
  clearTimeout(timer);
  if (chunk === "broken") void reader.cancel().catch(() => {});
  return chunk;
}
