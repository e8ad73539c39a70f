/** Makes a lost ledger anew of what lies in the bucket, step after step; nothing in the bucket changes before the end. */
import * as v from "valibot";
import { path, Refused } from "../client.ts";
import { Mistake } from "../mistake.ts";
import { patiently } from "../patiently.ts";
import { checked, type Session } from "../session.ts";
import { type Counts, Seen } from "./seen.ts";

export interface RestoreOptions {
  /** PEM, of whoever signed what lies there; Hexedge's own without it. */
  publicKey: string | undefined;
  /** Only what `versions` tells of as well. */
  indexedOnly: boolean;
  /** Goes on although something cannot be restored, which is then in the repository no more. */
  withoutBroken: boolean;
}

export interface Restored extends Counts {
  defects: Defect[];
  /** False: something is broken, so all is as it was before. */
  finished: boolean;
  /** Of how many packages a backup said who owns them; null when there was none. */
  backup: number | null;
}

const defect = v.object({
  package: v.string(),
  version: v.nullable(v.string()),
  /** `orphan` and `stale` are what nothing tells of; all others lack in the repository afterwards. */
  outcome: v.string(),
  why: v.string(),
});
export type Defect = v.InferOutput<typeof defect>;

const stepAnswer = v.object({
  packages: v.number(),
  releases: v.number(),
  defects: v.array(defect),
  next: v.nullable(v.string()),
});
type Step = v.InferOutput<typeof stepAnswer>;

const finishAnswer = v.object({ backup: v.nullable(v.number()) });

/** Doing it again, after it was cut off, begins anew and ends the same. @throws Refused when there is nothing to restore. */
export async function restoreLedger(
  session: Session,
  repository: string,
  options: RestoreOptions,
): Promise<Restored> {
  const read = await readBucket(session, repository, options);
  if (read.defects.some(isLacking) && !options.withoutBroken) {
    return { ...read, finished: false, backup: null };
  }
  return { ...read, finished: true, backup: await finish(session, repository) };
}

/** Something told clients of it. */
export function isLacking({ outcome }: Defect): boolean {
  return outcome !== "orphan" && outcome !== "stale";
}

async function readBucket(
  session: Session,
  repository: string,
  { publicKey, indexedOnly }: RestoreOptions,
): Promise<Counts & { defects: Defect[] }> {
  const all = { packages: 0, releases: 0, defects: [] as Defect[] };
  const seen = new Seen("restored");
  const how = {
    ...(publicKey === undefined ? {} : { public_key: publicKey }),
    ...(indexedOnly ? { indexed_only: true } : {}),
  };
  try {
    for (let after: string | null = null; ; ) {
      const step: Step = await askStep(session, repository, { ...how, after });
      all.packages += step.packages;
      all.releases += step.releases;
      all.defects.push(...step.defects);
      seen.show(all);
      if (step.next === null) return all;
      after = step.next;
    }
  } finally {
    seen.end();
  }
}

async function askStep(
  session: Session,
  repository: string,
  body: { [name: string]: unknown },
): Promise<Step> {
  const ask = () => session.ask(path`/repos/${repository}/restore`, { method: "POST", body });
  const answer = await patiently(ask).catch((error: unknown) => {
    throw wrongKey(error) ?? error;
  });
  return checked(stepAnswer, answer);
}

const keyRefused = v.object({ errors: v.object({ public_key: v.string() }) });

function wrongKey(error: unknown): Mistake | undefined {
  if (!(error instanceof Refused) || !v.is(keyRefused, error.answer)) return undefined;
  const { public_key: why } = error.answer.errors;
  return new Mistake(`${why}: --public-key FILE is the key of whoever signed what is there`);
}

/** @returns of how many packages a backup told. */
async function finish(session: Session, repository: string): Promise<number | null> {
  let asked = 0;
  const answer = await patiently(() => {
    asked++;
    return session.ask(path`/repos/${repository}/restore/finish`, { method: "POST" });
  }).catch((error: unknown) => {
    // It was done the time before, and the answer was lost.
    if (asked > 1 && error instanceof Refused && error.status === 409) return { backup: null };
    throw error;
  });
  return checked(finishAnswer, answer).backup;
}
