/**
 * The repository's files: names, versions, packages, tarballs, docs, public_key. They come straight
 * from storage, with no Durable Object and no protobuf on the way, so reads go on when all else is
 * down. They are gzip files, not a Content-Encoding: clients gunzip them themselves.
 */
import type { Context } from "hono";
import { may } from "../accounts/may.ts";
import { openStorage } from "../env.ts";
import { isPackageName } from "../hex/name.ts";
import { parseVersion } from "../hex/version.ts";
import type { Storage, Stored } from "../storage/storage.ts";
import type { App } from "./app-type.ts";
import { askedRange, type Conditions, isNotModified } from "./conditional.ts";
import { countDownload } from "./downloads.ts";
import { repositoryNamed } from "./find-repository.ts";
import { permit } from "./permit.ts";
import { refuseInText } from "./refusals.ts";

/** `GET /repos/NAME/…`. The permission is checked before storage is looked at. */
export async function serveFile(c: Context<App>): Promise<Response> {
  const name = c.req.param("repository") ?? "";
  const repository = repositoryNamed(c, name);
  const path = filePath(c.req.path.replace(/^\/repos\/[^/]*\//, ""));
  const verb = path?.startsWith("docs/") ? "fetch_docs" : "fetch";
  const subject = { kind: "repository", name, public: repository.public } as const;
  if (may(c.get("identity").actor, verb, subject) !== "yes") {
    const refused = await permit(c, verb, subject);
    // 403, not 401: without a credential mix would ask a CI job to log in.
    const isAnonymous = refused?.reason === "unauthenticated";
    if (refused) {
      return refuseInText(
        c,
        isAnonymous ? { reason: "private_repository", repository: name } : refused,
      );
    }
  }
  if (!repository.isDeclared) {
    return refuseInText(c, { reason: "repository_not_found", repository: name });
  }
  if (path === undefined) return refuseInText(c, { reason: "not_found" });
  const storage = openStorage(c.env);
  const key = `repos/${name}/${path}`;
  const visibility = repository.public ? "public" : "private";
  const response = await respond(c, storage, key, visibility);
  if (response?.status === 200 || response?.status === 304) countDownload(c, name, path);
  if (response || !isOwnFile(path)) return response ?? refuseInText(c, { reason: "not_found" });
  // Nobody has published here yet: an empty repository has these files too.
  await c.env.REPOSITORY.getByName(name).open();
  return (await respond(c, storage, key, visibility)) ?? refuseInText(c, { reason: "not_found" });
}

const isOwnFile = (path: string) => ["names", "versions", "public_key"].includes(path);

/** The path below the repository when a file may be there: one function for every part of it. */
function filePath(path: string): string | undefined {
  if (isOwnFile(path)) return path;
  const [, folder, file] = /^(packages|tarballs|docs)\/([^/]+)$/.exec(path) ?? [];
  if (folder === undefined || file === undefined) return undefined;
  const decoded = file.includes("%") ? decode(file) : file;
  if (folder === "packages") return isPackageName(decoded) ? `packages/${decoded}` : undefined;
  const suffix = folder === "docs" ? ".tar.gz" : ".tar";
  // A package's name holds no `-`, so the first one ends it.
  const [, name, version] = /^([^-]+)-(.+)$/.exec(decoded.slice(0, -suffix.length)) ?? [];
  if (!decoded.endsWith(suffix) || name === undefined || version === undefined) return undefined;
  return isPackageName(name) && parseVersion(version) ? `${folder}/${decoded}` : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

async function respond(
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
