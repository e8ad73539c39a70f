/**
 * `GET /packages/REPOSITORY/NAME/VERSION/raw/PATH`: the bytes of a file.
 *
 * They come from the host of our own pages, so no browser may ever take one for a page, a script or a
 * style sheet: whoever publishes could then act as whoever looks. (A host of their own would be safer
 * still, and one more thing to set up.)
 */
import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import type { App } from "../../http/app-type.ts";
import { listRelease } from "../../preview/files.ts";
import { openLimits, openRelease } from "../../preview/open.ts";
import { pump } from "../../preview/pump.ts";
import { streamFile } from "../../preview/stream.ts";
import { unlessDamaged } from "../../preview/walk.ts";
import { refusePage } from "../page.tsx";
import type { ReleasePlace } from "../paths.ts";
import {
  fetchableRelease,
  fileNotFound,
  keyOf,
  notOpened,
  pathInRelease,
} from "./shown-release.ts";

export async function showRaw(c: Context<App>): Promise<Response> {
  const place = await fetchableRelease(c);
  if ("refused" in place) return refusePage(c, place.refused);
  const path = pathInRelease(c);
  if (path === undefined) return refusePage(c, fileNotFound(place));
  return c.req.method === "HEAD" ? head(c, place, path) : stream(c, place, path);
}

async function head(c: Context<App>, place: ReleasePlace, path: string): Promise<Response> {
  const listed = await listRelease(openStorage(c.env, place.repository), keyOf(place));
  if (!listed || !("files" in listed)) return refusePage(c, notOpened(c, place, listed));
  const file = listed.files.find((it) => it.path === path && it.type === "file");
  if (!file) return refusePage(c, fileNotFound(place, path));
  return new Response(null, { headers: headersOf(path, file.sizeBytes) });
}

/** Who reads slowly holds no tarball meanwhile: smaller files are in memory by themselves, others have some time. */
export const rawLimits = { heldBytesMax: 256 * 1024, idleMsMax: 30_000 };

async function stream(c: Context<App>, place: ReleasePlace, path: string): Promise<Response> {
  const release = await openRelease(openStorage(c.env, place.repository), keyOf(place));
  if (!release || !("close" in release)) return refusePage(c, notOpened(c, place, release));
  const found = await streamFile(release.contents, path, release.close);
  if (!found) return refusePage(c, fileNotFound(place, path));
  if ("damaged" in found) return refusePage(c, notOpened(c, place, found));
  const { sizeBytes, body } = found;
  const headers = headersOf(path, sizeBytes);
  if (sizeBytes <= rawLimits.heldBytesMax) {
    const whole = await unlessDamaged(() => new Response(body).arrayBuffer());
    if ("damaged" in whole) return refusePage(c, notOpened(c, place, whole));
    return new Response(whole, { headers });
  }
  if (!release.stream()) {
    await body.cancel();
    return refusePage(c, { reason: "tarball_busy" });
  }
  // Only a stream whose length the runtime knows is sent with one.
  const measured = new FixedLengthStream(sizeBytes);
  const { idleMsMax } = rawLimits;
  const pumped = pump(body, measured.writable, { idleMsMax, msMax: openLimits.heldMsMax });
  // Else the platform stops a request whose reader went away before it can close the release.
  c.executionCtx.waitUntil(pumped);
  return new Response(measured.readable, { headers });
}

function headersOf(path: string, sizeBytes: number): Record<string, string> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const picture = pictureTypeOf(path);
  return {
    "content-type": picture ?? "application/octet-stream",
    "content-length": String(sizeBytes),
    "content-disposition": disposition(picture ? "inline" : "attachment", name),
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    // The same version may be replaced within its first hour.
    "cache-control": "private, no-cache, no-transform",
    vary: "authorization, cookie",
  };
}

const pictureTypes = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
]);

/** Of pictures that a browser shows and that hold no script, as SVG does; by the file's name. */
export function pictureTypeOf(path: string): string | undefined {
  const extension = /\.(\w+)$/.exec(path)?.[1] ?? "";
  return pictureTypes.get(extension.toLowerCase());
}

/** RFC 6266: a name that everybody can read, and the right one as RFC 8187 spells it. */
export function disposition(kind: "inline" | "attachment", name: string): string {
  const simple = name.replace(/[^\w .+()-]/g, "_");
  const exact = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${simple}"; filename*=UTF-8''${exact}`;
}
