/**
 * Files of a group: of each package, and of its tarballs, from the first member that has the name, our own
 * before any mirror. Whoever reads a group may read every member, so what they get says nothing that
 * they may not know.
 */
import type { Context } from "hono";
import type { GroupConfig, MirrorConfig } from "../config/repositories.ts";
import { signingKeyPem } from "../config/signing-key.ts";
import { openStorage } from "../config/storage.ts";
import { parsePrivateKey, publicKeyPem } from "../hex/sign.ts";
import type { App } from "./app-type.ts";
import { countDownload } from "./downloads.ts";
import { respond } from "./file-response.ts";
import { freshen, serveMirrored } from "./mirrored.ts";
import { permit } from "./permit.ts";
import { type Refusal, refuseFile, refuseInText } from "./refusals.ts";

/** What the group's file was built from, as far as this isolate knows. */
const builtFrom = new Map<string, string>();
const builtMax = 10_000;

/** @param path below the group, checked; undefined when nothing can be there. */
export async function serveGrouped(
  c: Context<App>,
  group: GroupConfig,
  path: string | undefined,
): Promise<Response> {
  const refused = await mayReadMembers(c, group);
  if (refused) return refuseFile(c, refused);
  if (path === undefined) return refuseInText(c, { reason: "not_found" });
  if (path === "public_key") {
    const key = await parsePrivateKey(signingKeyPem(c.env, group.name));
    return c.text(await publicKeyPem(key));
  }
  if (path === "names" || path === "versions") return serveIndex(c, group, path);
  const [, folder, name = ""] = /^(packages|tarballs|docs)\/([^-]+)/.exec(path) ?? [];
  if (folder === undefined) return refuseInText(c, { reason: "not_found" });
  const holder = await findHolder(c, group, name);
  if ("refused" in holder) return refuseInText(c, holder.refused);
  return folder === "packages"
    ? servePackage(c, group, name, holder)
    : serveFrom(c, group, path, holder.member);
}

/** A private member is read by nobody through the group who could not read it without. */
async function mayReadMembers(c: Context<App>, group: GroupConfig): Promise<Refusal | undefined> {
  const { repositories } = c.get("config");
  for (const name of group.members) {
    const isPublic = repositories.get(name)?.public ?? false;
    const refused = await permit(c, "fetch", { kind: "repository", name, public: isPublic });
    // One answer for all members: which of them it is, is nobody's business.
    if (refused)
      return refused.reason === "forbidden" ? { reason: "hidden", repository: null } : refused;
  }
  return undefined;
}

interface Holder {
  member: string;
  /** Of the member's packages/NAME. */
  etag: string;
}

/** Whose package it is. When a hosted member has the name, no mirror is ever asked about it. */
async function findHolder(
  c: Context<App>,
  group: GroupConfig,
  name: string,
): Promise<Holder | { refused: Refusal }> {
  const { hosted } = c.get("config");
  const find = async (member: string) => {
    const found = await openStorage(c.env, member).head(`repos/${member}/packages/${name}`);
    return found && { member, etag: found.etag };
  };
  const own = await Promise.all(group.members.filter((it) => hosted.has(it)).map(find));
  const first = own.find((it) => it !== undefined);
  if (first) return first;
  for (const mirror of mirrorsOf(c, group)) {
    const refused = await freshen(c, mirror, `packages/${name}`);
    const found = refused ? undefined : await find(mirror.name);
    if (found) return found;
    // Then the next mirror is not asked: it might have somebody else's package of the name.
    if (refused?.reason === "upstream_away" || refused?.reason === "held_back") return { refused };
  }
  return { refused: { reason: "not_found" } };
}

async function servePackage(
  c: Context<App>,
  group: GroupConfig,
  name: string,
  { member, etag }: Holder,
): Promise<Response> {
  const key = `repos/${group.name}/packages/${name}`;
  if (builtFrom.get(key) !== `${member} ${etag}`) {
    const built = await groupOf(c, group).buildPackage(name, member);
    remember(key, `${member} ${built}`);
  }
  const response = await respond(c, openStorage(c.env, group.name), key, visibilityOf(group));
  return response ?? refuseInText(c, { reason: "not_found" });
}

async function serveIndex(
  c: Context<App>,
  group: GroupConfig,
  path: "names" | "versions",
): Promise<Response> {
  for (const mirror of mirrorsOf(c, group)) {
    await freshen(c, mirror, path);
  }
  const heads = await Promise.all(
    group.members.map((member) => openStorage(c.env, member).head(`repos/${member}/${path}`)),
  );
  const source = heads.map((head) => head?.etag ?? "-").join(" ");
  const key = `repos/${group.name}/${path}`;
  if (builtFrom.get(key) !== source) {
    remember(key, await groupOf(c, group).buildIndex(path, source));
  }
  const response = await respond(c, openStorage(c.env, group.name), key, visibilityOf(group));
  return response ?? refuseInText(c, { reason: "not_found" });
}

/** The bytes of a tarball are the member's own. */
async function serveFrom(
  c: Context<App>,
  group: GroupConfig,
  path: string,
  member: string,
): Promise<Response> {
  const mirror = mirrorsOf(c, group).find(({ name }) => name === member);
  if (mirror) return serveMirrored(c, mirror, path);
  const key = `repos/${member}/${path}`;
  const response = await respond(c, openStorage(c.env, member), key, visibilityOf(group));
  if (response?.status === 200 || response?.status === 304) countDownload(c, member, path);
  return response ?? refuseInText(c, { reason: "not_found" });
}

function mirrorsOf(c: Context<App>, { members }: GroupConfig): MirrorConfig[] {
  const { repositories } = c.get("config");
  return members.flatMap((member) => {
    const config = repositories.get(member);
    return config?.kind === "mirror" ? [config] : [];
  });
}

function remember(key: string, source: string): void {
  if (builtFrom.size >= builtMax) builtFrom.clear();
  builtFrom.set(key, source);
}

/** Public only when nothing in it is private. */
function visibilityOf({ public: isPublic }: GroupConfig): "public" | "private" {
  return isPublic ? "public" : "private";
}

function groupOf(c: Context<App>, { name }: GroupConfig) {
  return c.env.GROUP.getByName(name);
}
