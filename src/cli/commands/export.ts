/** `export`: a running repository, as a folder for any web server, for a backup or for git. */
import type { Command } from "commander";
import { type ExportRefusal, type ExportReport, exportRepository } from "../../static/export.ts";
import { waitUntilPublished } from "../described.ts";
import { DiskFolder } from "../disk-folder.ts";
import { examples } from "../examples.ts";
import { readPrivateKey, readPublicKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { readPinned } from "../pinned.ts";
import { pinnedOf } from "../pinned-of.ts";
import { Progress } from "../progress.ts";
import { findRegistry, type RegistryOptions } from "../registry.ts";
import { HttpSource, placeOf } from "../source.ts";

export function exportCommand(program: Command): void {
  const command = program
    .command("export <repo> <dir>")
    .description("write a repository into a folder that any web server can serve")
    .option("--lock <lockfile...>", "only the releases that these pin")
    .option(
      "--from <repository>",
      "what the lock files call the repository, if not as it is called",
    )
    .option("--no-docs", "without documentation")
    .option(
      "--public-key <file>",
      "what the repository's key must be; else the served one is believed",
    )
    .option("--private-key <file>", "sign anew with this key, and list only what is in the folder")
    .option("--force", "also into a folder of another key or repository")
    .action(runExport);
  examples(command, [
    "export acme public",
    "export hexpm_mirror vendor/hex --lock mix.lock",
    "export hexpm_mirror vendor/hex --lock mix.lock --private-key key.pem",
    "export acme backup --json",
  ]).addHelpText(
    "after",
    "\nWrites names, versions, packages/, tarballs/, docs/ and public_key; serve DIR with nginx or any\n" +
      "other web server, and clients need no Hexedge. Signatures and checksums are checked first, and\n" +
      "what is there and right is not fetched again: run it again to go on where it stopped, or to\n" +
      "follow the repository. What is gone there is removed. What was just published is waited for.\n" +
      "With --lock, names and versions are the repository's own, and tell of more than is in the\n" +
      "folder, unless --private-key signs others.",
  );
}

interface ExportOptions extends RegistryOptions {
  lock?: string[];
  from?: string;
  docs: boolean;
  publicKey?: string;
  privateKey?: string;
  force?: boolean;
  json?: boolean;
}

async function runExport(
  repository: string,
  dir: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const options = command.optsWithGlobals<ExportOptions>();
  const place = await placeOf(options, repository);
  if (options.from !== undefined && !options.lock) {
    throw new Mistake("--from says what lock files call the repository: it goes with --lock");
  }
  const publicKeyPem = options.publicKey && (await readPublicKey(options.publicKey));
  const privateKey = options.privateKey && (await readPrivateKey(options.privateKey));
  const pinned = options.lock && (await readPinned(options.lock));
  let skipped: Skipped["skipped"];
  const folder = new DiskFolder(dir);
  if (!(await folder.isEmpty()) && !(await folder.isRepository())) {
    throw new Mistake(`${dir} holds other things: name an empty folder, or one of an export`);
  }
  await waitUntilPublished(await findRegistry(options, process.env), repository);
  const progress = new Progress("releases");
  try {
    await folder.tidy();
    const report = await exportRepository({
      ...{ source: new HttpSource(place), folder, docs: options.docs },
      ...{ force: options.force, publicKeyPem: publicKeyPem || undefined },
      privateKey: privateKey || undefined,
      // A lock file knows what a mirror mirrors by that name.
      pinned:
        pinned &&
        ((called) => {
          const ours = pinnedOf(pinned, options.from ? [options.from] : [called, repository]);
          skipped = ours.skipped;
          return ours.releases.map((it) => ({ ...it, name: it.package }));
        }),
      onRelease: (done, total) => progress.show(done, total),
    });
    progress.end();
    if ("refused" in report)
      throw new Mistake(sentence(repository, place.url, dir, report.refused));
    const whole = skipped ? { ...report, skipped } : report;
    console.log(options.json ? JSON.stringify(whole, null, 2) : tell(dir, whole));
  } finally {
    progress.end();
    await folder.tidy();
  }
}

type Skipped = { skipped?: { name: string; why: string }[] };

function tell(dir: string, report: ExportReport & Skipped): string {
  const { repository, packages, releases, docs, written, removed, fetchedBytes } = report;
  const skipped = (report.skipped ?? []).map(({ name, why }) => `skipped ${name}: ${why}`);
  const counts = `${packages} packages, ${releases} releases, ${docs} with docs`;
  const did =
    written.length + removed.length === 0
      ? "nothing to write"
      : `${written.length} files written, ${removed.length} removed`;
  const fetched = `${(fetchedBytes / 1e6).toFixed(1)} MB fetched`;
  return [
    ...skipped,
    `${repository} in ${dir}: ${counts}; ${did}, ${fetched}`,
    `signed with ${report.fingerprint}`,
  ].join("\n");
}

function sentence(name: string, url: string, dir: string, refusal: ExportRefusal): string {
  switch (refusal.reason) {
    case "no_repository":
      return `${url}/${refusal.path} is not there: is ${name} a repository of this Hexedge?`;
    case "bad_key":
      return `${url}/public_key: ${refusal.why}`;
    case "unexpected_key":
      return `${name} is signed with ${refusal.fingerprint}, which is not the key of --public-key`;
    case "other_key":
      return `${dir} is signed with another key (${refusal.fingerprint}): --force writes over it`;
    case "other_repository":
      return `${dir} holds the repository ${refusal.repository}: --force writes over it`;
    case "bad_files":
      return [
        `${name} cannot be exported as it is now; what could be is in ${dir}, and the index is as before:`,
        ...refusal.problems.toSorted().slice(0, problemsMax),
        ...(refusal.problems.length > problemsMax ? ["…"] : []),
      ].join("\n");
  }
}

const problemsMax = 20;
