/**
 * A piece of making a lost ledger anew: packages after packages, then what nothing tells of. Nothing in the
 * bucket changes, and doing it again does the same again; `finish` ends it.
 */
import { isPackageName } from "../../hex/name.ts";
import { RegistryError, unpackVersions } from "../../hex/registry.ts";
import { type Limits, Reader, type Reads, stepLimits } from "../check/reader.ts";
import { BadCursor, decoded } from "../check/step.ts";
import { checkStrays } from "../check/strays.ts";
import { packageKey, parseKey, versionsKey } from "../keys.ts";
import type { BackupLine } from "./backup.ts";
import { type Defect, type RestoredPackage, readPackage } from "./package.ts";
import { restorePeople } from "./people.ts";

export interface RestoreSource {
  repository: string;
  /** Of whoever signed what lies in the bucket. */
  publicKey: CryptoKey;
  /** Is that not our own key? Then every file is signed anew. */
  isForeign: boolean;
  /**
   * Only what `versions` tells of as well. Ours is a second behind packages/NAME, which is the promise; others
   * leave packages/NAME behind when they take a package back.
   */
  indexedOnly: boolean;
  /** Who may own something again: those who are users still. */
  userIds(): Promise<ReadonlySet<number>>;
}

/** The repository's Durable Object. */
export interface RestoreTarget {
  /** Begins anew; what an earlier one made is forgotten. @returns its number, or null: nothing is lost. */
  beginRestore(): Promise<string | null>;
  /** @returns whether the restore is still the one that goes on. */
  adopt(restore: string, packages: RestoredPackage[]): Promise<boolean>;
  /** @returns as `adopt`. */
  remember(restore: string, lines: BackupLine[]): Promise<boolean>;
  /** All of the bucket was looked at. @returns as `adopt`. */
  adopted(restore: string): Promise<boolean>;
  unknown(keys: string[]): Promise<string[]>;
}

export interface RestoreStep {
  packages: number;
  releases: number;
  defects: Defect[];
  /** To go on with; null when it was the last step. */
  next: string | null;
}

/** Another restore was begun since, or nothing is lost any more. */
export class Superseded extends Error {}

/**
 * @param cursor of the step before; null begins.
 * @throws BadCursor @throws Superseded @throws RegistryError when versions is not to be believed.
 */
export async function restoreStep(
  storage: Reads,
  source: RestoreSource,
  target: RestoreTarget,
  cursor: string | null,
  limits: Limits = stepLimits,
): Promise<RestoreStep> {
  const reader = new Reader(storage, limits);
  const [restore, phase, at = ""] = (cursor ?? (await begin(target))).split("/");
  if (!restore) throw new BadCursor(`${cursor} is not where it stopped`);
  if (!(await target.adopt(restore, []))) throw new Superseded();
  const goOn = (next: string | null) => (next === null ? null : `${restore}/${next}`);
  if (phase === "packages") {
    const step = await restorePackages(reader, source, target, restore, at);
    return { ...step, next: goOn(step.next) };
  }
  if (phase === "orphans") {
    const step = await findOrphans(reader, source, target, decoded(at));
    return { ...step, next: goOn(step.next) };
  }
  if (phase !== "people") throw new BadCursor(`${cursor} is not where it stopped`);
  const step = await findPeople(reader, source, target, restore, Number(at));
  if (step.next === null && !(await target.adopted(restore))) throw new Superseded();
  return { ...step, next: goOn(step.next) };
}

async function findPeople(
  reader: Reader,
  { repository, userIds }: RestoreSource,
  target: RestoreTarget,
  restore: string,
  done: number,
): Promise<RestoreStep> {
  const ids = await userIds();
  const { next, broken } = await restorePeople(
    ...([reader, repository, done, (id: number) => ids.has(id)] as const),
    async (lines) => {
      if (!(await target.remember(restore, lines))) throw new Superseded();
    },
  );
  const defect = { package: "", version: null, outcome: "backup" } as const;
  return {
    ...{ packages: 0, releases: 0, next: next === null ? null : `people/${next}` },
    defects: broken === null ? [] : [{ ...defect, why: broken }],
  };
}

async function begin(target: RestoreTarget): Promise<string> {
  const restore = await target.beginRestore();
  if (restore === null) throw new Superseded();
  return `${restore}/packages/`;
}

async function restorePackages(
  reader: Reader,
  source: RestoreSource,
  target: RestoreTarget,
  restore: string,
  after: string,
): Promise<RestoreStep> {
  const { repository, isForeign } = source;
  const step: RestoreStep = { packages: 0, releases: 0, defects: [], next: null };
  const indexed = source.indexedOnly ? await indexedNames(reader, source) : undefined;
  const folder = packageKey(repository, "");
  for await (const key of reader.storage.list(folder, folder + after)) {
    const name = key.slice(folder.length);
    const say = (defect: Omit<Defect, "package">) =>
      step.defects.push({ package: name, ...defect });
    const broken = { version: null, outcome: "broken", why: "it is no name of a package" } as const;
    const stale = { version: null, outcome: "stale", why: "versions does not tell of it" } as const;
    if (!isPackageName(name)) say(broken);
    else if (indexed && !indexed.has(name)) say(stale);
    else {
      const read = await readPackage({ reader, ...source }, name, say);
      if (read) {
        const due = isForeign ? { ...read, isUpToDate: false, mtimeSeconds: 0 } : read;
        if (!(await target.adopt(restore, [due]))) throw new Superseded();
        step.packages++;
        step.releases += read.releases.length;
      }
    }
    if (reader.isSpent) return { ...step, next: `packages/${name}` };
  }
  return { ...step, next: "orphans/" };
}

async function indexedNames(reader: Reader, source: RestoreSource): Promise<Set<string>> {
  const { repository, publicKey } = source;
  const file = await reader.read(versionsKey(repository));
  // Without it everything would be stale, and the repository empty.
  if (!file) throw new RegistryError("bad_message", "It is not there");
  const versions = await unpackVersions(file, publicKey, { repository });
  return new Set(versions.packages.map(({ name }) => name));
}

async function findOrphans(
  reader: Reader,
  { repository }: RestoreSource,
  target: RestoreTarget,
  after: string,
): Promise<RestoreStep> {
  const defects: Defect[] = [];
  const unknown = (keys: string[]) => target.unknown(keys);
  // The ledger is made of these files: none of them is later than it.
  const sequence = Number.POSITIVE_INFINITY;
  const stopped = await checkStrays(
    reader,
    { repository, sequence },
    after,
    unknown,
    ({ says, cure }) => {
      const found = cure?.do === "remove" ? parseKey(repository, cure.key) : undefined;
      const name = found && "name" in found ? found.name : "";
      const version = found && "version" in found ? found.version : null;
      defects.push({ package: name, version, outcome: "orphan", why: says });
    },
  );
  const next = stopped === null ? "people/0" : `orphans/${encodeURIComponent(stopped)}`;
  return { packages: 0, releases: 0, defects, next };
}
