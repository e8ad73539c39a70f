/**
 * `GET …/feed.atom`: the newest releases of a hosted repository, or of a package of it, as Atom (RFC 4287).
 * Written here and not with `feed` of npm: that one does not keep out what XML cannot hold, which is all that is
 * difficult about it.
 */
import type { Context, Next } from "hono";
import { isPackageName } from "../../hex/name.ts";
import { findPackage } from "../../http/api/packages.ts";
import type { App } from "../../http/app-type.ts";
import { repositoryOf, urlsOf } from "../../http/context.ts";
import { refuseInText } from "../../http/refusals.ts";
import { releasePageUrl, type Urls } from "../../http/views.ts";
import { readablePackage, readableRepository } from "../readable.ts";
import { type NewRelease, newestOf, newestReleases } from "./newest-releases.ts";
import { type Xml, xml } from "./xml.ts";

export async function showRepositoryFeed(c: Context<App>): Promise<Response> {
  const refused = await readableRepository(c, "read");
  if (refused) return refuseInText(c, refused);
  const { name, kind } = c.get("repository");
  if (kind !== "hosted") return refuseInText(c, { reason: "not_found" });
  const repository = repositoryOf(c);
  const releases = await newestReleases(async (query) => await repository.list(query));
  return renderFeed(c, { title: name, path: `/repositories/${name}`, releases });
}

export async function showPackageFeed(c: Context<App>): Promise<Response> {
  const name = c.req.param("name") ?? "";
  const refused = await readablePackage(c, name, "read");
  if (refused) return refuseInText(c, refused);
  const { name: repository, kind } = c.get("repository");
  if (kind !== "hosted") return refuseInText(c, { reason: "not_found" });
  const record = isPackageName(name) ? await findPackage(c, name) : null;
  if (!record) return refuseInText(c, { reason: "package_not_found", package: name });
  const path = `/packages/${repository}/${name}`;
  return renderFeed(c, { title: `${repository}/${name}`, path, releases: newestOf(record) });
}

/** A reader of feeds asks its user for a key when it is told so in this header, and by this name of ours. */
export async function asksForKey(c: Context<App>, next: Next): Promise<void> {
  await next();
  if (c.res.status === 401) c.header("www-authenticate", 'Basic realm="hexedge"');
}

interface Feed {
  title: string;
  /** Of the page that shows the same. */
  path: string;
  releases: NewRelease[];
}

function renderFeed(c: Context<App>, feed: Feed): Response {
  const isPublic = c.get("repository").public;
  return c.body(feedXml(urlsOf(c), c.get("repository").name, feed).text, 200, {
    "content-type": "application/atom+xml; charset=utf-8",
    "cache-control": isPublic ? "public, max-age=300" : "private, no-cache",
    vary: "authorization, cookie",
    "x-content-type-options": "nosniff",
    // Some browsers show it as a page of ours.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  });
}

function feedXml(urls: Urls, author: string, { title, path, releases }: Feed): Xml {
  const page = `${urls.origin}${path}`;
  const dates = releases.map(({ release }) => release.updatedAt);
  // A repository without releases has not changed since the beginning of time.
  const updated = dates.reduce((one, other) => (one < other ? other : one), epoch);
  return xml`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>${page}/feed.atom</id>
  <title>${title}</title>
  <updated>${updated}</updated>
  <link rel="self" type="application/atom+xml" href="${page}/feed.atom"/>
  <link rel="alternate" type="text/html" href="${page}"/>
  <author><name>${author}</name></author>
${releases.map((it) => entryXml(urls, it))}</feed>
`;
}

const epoch = "1970-01-01T00:00:00.000Z";

function entryXml(urls: Urls, { package: { repository, name, meta }, release }: NewRelease): Xml {
  const url = releasePageUrl(urls, repository, name, release.version);
  return xml`  <entry>
    <id>${url}</id>
    <title>${name} ${release.version}</title>
    <published>${release.insertedAt}</published>
    <updated>${release.updatedAt}</updated>
    <link rel="alternate" type="text/html" href="${url}"/>
    <summary type="text">${retiredText(release)}${cut(meta.description ?? "")}</summary>
  </entry>
`;
}

function retiredText({ retirement }: NewRelease["release"]): string {
  if (!retirement) return "";
  const { reason, message } = retirement;
  return `Retired (${reason})${message ? `: ${cut(message)}` : ""}. `;
}

/** A description can be a book, and there are fifty of them. */
const textLengthMax = 2000;

function cut(text: string): string {
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text;
}
