/** Which documentation an address means. */
import type { Context } from "hono";
import { isPackageName } from "../../hex/name.ts";
import { parseVersion } from "../../hex/version.ts";
import type { App } from "../../http/app-type.ts";
import { urlsOf } from "../../http/context.ts";

export interface DocsPlace {
  repository: string;
  name: string;
  /** What lets somebody in who may read a private package: see pass.ts. */
  pass: string | undefined;
  /** Undefined for the latest. */
  version: string | undefined;
  /** Below the version; null for the version, or the package, without a slash behind it. */
  path: string | null;
}

/** @returns undefined for what no documentation can be at. */
export function placeOf(c: Context<App>): DocsPlace | undefined {
  const [, , repository = "", name = "", ...rest] = c.req.path.split("/");
  const parts = rest.map(decode);
  if (!/^[a-z][a-z0-9_]*$/.test(repository)) return undefined;
  if (!isPackageName(name) || parts.includes(undefined)) return undefined;
  const pass = parts[0]?.startsWith("~") ? parts.shift()?.slice(1) : undefined;
  // It goes into headers.
  if (pass !== undefined && !/^[\w.-]*$/.test(pass)) return undefined;
  const version = parts[0] !== undefined && parseVersion(parts[0]) ? parts.shift() : undefined;
  const path = parts.length === 0 ? null : parts.join("/");
  return { repository, name, pass, version, path };
}

/** The address of a place; its path is null, or ends where the place ends. */
export function docsUrl(origin: string, place: DocsPlace): string {
  const { version, path } = place;
  const below = version === undefined ? "" : `${version}/`;
  return (
    docsRoot(origin, place) + below + (path ?? "").split("/").map(encodeURIComponent).join("/")
  );
}

/** What all of a package's documentation is below, for whoever holds the same pass. */
export function docsRoot(
  origin: string,
  { repository, name, pass }: Omit<DocsPlace, "path">,
): string {
  return `${origin}/docs/${repository}/${name}/${pass === undefined ? "" : `~${pass}/`}`;
}

/** Where documentation is served. */
export function docsOrigin(c: Context<App>): string {
  const { docsHost } = c.get("config");
  const { origin } = urlsOf(c);
  return docsHost === undefined ? origin : `${new URL(origin).protocol}//${docsHost}`;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
