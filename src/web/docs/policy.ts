/**
 * What a page of documentation may do: run its own scripts, and load what lies beside it. Nothing else: not from
 * other sites, not from other packages, not from us.
 *
 * - Without DOCS_HOST it is below our own host, so it gets a sandbox: an origin of its own that nobody else has. It
 *   has no cookies and no storage, our pages are another site to it, and cookies do not go with what it asks for.
 * - On DOCS_HOST it has that host's origin, with storage for its settings, shared with other packages' docs. There
 *   is nothing to be had there: no cookie of ours, no API, no page.
 */
import type { Context } from "hono";
import type { App } from "../../http/app-type.ts";
import { isDocsHost } from "../../http/context.ts";
import { type DocsPlace, docsOrigin, docsRoot } from "./place.ts";

/** No top-navigation, no pointer lock, no modals; links may open new windows, which are not part of the sandbox. */
const sandbox =
  "sandbox allow-scripts allow-forms allow-downloads allow-popups allow-popups-to-escape-sandbox";

export function docsHeaders(c: Context<App>, place: DocsPlace): Record<string, string> {
  const own = docsRoot(docsOrigin(c), place);
  const isPrivate = place.pass !== undefined || !c.get("repository").public;
  const policy = [
    // Generated pages are full of inline scripts and styles; what they could do is bounded by all the rest.
    `default-src ${own} 'unsafe-inline' 'unsafe-eval' data: blob:`,
    `form-action ${own}`,
    `base-uri ${own}`,
    "object-src 'none'",
    "worker-src 'none'",
    "frame-ancestors 'none'",
    ...(isDocsHost(c) ? [] : [sandbox]),
  ];
  return {
    "content-security-policy": policy.join("; "),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    // The address may hold a pass.
    "referrer-policy": "no-referrer",
    // Whoever opens a window with other docs in it cannot reach into it.
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    // In a sandbox everything is from elsewhere. No cookie lets anybody in here, so there is nothing to take.
    ...(c.req.header("authorization") ? {} : { "access-control-allow-origin": "*" }),
    "cache-control": `${isPrivate ? "private" : "public"}, no-cache`,
    vary: "accept-encoding, authorization",
  };
}
