/** `check`: is all that a repository has in the bucket as it should be? And `--repair` makes it so. */
import type { Command } from "commander";
import * as v from "valibot";
import { type Repaired, repairAll } from "../check/repair.ts";
import { isLacking, type Restored, restoreLedger } from "../check/restore.ts";
import { type Checked, checkAll } from "../check/steps.ts";
import { isUnsigned, stoppedSentence, tellChecked, tellRestored } from "../check/tell.ts";
import { examples } from "../examples.ts";
import { readPublicKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { openSession, type Session } from "../session.ts";

export function checkCommand(program: Command): void {
  const command = program
    .command("check <repo>")
    .description("look whether all files of a repository are there and right, and repair them")
    .option("--repair", "write anew what is damaged, and restore a ledger that was lost")
    .option("--prune", "with --repair: remove files that nobody knows of")
    .option("--without-broken", "with --repair: restore also when something cannot be restored")
    .option("--public-key <file>", "with --repair: of whoever signed a bucket that is not ours")
    .action(runCheck);
  examples(command, ["check acme", "check acme --json", "check acme --repair --prune"]).addHelpText(
    "after",
    "\nReads every file as a client would that trusts nobody, against the ledger: a long time for a\n" +
      "large repository, in which others go on publishing. Only --repair changes anything. What only\n" +
      "the lost file had, such as a tarball, it cannot make up. Of a ledger that was lost it makes a new\n" +
      "one, of what lies in the bucket; until then the repository can only be read. Of a mirror it reads\n" +
      "what is kept; --repair removes what is damaged, and it is fetched again. A group keeps nothing.\n\n" +
      "Ends with 1 when something is wrong, or could not be compared.",
  );
}

interface CheckOptions {
  repair?: boolean;
  prune?: boolean;
  withoutBroken?: boolean;
  publicKey?: string;
}

const report = v.object({
  repository: v.string(),
  packages: v.number(),
  releases: v.number(),
  settled: v.boolean(),
  problems: v.array(v.object({ problem: v.string(), cure: v.nullable(v.string()) })),
  repaired: v.number(),
});

async function runCheck(
  repository: string,
  options: CheckOptions,
  command: Command,
): Promise<void> {
  const needless = (["prune", "withoutBroken", "publicKey"] as const).find((it) => options[it]);
  if (!options.repair && needless) {
    const option = command.options.find((it) => it.attributeName() === needless);
    throw new Mistake(`${option?.long} is for --repair: without it nothing is changed`);
  }
  const session = await openSession(command);
  if (options.repair) return repair(session, repository, options);
  const found = await checkAll(session, repository);
  const made = { repository, ...found, repaired: 0 };
  session.show(made, report, () => tellChecked(repository, found));
  failUnlessWell(repository, found);
}

async function repair(session: Session, repository: string, options: CheckOptions): Promise<void> {
  const pem = options.publicKey && (await readPublicKey(options.publicKey));
  const prune = options.prune ?? false;
  let left = await repairAll(session, repository, prune);
  let restored: Restored | undefined;
  if (left.problems.some(({ cure }) => cure === "restore ledger")) {
    restored = await restoreLedger(session, repository, {
      ...{ publicKey: pem || undefined, indexedOnly: false },
      withoutBroken: options.withoutBroken ?? false,
    });
    if (restored.finished) left = await repairAll(session, repository, prune);
  }
  const made = { repository, ...left, ...(restored ? { restored } : {}) };
  session.show(made, report, () => tellRepaired(repository, left, restored));
  if (restored?.finished === false) {
    const lacking = restored.defects.filter(isLacking);
    throw new Mistake(stoppedSentence(lacking.length, lacking.filter(isUnsigned).length));
  }
  failUnlessWell(repository, left, prune);
}

function tellRepaired(repository: string, left: Repaired, restored: Restored | undefined): string {
  const told = tellChecked(repository, left, left.repaired);
  if (!restored) return told;
  const before = tellRestored(repository, restored);
  return restored.finished ? `${before}\n${told}` : before;
}

/** @param prune whether what could be removed was, or undefined when nothing was to be repaired. */
function failUnlessWell(repository: string, { problems, settled }: Checked, prune?: boolean): void {
  if (problems.length > 0) {
    const things = problems.length === 1 ? "1 thing is" : `${problems.length} things are`;
    const isLeft = prune === undefined ? "wrong" : "still wrong";
    throw new Mistake(`${things} ${isLeft} in ${repository}${adviceOf(problems, prune)}`);
  }
  if (!settled) throw new Mistake(`not all of ${repository} could be compared: run it again`);
}

function adviceOf(problems: Checked["problems"], prune: boolean | undefined): string {
  const strays = problems.filter(({ cure }) => cure === "remove").length;
  const others = problems.filter(({ cure }) => cure !== null && cure !== "remove").length;
  const advice = [
    ...(prune === undefined && others > 0 ? [`--repair mends ${others}`] : []),
    ...(!prune && strays > 0 ? [`--repair --prune removes ${strays}`] : []),
  ];
  return advice.length > 0 ? `: ${advice.join(", ")}` : "";
}
