/**
 * Uploading a mirrored repository of git, as `hexedge git mirror` does: packs first, then what they are.
 * It takes the right to write into the repository that lends its permissions: whoever may publish there
 * decides already what its readers build, and a CI job that mirrors needs no key of an admin.
 */
import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import { gitAddress } from "../../git/address.ts";
import { readState, type State, updateSchema } from "../../git/state.ts";
import { storePackFile, updateMirror } from "../../git/update.ts";
import type { Storage } from "../../storage/storage.ts";
import type { App } from "../app-type.ts";
import { withBody } from "../body.ts";
import { accountsOf, authorOf } from "../context.ts";
import { repositoryNamed } from "../find-repository.ts";
import { render } from "../format.ts";
import { checked } from "../parameters.ts";
import { permit } from "../permit.ts";
import { type Refusal, refuse } from "../refusals.ts";

/** A pack is made so that it stays below; only one object that is larger by itself could not. */
const packBytesMax = 32 * 1024 * 1024;
const updateBytesMax = 4 * 1024 * 1024;
const now = () => Date.now();

interface Asked {
  /** The repository that lends its permissions, and in whose audit log updates stand. */
  repository: string;
  storage: Storage;
  address: string;
  /** Behind the address. */
  file: string;
}

/** `GET /api/git/HOST/OWNER/NAME.git`: what is mirrored, for whoever may change it. */
export async function showGit(c: Context<App>): Promise<Response> {
  const asked = await askedOf(c, /^$/);
  if ("refused" in asked) return refuse(c, asked.refused);
  const found = await readState(asked.storage, asked.address);
  return render(c, 200, shown(found?.state));
}

/**
 * `PUT /api/git/HOST/OWNER/NAME.git`: from now on it is this. The line of the audit log comes after it, and
 * when that fails so does the answer: the command sends the same again, which changes nothing and writes the
 * line. An update that nobody is known to have made would be worse than a line that stands there twice.
 */
export async function updateGit(c: Context<App>): Promise<Response> {
  const asked = await askedOf(c, /^$/);
  if ("refused" in asked) return refuse(c, asked.refused);
  const done = await withBody(c, updateBytesMax, async (body) => {
    const update = checked(updateSchema, parsed(body));
    if ("refused" in update) return update;
    return updateMirror(asked.storage, asked.address, update.output, now);
  });
  if ("refused" in done) return refuse(c, done.refused);
  const { head, revision } = done.state;
  await accountsOf(c).noteGitUpdate(authorOf(c), asked.repository, {
    ...{ repository: asked.address, head, revision },
  });
  const message = `mirrored git ${asked.address}, revision ${revision}`;
  c.set("done", { message });
  return render(c, 200, shown(done.state));
}

/** `PUT /api/git/HOST/OWNER/NAME.git/packs/FILE`: a pack or its index. */
export async function putPack(c: Context<App>): Promise<Response> {
  const asked = await askedOf(c, /^\/packs\/[^/]+$/);
  if ("refused" in asked) return refuse(c, asked.refused);
  const file = asked.file.slice("/packs/".length);
  const stored = await withBody(c, packBytesMax, (body) =>
    storePackFile(asked.storage, asked.address, file, body, now),
  );
  if ("refused" in stored) return refuse(c, stored.refused);
  return render(c, stored.isNew ? 201 : 200, { file });
}

/** May they, and what do they mean? */
async function askedOf(c: Context<App>, tail: RegExp): Promise<Asked | { refused: Refusal }> {
  const repository = c.get("config").gitRepository;
  if (repository === undefined) return { refused: { reason: "git_off" } };
  const { public: isPublic } = repositoryNamed(c, repository);
  const refused = await permit(c, "write", {
    ...{ kind: "repository", name: repository, public: isPublic },
  });
  if (refused) return { refused };
  const [, named = "", file = ""] = /^\/api\/git\/(.+?)\.git(\/.*)?$/.exec(c.req.path) ?? [];
  const address = gitAddress(named);
  if (address === undefined || !tail.test(file)) return { refused: { reason: "not_found" } };
  return { repository, storage: openStorage(c.env, repository), address, file };
}

function shown(state: State | undefined) {
  const { revision = null, head = null, refs = [], packs = [] } = state ?? {};
  return { revision, head, refs: refs.map((ref) => ({ ...ref })), packs };
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
