/** Which pages of a hosted repository there are, for search engines (sitemaps.org). Only of public ones. */
import { packagePageUrl, type Urls } from "../../http/views.ts";
import type { ListQuery, PackageList, PackageRecord } from "../../repository/types.ts";
import { docsPath } from "../paths.ts";
import { type Xml, xml } from "./xml.ts";

type List = (query: ListQuery) => Promise<PackageList>;

export const sitemapLimits = {
  /** In one file, each with its docs: far below the 50,000 addresses that may be in one. */
  packagesMax: 10_000,
  /** Asked for at once: with 130 releases of 1 kB each, as much as one call may return (32 MiB). */
  packagesAtOnce: 200,
};

/** How many files it takes. The first has the repository's own page, so there is always one. */
export async function countSitemaps(list: List, { packagesMax } = sitemapLimits): Promise<number> {
  const { count } = await list({ sort: "name", limit: 0, offset: 0 });
  return Math.max(1, Math.ceil(count / packagesMax));
}

/**
 * One of the files; of the packages nothing is kept but their lines.
 * @param number from 1 on.
 * @returns undefined when there are not so many.
 */
export async function sitemapOf(
  urls: Urls,
  repository: string,
  number: number,
  list: List,
  { packagesMax, packagesAtOnce } = sitemapLimits,
): Promise<Xml | undefined> {
  const pages: Xml[] = number === 1 ? [urlXml(`${urls.origin}/repositories/${repository}`)] : [];
  const [first, end] = [(number - 1) * packagesMax, number * packagesMax];
  for (let offset = first; offset < end; offset += packagesAtOnce) {
    const limit = Math.min(packagesAtOnce, end - offset);
    const { packages } = await list({ sort: "name", limit, offset });
    for (const it of packages) pages.push(...packagePages(urls, it.package));
    if (packages.length < limit) break;
  }
  if (pages.length === 0) return undefined;
  return xml`<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="${namespace}">
${pages}</urlset>
`;
}

/** Of sitemaps. @param urls absolute ones */
export function sitemapIndex(urls: readonly string[]): Xml {
  return xml`<?xml version="1.0" encoding="utf-8"?>
<sitemapindex xmlns="${namespace}">
${urls.map((url) => xml`<sitemap><loc>${url}</loc></sitemap>\n`)}</sitemapindex>
`;
}

const namespace = "http://www.sitemaps.org/schemas/sitemap/0.9";

function packagePages(urls: Urls, { repository, name, updatedAt, releases }: PackageRecord): Xml[] {
  const page = urlXml(packagePageUrl(urls, repository, name), updatedAt);
  if (!releases.some((it) => it.hasPages)) return [page];
  return [page, urlXml(`${urls.origin}${docsPath({ repository, name })}`, updatedAt)];
}

function urlXml(url: string, changedAt?: string): Xml {
  const lastmod = changedAt === undefined ? "" : xml`<lastmod>${changedAt}</lastmod>`;
  return xml`<url><loc>${url}</loc>${lastmod}</url>\n`;
}
