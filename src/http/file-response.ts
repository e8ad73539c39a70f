/** Answering with a file of storage: ETag, 304, ranges, HEAD. */
import type { Context } from "hono";
import { countStorageError } from "../metrics/storage.ts";
import type { Storage, Stored } from "../storage/storage.ts";
import type { App } from "./app-type.ts";
import { askedRange, type Conditions, isNotModified } from "./conditional.ts";

/**
 * The file under `key`, as the request's conditions and range ask for it.
 * @returns undefined when there is none.
 */
export async function respond(
  c: Context<App>,
  storage: Pick<Storage, "head" | "get">,
  key: string,
  visibility: "public" | "private",
): Promise<Response | undefined> {
  try {
    return await respondFrom(c, storage, key, visibility);
  } catch (error) {
    countStorageError(labelOf(c, key), "get");
    throw error;
  }
}

/**
 * Of `ROOM/NAME/…` the repository's name; of anything else, such as `git/HOST/…`, the room: what comes after
 * it is whatever somebody asked for, and a label that they could invent would fill the metrics.
 */
function labelOf(c: Context<App>, key: string): string {
  const [room = "", name = ""] = key.split("/", 2);
  return room !== "git" && c.get("config").repositories.has(name) ? name : room;
}

async function respondFrom(
  c: Context<App>,
  storage: Pick<Storage, "head" | "get">,
  key: string,
  visibility: "public" | "private",
): Promise<Response | undefined> {
  const conditions: Conditions = {
    ifNoneMatch: c.req.header("if-none-match"),
    ifModifiedSince: c.req.header("if-modified-since"),
    ifRange: c.req.header("if-range"),
    range: c.req.header("range"),
  };
  const isHead = c.req.method === "HEAD";
  if (!isHead && !conditions.ifNoneMatch && !conditions.ifModifiedSince && !conditions.range) {
    const found = await storage.get(key);
    return (
      found && new Response(found.body, { headers: headersOf(found, visibility, found.sizeBytes) })
    );
  }
  const found = await storage.head(key);
  if (!found) return undefined;
  if (isNotModified(conditions, found)) {
    return new Response(null, { status: 304, headers: headersOf(found, visibility) });
  }
  if (isHead) return new Response(null, { headers: headersOf(found, visibility, found.sizeBytes) });
  return respondInPart(storage, key, visibility, conditions, found);
}

async function respondInPart(
  storage: Pick<Storage, "get">,
  key: string,
  visibility: "public" | "private",
  conditions: Conditions,
  found: Stored,
): Promise<Response | undefined> {
  const range = askedRange(conditions, found);
  if (range === "unsatisfiable") {
    return new Response(null, {
      status: 416,
      headers: { "content-range": `bytes */${found.sizeBytes}` },
    });
  }
  const body = await storage.get(key, range);
  if (!body || !range) {
    return (
      body && new Response(body.body, { headers: headersOf(body, visibility, body.sizeBytes) })
    );
  }
  // It was replaced between the two looks: a range of the one must not carry the other's ETag.
  if (body.etag !== found.etag) {
    if (body.body instanceof ReadableStream) await body.body.cancel();
    return new Response("The file changed just now: ask again\n", {
      status: 503,
      headers: { "retry-after": "1" },
    });
  }
  const { offset, length } = range;
  const part = `bytes ${offset}-${offset + length - 1}/${body.sizeBytes}`;
  const headers = { ...headersOf(body, visibility, length), "content-range": part };
  return new Response(body.body, { status: 206, headers });
}

function headersOf(stored: Stored, visibility: string, lengthBytes?: number) {
  return {
    etag: `"${stored.etag}"`, // rebar3 refuses a tarball without one
    "last-modified": stored.uploadedAt.toUTCString(),
    "content-type": "application/octet-stream",
    // Kept, but asked about each time: what was published resolves the moment publish answered.
    "cache-control": `${visibility}, no-cache, no-transform`,
    "accept-ranges": "bytes",
    vary: "authorization",
    ...(lengthBytes === undefined ? {} : { "content-length": String(lengthBytes) }),
  };
}
