/** `import`: takes another repository in, release by release. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { RegistryError } from "../../hex/registry.ts";
import { KeyError, parsePublicKey, publicKeyFingerprint } from "../../hex/sign.ts";
import { type Imported, type ImportReport, importRepository } from "../../static/import.ts";
import type { SurveyedSource } from "../../static/survey.ts";
import { DiskFolder } from "../disk-folder.ts";
import { examples } from "../examples.ts";
import { ImportTarget } from "../import-target.ts";
import { readPublicKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { Progress } from "../progress.ts";
import { findRegistry, type RegistryOptions } from "../registry.ts";
import { HttpSource, placeOf, readUrl } from "../source.ts";
import { table } from "../table.ts";

export function importCommand(program: Command): void {
  const command = program
    .command("import <source> <repo>")
    .description("publish into a repository what another one has: a folder, or the URL of one")
    .option(
      "--public-key <file>",
      "the key of the source; else the one that it has itself is believed",
    )
    .option("--source-key <key>", "what to show to a source behind a URL (env HEXEDGE_SOURCE_KEY)")
    .option("--from <name>", "which one, where a MiniRepo's folder holds several")
    .option("--no-docs", "without documentation")
    .action(runImport);
  examples(command, [
    "import public acme --public-key acme_public_key.pem",
    "import /var/lib/mini_repo/data acme",
    "import https://hex.example.com/repos/acme acme --json",
  ]).addHelpText(
    "after",
    "\nThe source is a folder with names, versions, packages/ and tarballs/ (as build and export write\n" +
      "them), a MiniRepo's data folder, or the URL of any Hex repository. Signatures and checksums are\n" +
      "checked, dependencies go first, retirements and docs are kept. Who published it and when is not\n" +
      "known to the source: each release is published now, by you. What is there with the same checksum\n" +
      "is skipped, so run it again to go on where it stopped. Nothing that is there is ever changed.\n\n" +
      "Ends with 1 when something that the source tells of is not there afterwards. What it does not\n" +
      "tell of (stale, orphan) is only reported.",
  );
}

interface ImportOptions extends RegistryOptions {
  publicKey?: string;
  sourceKey?: string;
  from?: string;
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
  repository: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const options = command.optsWithGlobals<ImportOptions>();
  await placeOf(options, repository); // a name that is one
  const target = await ImportTarget.open(await findRegistry(options, process.env), repository);
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

async function openSource(
  from: string,
  options: ImportOptions,
): Promise<{ source: SurveyedSource; called: string }> {
  if (/^https?:/i.test(from)) {
    const url = readUrl(from, `${from} is no URL: https://hex.example.com/repos/acme is one`);
    const key = options.sourceKey || process.env.HEXEDGE_SOURCE_KEY || undefined;
    return { source: new HttpSource({ url, key }), called: url };
  }
  const path = await findFolder(from, options.from);
  const folder = new DiskFolder(path);
  const source = {
    read: (file: string) => folder.read(file),
    list: (file: string) => folder.list(file),
  };
  return { source, called: path };
}

/** The folder itself, or the one in `repos/` of a MiniRepo. */
async function findFolder(path: string, wanted: string | undefined): Promise<string> {
  const inside = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`;
    throw new Mistake(`${path} ${why}`);
  });
  if (inside.includes("names") && wanted === undefined) return path;
  if (!inside.includes("repos")) {
    throw new Mistake(`${path} holds no repository: there is neither names nor repos/NAME/names`);
  }
  const all = (await readdir(join(path, "repos"))).filter((name) => !name.startsWith("."));
  const [name = wanted, ...others] = all.filter((it) => wanted === undefined || it === wanted);
  if (name === undefined || !all.includes(name) || others.length > 0) {
    throw new Mistake(`${path} holds ${all.join(", ") || "nothing"}: say which one with --from`);
  }
  return join(path, "repos", name);
}

async function keyOf(source: SurveyedSource, called: string): Promise<string> {
  const bytes = await source.read("public_key");
  if (!bytes) {
    throw new Mistake(
      `${called} has no public_key: give the key of the repository, --public-key FILE`,
    );
  }
  const pem = new TextDecoder().decode(bytes);
  await parsePublicKey(pem).catch((error: unknown) => {
    if (!(error instanceof KeyError)) throw error;
    throw new Mistake(`${called}/public_key: ${error.message}`);
  });
  return pem;
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
  const lines = rows.length > 0 ? [table(["RELEASE", "OUTCOME", "WHY"], rows), ...more, ""] : [];
  return [...lines, key, `${repository}: ${counts.join(", ")}`].join("\n");
}
