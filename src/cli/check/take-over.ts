/** `import --in-place`: a bucket that somebody else filled becomes a repository of Hexedge, and no byte is copied. */
import type { Command } from "commander";
import * as v from "valibot";
import { publicKeyFingerprint } from "../../hex/sign.ts";
import { Refused } from "../client.ts";
import { readPublicKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { openSession, type Session } from "../session.ts";
import { repairAll } from "./repair.ts";
import { isLacking, type Restored, restoreLedger } from "./restore.ts";
import type { Problem } from "./steps.ts";
import { isUnsigned, stoppedSentence, tellChecked, tellDefects } from "./tell.ts";

export interface TakeOverOptions {
  publicKey?: string;
  withoutBroken?: boolean;
}

const report = v.object({
  repository: v.string(),
  /** Of who had signed it; null when it was Hexedge's own key. */
  fingerprint: v.nullable(v.string()),
  summary: v.record(v.string(), v.number()),
});

/**
 * Of what was taken over before, or was always ours, it says so, and does nothing.
 * @throws Mistake when something that clients are told of would not be there afterwards, unless that is wanted.
 */
export async function takeOver(
  repository: string,
  options: TakeOverOptions,
  command: Command,
): Promise<void> {
  if (command.args.length > 1) {
    throw new Mistake("--in-place takes only the repository's name: there is no other source");
  }
  const session = await openSession(command);
  const pem = options.publicKey === undefined ? undefined : await readPublicKey(options.publicKey);
  const taken = await restoreLedger(session, repository, {
    ...{ publicKey: pem, indexedOnly: true },
    withoutBroken: options.withoutBroken ?? false,
  }).catch(unlessThere);
  if (taken === "there") return tellThere(session, repository);
  const problems = taken.finished ? await problemsAfter(session, repository) : [];
  const made = {
    ...{ repository, fingerprint: pem === undefined ? null : await publicKeyFingerprint(pem) },
    ...{ finished: taken.finished, summary: summaryOf(taken), releases: taken.defects, problems },
  };
  session.show(made, report, ({ fingerprint }) => tell(repository, fingerprint, taken, problems));
  if (!taken.finished) {
    const lacking = taken.defects.filter(isLacking);
    throw new Mistake(stoppedSentence(lacking.length, lacking.filter(isUnsigned).length));
  }
  if (problems.length > 0) {
    throw new Mistake(`not all files of ${repository} are as they should be: see above`);
  }
}

/** Whoever runs it again, not knowing whether it was finished, has what they want. */
function unlessThere(error: unknown): "there" {
  const isThere =
    error instanceof Refused && error.status === 409 && error.message.includes("has its ledger");
  if (isThere) return "there";
  throw error;
}

function tellThere(session: Session, repository: string): void {
  const made = {
    ...{ repository, fingerprint: null, finished: true, summary: { new: 0 } },
    ...{ releases: [], problems: [] },
  };
  session.done(made, `${repository}: already taken over: nothing to do`);
}

/** All files are signed anew, and verified; what nothing tells of is among the defects already. */
async function problemsAfter(session: Session, repository: string): Promise<Problem[]> {
  const { problems } = await repairAll(session, repository, false);
  return problems.filter(({ cure }) => cure !== "remove");
}

function summaryOf({ releases, defects }: Restored): Record<string, number> {
  const summary: Record<string, number> = { new: releases };
  for (const { outcome } of defects) summary[outcome] = (summary[outcome] ?? 0) + 1;
  return summary;
}

function tell(
  repository: string,
  fingerprint: string | null,
  taken: Restored,
  problems: Problem[],
): string {
  const { packages, releases, defects, finished } = taken;
  const signed =
    fingerprint === null
      ? "signed with Hexedge's own key"
      : finished
        ? `was signed with ${fingerprint}; now with Hexedge's key, which clients have to be given`
        : `signed with ${fingerprint}`;
  const counts = Object.entries(summaryOf(taken)).map(
    ([outcome, number]) => `${number} ${outcome}`,
  );
  return [
    ...(defects.length > 0 ? [tellDefects(defects), ""] : []),
    ...[signed, `${repository}: ${counts.join(", ")}`],
    ...(problems.length > 0
      ? [tellChecked(repository, { packages, releases, problems, settled: true }, 0)]
      : []),
  ].join("\n");
}
