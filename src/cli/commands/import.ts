/** `import`: takes another repository in, release by release. */
import type { Command } from "commander";
import { RegistryError } from "../../hex/registry.ts";
import { parsePublicKey, publicKeyFingerprint } from "../../hex/sign.ts";
import { type Imported, type ImportReport, importRepository } from "../../static/import.ts";
import { type TakeOverOptions, takeOver } from "../check/take-over.ts";
import { describeRepository } from "../described.ts";
import { examples } from "../examples.ts";
import { keyOf, openSource, type SourceOptions } from "../import-source.ts";
import { ImportTarget } from "../import-target.ts";
import { readPublicKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { Progress } from "../progress.ts";
import { findRegistry, type RegistryOptions } from "../registry.ts";
import { placeOf } from "../source.ts";
import { table } from "../table.ts";

export function importCommand(program: Command): void {
  const command = program
    .command("import <source> [repo]")
    .description("publish into a repository what another one has: a folder, or the URL of one")
    .option(
      "--public-key <file>",
      "the key of the source; else the one that it has itself is believed",
    )
    .option("--source-key <key>", "what to show to a source behind a URL (env HEXEDGE_SOURCE_KEY)")
    .option("--from <name>", "which one, where a MiniRepo's folder holds several")
    .option("--no-docs", "without documentation")
    .option("--in-place", "take over the bucket of a repository: `import --in-place acme`")
    .option("--without-broken", "with --in-place: also when something would be left out")
    .action(runImport);
  examples(command, [
    "import public acme --public-key acme_public_key.pem",
    "import /var/lib/mini_repo/data acme",
    "import https://hex.example.com/repos/acme acme --json",
    "import --in-place acme --public-key mini_repo_public_key.pem",
  ]).addHelpText(
    "after",
    "\nThe source is a folder with names, versions, packages/ and tarballs/ (as build and export write\n" +
      "them), a MiniRepo's data folder, or the URL of any Hex repository. Signatures and checksums are\n" +
      "checked, dependencies go first, retirements and docs are kept, and where the source tells it, when\n" +
      "a release was published: with the admin key, or one of an admin of the repository. Who published it\n" +
      "the source does not know: it is you. What is there with the same checksum is skipped, so run it\n" +
      "again to go on where it stopped. Nothing that is there is ever changed.\n\n" +
      "With --in-place there is no source: the files lie as repos/acme/… in the bucket that wrangler.toml\n" +
      "gives the repository. Nothing is copied, and what clients read is signed with Hexedge's key then.\n" +
      "It stops before anything is changed when something that clients are told of cannot be taken over.\n\n" +
      "Ends with 1 when something that the source tells of is not there afterwards. What it does not\n" +
      "tell of (stale, orphan) is only reported.",
  );
}

interface ImportOptions extends RegistryOptions, SourceOptions, TakeOverOptions {
  inPlace?: boolean;
  publicKey?: string;
  docs: boolean;
  json?: boolean;
}

interface Report extends ImportReport {
  repository: string;
  source: string;
  fingerprint: string;
  /** Nobody said which key it has to be. */
  keyIsBelieved: boolean;
  summary: { [outcome: string]: number };
}

async function runImport(
  from: string,
  repository: string | undefined,
  _options: unknown,
  command: Command,
): Promise<void> {
  const options = command.optsWithGlobals<ImportOptions>();
  if (options.inPlace) {
    refuseSourceOptions(options);
    return takeOver(from, options, command);
  }
  if (options.withoutBroken) throw new Mistake("--without-broken goes with --in-place");
  if (repository === undefined) return command.error("error: missing required argument 'repo'");
  await placeOf(options, repository); // a name that is one
  const registry = await findRegistry(options, process.env);
  const kind = (await describeRepository(registry, repository))?.kind ?? "hosted";
  if (kind !== "hosted") {
    throw new Mistake(`${repository} is a ${kind}: only into a hosted repository can be published`);
  }
  const target = await ImportTarget.open(registry, repository);
  const { source, called } = await openSource(from, options);
  const pem = options.publicKey
    ? await readPublicKey(options.publicKey)
    : await keyOf(source, called);
  const progress = new Progress("releases");
  try {
    const imported = await importRepository({
      ...{ source, target, publicKey: await parsePublicKey(pem), docs: options.docs },
      onRelease: (done, total) => progress.show(done, total),
    });
    progress.end();
    const report: Report = {
      ...{ repository, source: called, fingerprint: await publicKeyFingerprint(pem) },
      ...{ keyIsBelieved: !options.publicKey, summary: summaryOf(imported), ...imported },
    };
    console.log(options.json ? JSON.stringify(report, null, 2) : tell(report));
    const lacking = report.releases.filter(isLacking).length;
    if (lacking > 0) throw new Mistake(lackingSentence(report, lacking));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new Mistake(`${called}: ${error.message}`);
  } finally {
    progress.end();
  }
}

/** What is there is taken as it is. */
function refuseSourceOptions({ from, sourceKey, docs }: ImportOptions): void {
  const given = [
    ...(from === undefined ? [] : ["--from"]),
    ...(sourceKey === undefined ? [] : ["--source-key"]),
    ...(docs ? [] : ["--no-docs"]),
  ];
  if (given.length === 0) return;
  throw new Mistake(`${given.join(", ")} goes with a source, and not with --in-place`);
}

function summaryOf({ releases, retired, docs }: ImportReport): Report["summary"] {
  const summary: Report["summary"] = { new: 0, there: 0, conflict: 0, refused: 0 };
  for (const { outcome } of releases) summary[outcome] = (summary[outcome] ?? 0) + 1;
  return { ...summary, retired, docs };
}

function isLacking({ outcome }: Imported): boolean {
  return !["new", "there", "stale", "orphan"].includes(outcome);
}

function lackingSentence({ source, repository, from, summary }: Report, lacking: number): string {
  const sentence = `${lacking} of what ${source} tells of is not in ${repository} as it is there`;
  // mix writes the repository's name into each tarball, and nobody can change that.
  const isOther = (summary.refused ?? 0) > 0 && from !== repository;
  return isOther
    ? `${sentence}: the source is called ${from}, and what depends on ${from} by name fits only a repository of that name`
    : sentence;
}

const rowsMax = 100;

function tell(report: Report): string {
  const { repository, releases, summary, fingerprint, keyIsBelieved } = report;
  const told = releases.filter(({ outcome }) => outcome !== "new" && outcome !== "there");
  const counts = Object.entries(summary).map(([outcome, count]) => {
    return `${count} ${outcome === "there" ? "already there" : outcome}`;
  });
  const key = keyIsBelieved
    ? `signed with ${fingerprint}, as the source itself says: compare it, or give --public-key`
    : `signed with ${fingerprint}`;
  const more = told.length > rowsMax ? [`… and ${told.length - rowsMax} more: see --json`] : [];
  const rows = told
    .slice(0, rowsMax)
    .map((it) => [`${it.package} ${it.version ?? ""}`.trim(), it.outcome, it.why]);
  const dates = report.undated.map(({ releases, why }) => {
    return `warning: ${releases} of the new ones have today's date, not that of the source: ${why}`;
  });
  const lines = rows.length > 0 ? [table(["RELEASE", "OUTCOME", "WHY"], rows), ...more, ""] : [];
  return [...lines, key, ...dates, `${repository}: ${counts.join(", ")}`].join("\n");
}
