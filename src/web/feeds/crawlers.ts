/**
 * What search engines ask for: `/robots.txt`, `/sitemap.xml`, and `/sitemaps/REPOSITORY.xml` of each public
 * hosted repository. Who asks does not matter, be it the admin: what is not for everybody is not there.
 */
import type { Context } from "hono";
import type { App } from "../../http/app-type.ts";
import { urlsOf } from "../../http/context.ts";
import { refuseInText } from "../../http/refusals.ts";
import { countSitemaps, sitemapIndex, sitemapOf } from "./sitemap.ts";
import type { Xml } from "./xml.ts";

/** Pages without end, or of no use to anybody else. Not `/repos`, with which `/repositories` begins. */
const disallowed = [
  ...["/api", "/repos/", "/tarballs/", "/sign-in", "/sign-out", "/account", "/oauth", "/l/"],
  ...["/organizations", "/packages?", "/packages/*/*/diff", "/packages/*/*/*/raw/"],
];

/** The same for all registries: the names of private repositories are nobody's business. */
export function showRobots(c: Context<App>): Response {
  const lines = [
    "User-agent: *",
    ...disallowed.map((path) => `Disallow: ${path}`),
    "",
    `Sitemap: ${urlsOf(c).origin}/sitemap.xml`,
  ];
  return c.text(`${lines.join("\n")}\n`, 200, { "cache-control": cacheControl });
}

export async function showSitemapIndex(c: Context<App>): Promise<Response> {
  const { hosted } = c.get("config");
  const names = [...hosted.values()].filter((it) => it.public).map(({ name }) => name);
  const urls = await Promise.all(
    names.map(async (name) => {
      const count = await countSitemaps(listOf(c, name));
      return Array.from({ length: count }, (_, at) => sitemapUrl(c, name, at + 1));
    }),
  );
  return renderXml(c, sitemapIndex(urls.flat()));
}

export async function showSitemap(c: Context<App>): Promise<Response> {
  // Names of repositories have no hyphens.
  const [, name = "", number = "1"] = sitemapFile.exec(c.req.param("file") ?? "") ?? [];
  const isPublic = c.get("config").hosted.get(name)?.public ?? false;
  const made = isPublic && (await sitemapOf(urlsOf(c), name, Number(number), listOf(c, name)));
  return made ? renderXml(c, made) : refuseInText(c, { reason: "not_found" });
}

/** The first has no number: one file, one address. */
const sitemapFile = /^([a-z0-9_]+)(?:-([2-9]|[1-9]\d{1,4}))?\.xml$/;

function sitemapUrl(c: Context<App>, name: string, number: number): string {
  return `${urlsOf(c).origin}/sitemaps/${name}${number === 1 ? "" : `-${number}`}.xml`;
}

type List = Parameters<typeof countSitemaps>[0];

function listOf(c: Context<App>, name: string): List {
  const repository = c.env.REPOSITORY.getByName(name);
  return async (query) => await repository.list(query);
}

/** Crawlers come back after days. */
const cacheControl = "public, max-age=3600";

function renderXml(c: Context<App>, { text }: Xml): Response {
  return c.body(text, 200, {
    "content-type": "application/xml; charset=utf-8",
    "cache-control": cacheControl,
    "x-content-type-options": "nosniff",
  });
}
