/**
 * Changing a mirrored repository. Packs never change and are called after their content; which of them
 * there are and what the branches are is said by `state.json` alone, put on the condition that it is still
 * as it was read. That put is the one moment at which an update can be seen, and the only lock: of two who
 * update at once one is told to start again. (A Durable Object was the alternative: it would add a queue,
 * and still need the condition, since a put of a dead one can land late.)
 *
 * Nor may a pack vanish that somebody is about to name. So whoever removes packs writes their names into
 * the state first, by the same conditional put: an update that read the state before that loses, and one
 * that reads it afterwards is refused while a delete could still be on its way.
 */
import type { Storage } from "../storage/storage.ts";
import { objectsNotIn } from "./objects.ts";
import { parsePackFile, whyNotPackFile } from "./pack.ts";
import {
  type Dated,
  encodeState,
  folderOf,
  readState,
  type State,
  stateKey,
  type Update,
} from "./state.ts";

export type GitRefusal =
  | { reason: "pack_malformed"; file: string; why: string }
  | { reason: "packs_missing"; packs: string[] }
  /** Branches and tags must not lead to what no pack holds. */
  | { reason: "objects_missing"; objects: string[] }
  /** Somebody else was faster. */
  | { reason: "git_changed" }
  | { reason: "pack_going"; pack: string };

/** Whoever began to clone before an update still finds what it was told of. */
export const keptMs = 24 * 3600_000;
/** For so long a pack that is being removed cannot be named: a delete lands by then, or never. */
export const goingMs = 10 * 60_000;
/** After so long nobody sends another delete. */
const removingMsMax = 5 * 60_000;

type Now = () => number;

/** Stores a pack or its index. Nobody sees it before an update names it. */
export async function storePackFile(
  storage: Pick<Storage, "get" | "put">,
  address: string,
  file: string,
  bytes: Uint8Array,
  now: Now,
): Promise<{ isNew: boolean } | { refused: GitRefusal }> {
  const why = await whyNotPackFile(file, bytes);
  if (why !== undefined) return { refused: { reason: "pack_malformed", file, why } };
  const { pack = "" } = parsePackFile(file) ?? {};
  const before = await readState(storage, address);
  if (before && isGoing(before.state, pack, now())) {
    return { refused: { reason: "pack_going", pack } };
  }
  // What is there under that name has the same content.
  const stored = await storage.put(`${folderOf(address)}${file}`, bytes, { kind: "create" });
  return { isNew: stored !== undefined };
}

/**
 * Makes the mirror what `update` says, at once for everybody, and then removes what nobody needs any more.
 * Doing it again, because the answer was lost, changes nothing.
 */
export async function updateMirror(
  storage: Storage,
  address: string,
  update: Update,
  now: Now,
): Promise<{ state: State } | { refused: GitRefusal }> {
  const before = await readState(storage, address);
  if ((before?.state.revision ?? null) !== update.revision) {
    if (before && isSaid(before.state, update)) return { state: before.state };
    return { refused: { reason: "git_changed" } };
  }
  const startedAt = now();
  const going = before && update.packs.find((it) => isGoing(before.state, it, startedAt));
  if (going !== undefined) return { refused: { reason: "pack_going", pack: going } };
  const stored = await storedPacks(storage, address);
  const missing = update.packs.filter((it) => stored.get(it)?.size !== 2);
  if (missing.length > 0) return { refused: { reason: "packs_missing", packs: missing } };
  const objects = await missingObjects(storage, address, update);
  if (objects.length > 0) return { refused: { reason: "objects_missing", objects } };
  const kept = keptBy(before?.state, update, startedAt);
  const named = new Set([...update.packs, ...kept.map((it) => it.pack)]);
  const unnamed = [...stored.keys()].filter((it) => !named.has(it));
  const gone = await oldOf(storage, address, unnamed, before?.state, startedAt);
  const { head, refs, packs } = update;
  const state: State = {
    ...{ head, packs, revision: (update.revision ?? 0) + 1, kept },
    refs: refs.toSorted((a, b) => Number(a.name > b.name) - Number(a.name < b.name)),
    removing: [...stillGoing(before?.state, gone, startedAt), ...dated(gone, startedAt)],
  };
  const condition = before ? ({ kind: "replace", etag: before.stored.etag } as const) : create;
  if (!(await storage.put(stateKey(address), encodeState(state), condition))) {
    return { refused: { reason: "git_changed" } };
  }
  await remove(storage, address, gone, () => now() - startedAt < removingMsMax);
  return { state };
}

const create = { kind: "create" } as const;

function isGoing({ removing }: State, pack: string, at: number): boolean {
  return removing.some((it) => it.pack === pack && at - it.at < goingMs);
}

function isSaid(state: State, { head, refs, packs }: Update): boolean {
  const text = (it: Pick<State, "head" | "refs" | "packs">) =>
    JSON.stringify([it.head, it.packs, it.refs.map((ref) => JSON.stringify(ref)).toSorted()]);
  return text(state) === text({ head, refs, packs });
}

/** Every pack that is stored, with the kinds of its files. */
async function storedPacks(
  storage: Pick<Storage, "list">,
  address: string,
): Promise<Map<string, Set<string>>> {
  const packs = new Map<string, Set<string>>();
  const folder = folderOf(address);
  for await (const key of storage.list(folder)) {
    const file = parsePackFile(key.slice(folder.length));
    if (!file) continue;
    packs.set(file.pack, (packs.get(file.pack) ?? new Set()).add(file.kind));
  }
  return packs;
}

async function missingObjects(
  storage: Pick<Storage, "get">,
  address: string,
  { head, refs, packs }: Update,
): Promise<string[]> {
  const named = refs.flatMap(({ sha, peeled }) => (peeled === null ? [sha] : [sha, peeled]));
  if (head !== null && !head.startsWith("refs/")) named.push(head);
  let missing = [...new Set(named)];
  // One after the other, and none of them as a whole: nobody has set memory aside for them.
  for (const pack of packs) {
    if (missing.length === 0) break;
    const found = await storage.get(`${folderOf(address)}${pack}.idx`);
    if (found) missing = await objectsNotIn(pack, found.body, missing);
  }
  return missing;
}

/** Packs that were replaced, now or not long ago. */
function keptBy(before: State | undefined, update: Update, at: number): Dated {
  if (!before) return [];
  const replaced = [...before.kept, ...dated(before.packs, at)];
  return replaced.filter((it) => !update.packs.includes(it.pack) && at - it.at < keptMs);
}

function dated(packs: readonly string[], at: number): Dated {
  return packs.map((pack) => ({ pack, at }));
}

/** Those that a delete was sent for, other than those for which one is sent now. */
function stillGoing(before: State | undefined, gone: readonly string[], at: number): Dated {
  return (before?.removing ?? []).filter((it) => !gone.includes(it.pack) && at - it.at < goingMs);
}

/** Without packs that somebody may be uploading at this moment, and will name. */
async function oldOf(
  storage: Pick<Storage, "head">,
  address: string,
  unnamed: readonly string[],
  before: State | undefined,
  at: number,
): Promise<string[]> {
  const known = new Set(
    [...(before?.kept ?? []), ...(before?.removing ?? [])].map((it) => it.pack),
  );
  const old: string[] = [];
  for (const pack of unnamed) {
    if (known.has(pack) || (await isOld(storage, `${folderOf(address)}${pack}`, at)))
      old.push(pack);
  }
  return old;
}

async function isOld(storage: Pick<Storage, "head">, path: string, at: number): Promise<boolean> {
  const files = await Promise.all([storage.head(`${path}.pack`), storage.head(`${path}.idx`)]);
  return files.every((it) => !it || at - it.uploadedAt.getTime() > keptMs);
}

/** The index first: it is what says that the pack is there. */
async function remove(
  storage: Pick<Storage, "delete">,
  address: string,
  packs: readonly string[],
  isInTime: () => boolean,
): Promise<void> {
  for (const pack of packs) {
    for (const kind of ["idx", "pack"]) {
      if (!isInTime()) return;
      // The update is done, whatever becomes of this: what is left is for the next one.
      await storage.delete(`${folderOf(address)}${pack}.${kind}`).catch(() => undefined);
    }
  }
}
