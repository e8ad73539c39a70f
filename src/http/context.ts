/** What handlers take out of a request. */
import type { Context } from "hono";
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

export function urlsOf(c: Context<App>): Urls {
  return { origin: c.get("config").publicUrl ?? new URL(c.req.url).origin };
}

/** For the audit log. */
export function authorOf(c: Context<App>): Author {
  return {
    name: c.get("actor").kind,
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
