/** Docs that are old say so, whichever tool made them: a line at the foot of every page. */
import type { PackageRecord } from "../../repository/types.ts";
import { latestWithDocs } from "./config.ts";
import { type DocsPlace, docsRoot } from "./place.ts";

export interface Banner {
  /** Another one is another page. */
  key: string;
  html: string;
}

/** @returns undefined for docs that are the latest, of a release that is not retired. */
export function bannerFor(
  record: PackageRecord,
  version: string,
  place: DocsPlace,
): Banner | undefined {
  const latest = latestWithDocs(record);
  const isRetired = record.releases.some((it) => it.version === version && it.retirement);
  if (latest === undefined || (version === latest && !isRetired)) return undefined;
  const retired = isRetired ? ", and this version is retired" : "";
  const is = version === latest ? `Version ${version} is retired.` : "";
  const says = is || `These are the docs of ${version}${retired}.`;
  // No host in it: the page is where the other one is.
  const href = `${docsRoot("", place)}${latest}/`;
  const link =
    version === latest ? "" : ` <a href="${href}" style="color:#fff">Latest: ${latest}</a>`;
  const style =
    "position:fixed;right:0;bottom:0;z-index:9999;padding:.5em 1em;font:14px/1.5 system-ui,sans-serif;" +
    "color:#fff;background:#7a2e0e;border-top-left-radius:6px";
  const html = `<div role="note" style="${style}">${says}${link}</div>`;
  return { key: `${latest}${isRetired ? "-retired" : ""}`, html };
}

/** Into whatever page it is, at the end of its body. */
export function addBanner(response: Response, { html }: Banner): Response {
  return new HTMLRewriter()
    .on("body", {
      element(body) {
        body.append(html, { html: true });
      },
    })
    .transform(response);
}
