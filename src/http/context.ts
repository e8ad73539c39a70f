/** What handlers take out of a request. */
import type { Context } from "hono";
import { accountsName } from "../env.ts";
import { isPackageName } from "../hex/name.ts";
import { parseVersion } from "../hex/version.ts";
import type { Author } from "../repository/types.ts";
import type { App } from "./app-type.ts";
import type { HttpRefusal } from "./refusals.ts";
import type { Urls } from "./views.ts";

/** The Durable Object of the repository that the request is about. */
export function repositoryOf(c: Context<App>) {
  return c.env.REPOSITORY.getByName(c.get("repository").name);
}

/** The Durable Object that knows all accounts. */
export function accountsOf(c: Context<App>) {
  return c.env.ACCOUNTS_OBJECT.getByName(accountsName);
}

/** Where the request comes from, as far as can be told: behind no Cloudflare, all are one. */
export function addressOf(c: Context<App>): string {
  return c.req.header("cf-connecting-ip")?.slice(0, 64) ?? "local";
}

/** Where links lead: below PUBLIC_URL, whose path, if it has one, a proxy takes off. */
export function urlsOf(c: Context<App>): Urls {
  return { origin: c.get("config").publicUrl ?? new URL(c.req.url).origin };
}

/** Is it where our own pages are, as browsers say it in `Origin`? A proxy in front may have another name. */
export function isOwnOrigin(origin: string, c: Context<App>): boolean {
  return origin === new URL(c.req.url).origin || origin === new URL(urlsOf(c).origin).origin;
}

/** Did they ask the host that has nothing but documentation? */
export function isDocsHost(c: Context<App>): boolean {
  const { docsHost } = c.get("config");
  return docsHost !== undefined && new URL(c.req.url).host === docsHost;
}

/** For the audit log, and for the repository to know on what ground they may. */
export function authorOf(c: Context<App>): Author {
  const { actor, credential } = c.get("identity");
  const owner = actor.kind === "holder" ? actor.owner : undefined;
  return {
    name: owner?.name ?? actor.kind,
    userId: owner?.kind === "user" ? owner.id : null,
    credential: credential?.label ?? (actor.kind === "admin" ? "admin key" : "none"),
    standing: c.get("standing") ?? (actor.kind === "admin" ? "member" : "owner"),
    ...requestOf(c),
  };
}

/** Which request it was, from where, and with which program. */
export function requestOf(c: Context<App>) {
  return {
    requestId: c.get("requestId"),
    ip: c.req.header("cf-connecting-ip") ?? null,
    userAgent: c.req.header("user-agent")?.slice(0, 255) ?? null,
  };
}

/** The package and version that the path names; what cannot exist is not looked for. */
export function releaseOf(
  c: Context<App>,
): { name: string; version: string } | { refused: HttpRefusal } {
  const name = c.req.param("name") ?? "";
  const version = c.req.param("version") ?? "";
  if (!isPackageName(name)) return { refused: { reason: "not_found" } };
  if (!parseVersion(version)) return { refused: { reason: "version_malformed", version } };
  return { name, version };
}
