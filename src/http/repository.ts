/**
 * The repository's files: names, versions, packages, tarballs, docs, public_key. They come straight
 * from storage, with no Durable Object and no protobuf on the way, so reads go on when all else is
 * down. They are gzip files, not a Content-Encoding: clients gunzip them themselves.
 */
import type { Context } from "hono";
import { may } from "../accounts/may.ts";
import { openStorage } from "../config/storage.ts";
import { isPackageName } from "../hex/name.ts";
import { parseVersion } from "../hex/version.ts";
import { policyNamePattern } from "../mirror/declaration.ts";
import type { App } from "./app-type.ts";
import { countDownload } from "./downloads.ts";
import { respond } from "./file-response.ts";
import { repositoryNamed } from "./find-repository.ts";
import { serveGrouped } from "./grouped.ts";
import { isInstallPath, serveInstall } from "./installs.ts";
import { serveMirrored } from "./mirrored.ts";
import { permit } from "./permit.ts";
import { refuseFile, refuseInText } from "./refusals.ts";

/**
 * `GET /repos/NAME/…`, and `GET /…` for the root repository, as hex.pm's host has it. The permission is
 * checked before storage is looked at.
 */
export async function serveFile(c: Context<App>): Promise<Response> {
  const name = c.req.param("repository") ?? c.get("config").rootRepository;
  if (name === undefined) return refuseInText(c, { reason: "not_found" });
  const repository = repositoryNamed(c, name);
  const path = filePath(c.req.path.replace(/^\/(repos\/[^/]*\/)?/, ""));
  if (path?.startsWith("installs/")) return serveInstall(c, repository, path);
  if (repository.kind === "group") return serveGrouped(c, repository, path);
  const verb = path?.startsWith("docs/") ? "fetch_docs" : "fetch";
  const subject = { kind: "repository", name, public: repository.public } as const;
  if (may(c.get("identity").actor, verb, subject) !== "yes") {
    const refused = await permit(c, verb, subject);
    if (refused) return refuseFile(c, refused);
  }
  if (!repository.isDeclared) {
    return refuseInText(c, { reason: "repository_not_found", repository: name });
  }
  if (path === undefined) return refuseInText(c, { reason: "not_found" });
  if (repository.kind === "mirror") return serveMirrored(c, repository, path);
  const storage = openStorage(c.env, name);
  const key = `repos/${name}/${path}`;
  const visibility = repository.public ? "public" : "private";
  const response = await respond(c, storage, key, visibility);
  if (response?.status === 200 || response?.status === 304) countDownload(c, name, path);
  if (response || !isOwnFile(path)) return response ?? refuseInText(c, { reason: "not_found" });
  // Nobody has published here yet: an empty repository has these files too.
  await c.env.REPOSITORY.getByName(name).open();
  return (await respond(c, storage, key, visibility)) ?? refuseInText(c, { reason: "not_found" });
}

const isOwnFile = (path: string) => ["names", "versions", "public_key"].includes(path);

/** The path below the repository when a file may be there: one function for every part of it. */
function filePath(path: string): string | undefined {
  if (isOwnFile(path) || isInstallPath(path)) return path;
  const [, folder, file] = /^(packages|tarballs|docs|policies)\/([^/]+)$/.exec(path) ?? [];
  if (folder === undefined || file === undefined) return undefined;
  const decoded = file.includes("%") ? decode(file) : file;
  if (folder === "packages") return isPackageName(decoded) ? `packages/${decoded}` : undefined;
  if (folder === "policies")
    return policyNamePattern.test(decoded) ? `policies/${decoded}` : undefined;
  const suffix = folder === "docs" ? ".tar.gz" : ".tar";
  // A package's name holds no `-`, so the first one ends it.
  const [, name, version] = /^([^-]+)-(.+)$/.exec(decoded.slice(0, -suffix.length)) ?? [];
  if (!decoded.endsWith(suffix) || name === undefined || version === undefined) return undefined;
  return isPackageName(name) && parseVersion(version) ? `${folder}/${decoded}` : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
