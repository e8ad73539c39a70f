/**
 * Repositories of git, for reading: `GET /git/HOST/OWNER/NAME.git/…` by the dumb protocol, straight from
 * storage. git asks for the smart one first, and takes this when the answer is not of its media type.
 *
 * The smart protocol was the alternative. It needs a server that walks commits and builds a pack for each
 * who asks; on npm there are clients (isomorphic-git), and servers that start `git` itself on a disk.
 */
import type { Context, Next } from "hono";
import { openStorage } from "../config/storage.ts";
import { gitAddress } from "../git/address.ts";
import { parsePackFile } from "../git/pack.ts";
import { folderOf, stateKey } from "../git/state.ts";
import { type View, viewed, views } from "../git/view.ts";
import type { Storage } from "../storage/storage.ts";
import type { App } from "./app-type.ts";
import { respond } from "./file-response.ts";
import { repositoryNamed } from "./find-repository.ts";
import { permit } from "./permit.ts";
import { refuseInText } from "./refusals.ts";

/**
 * What stands behind the address. Loose objects are asked for before packs, and are never there; names
 * that no version of git asks for are no route.
 */
const asked =
  /^\/git\/(.+?)(?:\.git)?\/(info\/refs|HEAD|objects\/(?:info|pack|[\da-f]{2})\/[^/]+)$/;

export async function serveGit(c: Context<App>): Promise<Response> {
  const repository = c.get("config").gitRepository;
  if (repository === undefined) return refuseInText(c, { reason: "git_off" });
  const { public: isPublic } = repositoryNamed(c, repository);
  const subject = { kind: "repository", name: repository, public: isPublic } as const;
  const refused = await permit(c, "fetch", subject);
  // Who may not see it and who asks for what is not there are told the same.
  if (refused?.reason === "hidden") return refuseInText(c, { reason: "not_found" });
  if (refused) return refuseInText(c, refused);
  if (c.req.query("service") === "git-receive-pack") {
    return refuseInText(c, { reason: "git_read_only" });
  }
  const [, named = "", file = ""] = asked.exec(c.req.path) ?? [];
  const address = gitAddress(named);
  if (address === undefined) return refuseInText(c, { reason: "not_found" });
  const visibility = isPublic ? "public" : "private";
  const response = await respondWith(c, openStorage(c.env, repository), address, file, visibility);
  return response ?? refuseInText(c, { reason: "not_found" });
}

async function respondWith(
  c: Context<App>,
  storage: Storage,
  address: string,
  file: string,
  visibility: "public" | "private",
): Promise<Response | undefined> {
  if (isView(file)) {
    const view = viewed(storage, address, file, Date.now());
    return respond(c, view, stateKey(address), visibility);
  }
  const [, pack = ""] = /^objects\/pack\/(.+)$/.exec(file) ?? [];
  if (!parsePackFile(pack)) return undefined;
  return respond(c, storage, `${folderOf(address)}${pack}`, visibility);
}

function isView(file: string): file is View {
  return Object.hasOwn(views, file);
}

/**
 * git shows what stands before the host in a URL as Basic. `http://KEY@HOST/` has the key as the user's
 * name, without a password, as with other hosts of git; everywhere else here the key is the password.
 */
export async function takeKeyFromUser(c: Context<App>, next: Next): Promise<void> {
  const [, credential = ""] = /^basic +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
  const [, key] = /^([!-9;-~]+):$/.exec(decoded(credential)) ?? [];
  if (key !== undefined) {
    const headers = new Headers(c.req.raw.headers);
    headers.set("authorization", `Bearer ${key}`);
    c.req.raw = new Request(c.req.raw, { headers });
  }
  await next();
}

function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return "";
  }
}
