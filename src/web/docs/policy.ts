/**
 * What a page of documentation may do: run its own scripts, and load what lies beside it. Nothing else: not from
 * other sites, not from other packages, not from us.
 *
 * - Below our own host it gets a sandbox: an origin of its own that nobody else has. It has no cookies and no
 *   storage, our pages are another site to it, and cookies do not go with what it asks for.
 * - On DOCS_HOST, what everybody may read has that host's origin, with storage for its settings, shared with other
 *   packages' docs. There is nothing to be had there: no cookie of ours, no API, no page. Private docs have the
 *   sandbox there too, or the index that ExDoc stores for its search would be the next package's to read.
 *
 * What cannot be kept in is where a page leads: it may go to any address, and what it knows may stand in that
 * address. So may what browsers do ahead of going there, which no policy stops: names that are looked up,
 * connections that are opened.
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
    ...(isDocsHost(c) && !isPrivate ? [] : [sandbox]),
  ];
  return {
    "content-security-policy": policy.join("; "),
    // WebRTC, of which the policy above knows nothing; what it knows of, it has decided.
    "connection-allowlist": '("*://*:*/*");redirects=allow;webrtc=block',
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
