/** A packed page as an answer: its type, its encoding, what may be kept of it. */
import type { Context } from "hono";
import { getMimeType } from "hono/utils/mime";
import type { Page } from "../../docs/read.ts";
import type { App } from "../../http/app-type.ts";

/** As it is stored, if the client can take that. */
export function pageResponse(
  c: Context<App>,
  page: Page,
  path: string,
  headers: Record<string, string>,
): Response {
  if (page.encoding === null || !acceptsGzip(c)) {
    const plain = plainResponse(c, page, path, headers);
    plain.headers.set("content-length", `${page.inflatedBytes}`);
    return plain;
  }
  const all = {
    ...headersFor(path, headers),
    ...{ "content-encoding": "gzip", "content-length": `${page.sizeBytes}` },
  };
  return new Response(bodyFor(c, page), { headers: all, encodeBody: "manual" });
}

/** Inflated, for whoever wants to change it on the way. */
export function plainResponse(
  c: Context<App>,
  page: Page,
  path: string,
  headers: Record<string, string>,
): Response {
  const body = bodyFor(c, page);
  const all = { headers: headersFor(path, headers) };
  if (page.encoding === null || body === null) return new Response(body, all);
  const inflated = streamOf(body).pipeThrough(new DecompressionStream("gzip"));
  return new Response(inflated, all);
}

/** Build tools put a hash into the names of what never changes: ExDoc's hexadecimal digits, or esbuild's letters. */
const hashed = /-([0-9A-F]{8}|[A-Z2-7]{8})\.(js|css|woff2?|ttf|png|svg)$/;

function headersFor(path: string, headers: Record<string, string>): Record<string, string> {
  const all: Record<string, string> = { ...headers, "content-type": typeOf(path) };
  if (hashed.test(path)) {
    all["cache-control"] = (all["cache-control"] ?? "").replace("no-cache", "max-age=86400");
  }
  return all;
}

export function isFresh(c: Context<App>, etag: string): boolean {
  const known = c.req.header("if-none-match") ?? "";
  return known === "*" || known.split(",").some((it) => it.trim().replace(/^W\//, "") === etag);
}

export function typeOf(path: string): string {
  if (/\.html?$/i.test(path)) return "text/html; charset=utf-8";
  if (/\.m?js$/i.test(path)) return "text/javascript; charset=utf-8";
  return getMimeType(path) ?? "application/octet-stream";
}

function acceptsGzip(c: Context<App>): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(c.req.header("accept-encoding") ?? "");
}

/** Null for HEAD. */
function bodyFor(c: Context<App>, { body }: Page): Page["body"] | null {
  if (c.req.method !== "HEAD") return body;
  if (body instanceof ReadableStream) void body.cancel().catch(() => {});
  return null;
}

function streamOf(body: Page["body"]): ReadableStream<Uint8Array> {
  return body instanceof ReadableStream ? body : new Blob([body.slice()]).stream();
}
