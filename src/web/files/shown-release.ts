/** Which release a page is about whose files it shows, and whether whoever looks may see them. */
import type { Context } from "hono";
import type { App } from "../../http/app-type.ts";
import type { Refusal } from "../../http/refusals.ts";
import { findShownPackage, type ShownPackage } from "../../http/shown-package.ts";
import type { NotOpened } from "../../preview/open.ts";
import { tarballKey } from "../../repository/keys.ts";
import type { ReleasePlace } from "../paths.ts";
import { readablePackage } from "../readable.ts";
import { plainText } from "./visible.tsx";

type Refused = { refused: Refusal };

/** The package that the path names, for somebody who may fetch its tarballs too. */
export async function fetchablePackage(c: Context<App>): Promise<ShownPackage | Refused> {
  const name = c.req.param("name") ?? "";
  const refused =
    (await readablePackage(c, name, "read")) ?? (await readablePackage(c, name, "fetch"));
  return refused ? { refused } : findShownPackage(c, name);
}

/** The same of one release. */
export async function fetchableRelease(c: Context<App>): Promise<ReleasePlace | Refused> {
  const shown = await fetchablePackage(c);
  if ("refused" in shown) return shown;
  return releaseOf(shown, c.req.param("version") ?? "");
}

/** Only what the package lists: of a curated mirror, what is held back may lie in storage all the same. */
export function releaseOf(
  { repository, name, releases }: ShownPackage,
  version: string,
): ReleasePlace | Refused {
  const isListed = releases.some((release) => release.version === version);
  if (isListed) return { repository, name, version };
  return { refused: { reason: "release_not_found", package: name, version } };
}

export const keyOf = ({ repository, name, version }: ReleasePlace) =>
  tarballKey(repository, name, version);

/** Why its files cannot be shown. */
export function notOpened(
  c: Context<App>,
  { name, version }: ReleasePlace,
  why: NotOpened | undefined,
): Refusal {
  const release = { package: name, version };
  if (why === undefined) {
    const isMirror = c.get("repository").kind === "mirror";
    return { reason: "tarball_missing", ...release, isMirror };
  }
  // It may quote what lies in the archive.
  if ("damaged" in why) {
    return { reason: "tarball_damaged", ...release, why: plainText(why.damaged, 300) };
  }
  if (why.refused === "busy") return { reason: "tarball_busy" };
  return { reason: "tarball_damaged", ...release, why: "it is too big to be looked into" };
}

export function fileNotFound({ name, version }: ReleasePlace, path = "such file"): Refusal {
  const shortened = plainText(path, 200);
  return { reason: "file_not_found", path: shortened, package: name, version };
}

/**
 * The path behind `/packages/REPOSITORY/NAME/VERSION/files/`, or `/raw/`, or `/diff/A..B/`. Decoded once, and
 * out of the request's own address: the router's is decoded in part, and `%2523` would become `#`.
 * @returns "" for none, undefined for what can be no path in a release.
 */
export function pathInRelease(c: Context<App>): string | undefined {
  const { pathname } = new URL(c.req.url);
  const segments = pathname
    .replace(/\/{2,}/g, "/")
    .split("/")
    .slice(6);
  if (segments.at(-1) === "") segments.pop();
  try {
    const names = segments.map(decodeURIComponent);
    return names.some((name) => name.includes("/")) ? undefined : names.join("/");
  } catch {
    return undefined;
  }
}
