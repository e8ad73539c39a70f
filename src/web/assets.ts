/**
 * Style sheet, script and icon of the pages, out of src/web/assets. On Cloudflare they are answered before the
 * Worker is asked, with what `_headers` says; this is for one machine.
 */
import type { Context } from "hono";
import { getMimeType } from "hono/utils/mime";
import type { App } from "../http/app-type.ts";

export const assets = ["/style.css", "/pages.js", "/favicon.svg"];

export async function showAsset(c: Context<App>): Promise<Response> {
  const { body, status, headers } = await c.env.ASSETS.fetch(new URL(c.req.path, c.req.url), {
    headers: conditionsOf(c),
  });
  const etag = headers.get("etag");
  return new Response(body, {
    status,
    headers: {
      "content-type": getMimeType(c.req.path) ?? "application/octet-stream",
      "cache-control": "public, max-age=300",
      "x-content-type-options": "nosniff",
      ...(etag ? { etag } : {}),
    },
  });
}

function conditionsOf(c: Context<App>): Record<string, string> {
  const etag = c.req.header("if-none-match");
  return etag ? { "if-none-match": etag } : {};
}
