/** What a check found, and what a restore left out, for a person. */
import { printable, table } from "../table.ts";
import type { Defect, Restored } from "./restore.ts";
import type { Checked, Problem } from "./steps.ts";

/** More than a screen of them is for --json. */
const rowsMax = 100;

/** A line of each problem with what would cure it, and a summary as the last one. */
export function tellChecked(repository: string, all: Checked, repaired?: number): string {
  const { packages, releases, problems, settled } = all;
  const lines = problems.slice(0, rowsMax).map((it) => {
    return `${printable(it.problem)} — ${cureOf(it, repaired !== undefined)}`;
  });
  if (problems.length > rowsMax) {
    lines.push(`… and ${problems.length - rowsMax} more: see --json`);
  }
  if (!settled) {
    lines.push(
      "names and versions were not compared: something is on its way to them, so run it again",
    );
  }
  const wrong = problems.length === 0 ? "nothing wrong" : `${problems.length} wrong`;
  const mended = repaired === undefined || repaired === 0 ? "" : `, ${repaired} repaired`;
  return [
    ...lines,
    `${repository}: ${count(packages, "package")}, ${count(releases, "release")}${mended}, ${wrong}`,
  ].join("\n");
}

/** What the bucket has that the repository has not. */
export function tellRestored(repository: string, restored: Restored): string {
  const { packages, releases, defects, finished, backup } = restored;
  const held = `${count(packages, "package")}, ${count(releases, "release")}`;
  const parts = defects.length > 0 ? [tellDefects(defects), ""] : [];
  if (!finished) return [...parts, `${repository}: ${held} can be restored`].join("\n");
  const owners =
    backup === null
      ? "there was no backup, so who owns the packages and who published them is not known"
      : `who owns them and who published them is known of ${count(backup, "package")}, by the backup`;
  return [...parts, `${repository}: ${held} restored; ${owners}`].join("\n");
}

export function tellDefects(defects: readonly Defect[]): string {
  const rows = defects
    .slice(0, rowsMax)
    .map((it) => [`${it.package} ${it.version ?? ""}`.trim(), it.outcome, it.why]);
  const more = defects.length - rowsMax;
  const told = table(["RELEASE", "OUTCOME", "WHY"], rows);
  return more > 0 ? `${told}\n… and ${more} more: see --json` : told;
}

/**
 * The key comes first: without that of whoever signed, all is broken, and leaving it out would empty the
 * repository.
 * @param unsigned how many of them `isUnsigned`.
 */
export function stoppedSentence(lacking: number, unsigned: number): string {
  const key = "give --public-key FILE, the key of whoever signed";
  const mend = (what: string) =>
    `mend ${what} in the bucket, or leave ${what} out with --without-broken, and no client finds it any more`;
  const stopped =
    `${count(lacking, "thing")} in the bucket cannot be restored, so nothing was changed and clients ` +
    "read everything as before";
  if (unsigned === 0) return `${stopped}: ${mend("it")}`;
  if (unsigned === lacking) {
    return `${stopped}: not signed with the expected key, so ${key} all of it`;
  }
  return `${stopped}: ${unsigned} of them by the signature, so first ${key} it; then ${mend("the rest")}`;
}

/** The file is as somebody else signed it: another key may cure it. */
export function isUnsigned({ why }: Defect): boolean {
  return why.includes("not signed with the expected key");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** @param isTried `--repair` was asked for. */
function cureOf({ cure }: Problem, isTried: boolean): string {
  if (cure === null) {
    return "publish it again with --replace, revert it, or put the file back from a copy of the bucket";
  }
  if (cure === "remove") return "`--repair --prune` removes it";
  if (cure === "go online") return "with a network, `--repair` fetches it again";
  if (isTried && cure !== "restore ledger") {
    return "`--repair` did not mend it: what Hexedge logs says why";
  }
  return `\`--repair\` ${cures[cure] ?? "mends it"}`;
}

const cures: Record<string, string> = {
  "write package": "writes it anew",
  "write index": "writes names, versions and public_key anew",
  "write pages": "unpacks the docs anew",
  "write lists": "lists the packages anew",
  "fetch again": "removes it, and it is fetched from upstream again",
  "restore ledger": "makes it anew of what the bucket holds",
};
