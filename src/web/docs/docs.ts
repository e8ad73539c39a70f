/**
 * `GET /docs/REPOSITORY/NAME/[VERSION/]…`: the documentation of packages, without VERSION that of the latest
 * release. What its authors wrote is as hostile as any page of the web: policy.ts says how it is kept away from us,
 * pass.ts who may see that of a private repository.
 */
import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import { readPage } from "../../docs/read.ts";
import { findPackage } from "../../http/api/packages.ts";
import type { App } from "../../http/app-type.ts";
import { repositoryOf } from "../../http/context.ts";
import { type Refusal, refuseInText } from "../../http/refusals.ts";
import { pagesKey } from "../../repository/keys.ts";
import type { PackageRecord } from "../../repository/types.ts";
import { refusePage } from "../page.tsx";
import { addBanner, bannerFor } from "./banner.ts";
import { docsConfig, latestWithDocs } from "./config.ts";
import { passFor } from "./pass.ts";
import { type DocsPlace, docsOrigin, docsUrl, placeOf } from "./place.ts";
import { docsHeaders } from "./policy.ts";
import { isFresh, pageResponse, plainResponse, typeOf } from "./response.ts";

export async function showDocs(c: Context<App>): Promise<Response> {
  // Of what leads elsewhere as well: a window that was opened by other docs is let go of on the way.
  c.header("cross-origin-opener-policy", "same-origin");
  c.header("referrer-policy", "no-referrer");
  c.header("x-content-type-options", "nosniff");
  // Nothing here is a script that stays when its page is gone.
  if (c.req.header("service-worker")) return c.text("No service workers here\n", 403);
  const place = placeOf(c);
  if (!place) return refusePage(c, { reason: "not_found" });
  const pass = await passFor(c, place);
  if ("refused" in pass) return refusePage(c, pass.refused);
  if ("to" in pass) return leadTo(c, pass.to);
  // The name of a folder ends with a slash, or what is in it looks for its neighbours one level too high.
  if (place.path === null) return leadTo(c, docsUrl(docsOrigin(c), { ...place, path: "" }));
  const record = needsRecord(place) ? await packageWithDocs(c, place.name) : null;
  const version = place.version ?? (record ? latestWithDocs(record) : undefined);
  if (version === undefined) return refuse(c, place, missing(place, undefined));
  if (place.path === "docs_config.js") {
    if (!record) return refuse(c, place, missing(place, version));
    const config = docsConfig(docsOrigin(c), place, record);
    return c.body(config, 200, {
      ...docsHeaders(c, place),
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "private, no-cache",
    });
  }
  return showPage(c, place, version, record);
}

/** `OPTIONS`: ExDoc fetches the next page with a header that says so, in a sandbox from elsewhere. */
export function allowAsking(c: Context<App>): Response {
  return c.body(null, 204, {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET",
    "access-control-allow-headers": "x-requested-with",
    "access-control-max-age": "86400",
  });
}

async function showPage(
  c: Context<App>,
  place: DocsPlace,
  version: string,
  record: PackageRecord | null,
): Promise<Response> {
  const { repository, name, path } = place;
  const file = path === "" || path?.endsWith("/") ? `${path}index.html` : (path ?? "");
  const read = (it: string) =>
    readPage(openStorage(c.env, repository), pagesKey(repository, name, version), it);
  const page = await read(file);
  if (!page) {
    if (file === path) {
      const folder = await read(`${path}/index.html`);
      if (folder?.body instanceof ReadableStream) await folder.body.cancel();
      if (folder) return leadTo(c, docsUrl(docsOrigin(c), { ...place, path: `${path}/` }));
    }
    const isThere = record?.releases.some((it) => it.version === version && it.hasPages);
    const refusal: Refusal = isThere
      ? { reason: "docs_page_not_found", path: file }
      : missing(place, version);
    return refuse(c, place, refusal);
  }
  const banner =
    typeOf(file).startsWith("text/html") && record && bannerFor(record, version, place);
  const etag = `"${page.etag}${banner ? `-${banner.key}` : ""}"`;
  const headers = { ...docsHeaders(c, place), etag };
  if (isFresh(c, etag)) {
    if (page.body instanceof ReadableStream) await page.body.cancel();
    return new Response(null, { status: 304, headers });
  }
  if (!banner) return pageResponse(c, page, file, headers);
  return addBanner(plainResponse(c, page, file, headers), banner);
}

/** With what is asked for: a search, say. */
function leadTo(c: Context<App>, url: string): Response {
  return c.redirect(url + new URL(c.req.url).search, 302);
}

/** A page of ours names whoever reads it, which is not for those who have a pass and nothing else. */
function refuse(c: Context<App>, { pass }: DocsPlace, refusal: Refusal) {
  const isOpened = c.req.header("sec-fetch-dest") === "document";
  return pass === undefined || isOpened ? refusePage(c, refusal) : refuseInText(c, refusal);
}

/** What is known of a package may be a minute old: that it has no docs is not said because of that. */
async function packageWithDocs(c: Context<App>, name: string): Promise<PackageRecord | null> {
  const known = await findPackage(c, name);
  const isKnown = known?.releases.some((it) => it.hasPages);
  return isKnown ? known : repositoryOf(c).package(name);
}

/** Which versions there are matters to a page that is read, and to whoever names none. */
function needsRecord({ version, path }: DocsPlace): boolean {
  if (version === undefined || path === "docs_config.js" || path === null) return true;
  return path === "" || path.endsWith("/") || typeOf(path).startsWith("text/html");
}

function missing({ name }: DocsPlace, version: string | undefined): Refusal {
  return version === undefined
    ? { reason: "package_has_no_docs", package: name }
    : { reason: "docs_not_found", package: name, version };
}
