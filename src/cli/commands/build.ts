/** `build`: a folder of tarballs becomes a repository that any web server can serve. */
import type { Command } from "commander";
import {
  type BuildRefusal,
  type BuildReport,
  buildRepository,
  refusalOfFolder,
} from "../../static/build.ts";
import { DiskFolder } from "../disk-folder.ts";
import { examples } from "../examples.ts";
import { type Fetched, fetchPinned, type PinnedOptions } from "../fetch-pinned.ts";
import { readPrivateKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { Progress } from "../progress.ts";

export function buildCommand(program: Command): void {
  const build = program
    .command("build <dir>")
    .description("make a repository for any web server out of DIR/tarballs/*.tar")
    .requiredOption("--name <name>", "what clients call the repository")
    .requiredOption("--private-key <file>", "signs it: openssl genrsa -out key.pem 2048")
    .option("--force", "sign anew what another key or another name has signed")
    .option("--lock <lockfile...>", "first fetch what these pin, from the repository at --url")
    .option("--from <repository>", "what the lock files call that repository, if not --name")
    .action(runBuild);
  examples(build, [
    "build public --name acme --private-key key.pem",
    "build public --name hexpm --private-key key.pem --lock mix.lock --url https://repo.hex.pm",
    "build public --name acme --private-key key.pem --json",
  ]).addHelpText(
    "after",
    "\nWrites names, versions, packages/NAME and public_key beside tarballs/, which is all that clients\n" +
      "need: serve DIR with nginx or any other web server. Run it again after adding, replacing or\n" +
      "removing tarballs, also when it was interrupted: only what changed is written. Retirements that\n" +
      "packages/NAME has are kept. When a tarball is broken nothing is written, and it ends with 1.\n\n" +
      "With --lock, --url is a repository such as https://repo.hex.pm or https://HOST/repos/NAME, and\n" +
      "each tarball must have the checksum that is pinned. It is shown the key of --key, or\n" +
      "HEXEDGE_KEY when HEXEDGE_URL is of the same host.",
  );
}

interface BuildOptions extends PinnedOptions {
  privateKey: string;
  force?: boolean;
  lock?: string[];
  json?: boolean;
}

async function runBuild(dir: string, _options: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<BuildOptions>();
  const { name: repository, force = false } = options;
  if (!/^[a-z0-9_]+$/.test(repository)) {
    throw new Mistake(`"${repository}" is no name of a repository: it has a-z, 0-9 and _`);
  }
  const privateKey = await readPrivateKey(options.privateKey);
  const folder = new DiskFolder(dir);
  if (options.from !== undefined && !options.lock) {
    throw new Mistake("--from says what lock files call the repository: it goes with --lock");
  }
  // Before anything is fetched into a folder of somebody else's.
  const refused =
    options.lock && (await refusalOfFolder({ folder, repository, privateKey, force }));
  if (refused) throw new Mistake(sentence(dir, refused));
  const fetched = options.lock && (await fetchPinned(folder, options.lock, options));
  const progress = new Progress("tarballs");
  try {
    await folder.tidy();
    const onTarball = (done: number, total: number) => progress.show(done, total);
    const built = await buildRepository({ folder, repository, privateKey, force, onTarball });
    progress.end();
    if ("refused" in built) throw new Mistake(sentence(dir, built.refused));
    console.log(
      options.json
        ? JSON.stringify(fetched ? { ...built, lock: fetched } : built, null, 2)
        : tell(dir, built, fetched),
    );
  } finally {
    progress.end();
    await folder.tidy();
  }
}

function tell(dir: string, report: BuildReport, fetched: Fetched | undefined): string {
  const { repository, packages, releases, unpacked, written, removed } = report;
  const changes = [...written.map((it) => `+ ${it}`), ...removed.map((it) => `- ${it}`)];
  const shown = changes.length > linesMax ? [...changes.slice(0, linesMax), "…"] : changes;
  const counts = `${packages} packages, ${releases} releases, ${unpacked} new or changed`;
  const did = changes.length === 0 ? "nothing to write" : `${written.length} files written`;
  const gone = removed.length > 0 ? `, ${removed.length} removed` : "";
  const skipped = (fetched?.skipped ?? []).map(({ name, why }) => `skipped ${name}: ${why}`);
  const got = fetched ? [`${fetched.fetched} fetched, ${fetched.there} already there`] : [];
  return [...skipped, ...got, ...shown, `${repository} in ${dir}: ${counts}; ${did}${gone}`].join(
    "\n",
  );
}

const linesMax = 20;

function sentence(dir: string, refusal: BuildRefusal): string {
  switch (refusal.reason) {
    case "no_tarballs":
      return `there is no folder ${dir}/tarballs: make it, and put NAME-VERSION.tar files there`;
    case "bad_tarballs":
      return [
        "nothing is written:",
        ...refusal.problems.map(({ file, why }) => `${dir}/tarballs/${file}: ${why}`),
      ].join("\n");
    case "bad_public_key":
      return `${dir}/public_key is not one: ${refusal.why} (--force writes it anew)`;
    case "other_key":
      return (
        `${dir} is signed with another key, ${refusal.fingerprint}: give that key; --force signs it ` +
        "anew, and every client then needs the new public_key"
      );
    case "other_repository":
      return (
        `${dir} holds the repository ${refusal.repository}: build into another folder, or with ` +
        `--name ${refusal.repository}; --force makes it one of another name`
      );
    case "bad_file":
      return (
        `${dir}/${refusal.path}: ${refusal.why}; --force builds it anew from the tarballs, without ` +
        "the retirements it may have had"
      );
  }
}
