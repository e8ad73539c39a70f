/** `build`: a folder of tarballs becomes a repository that any web server can serve. */
import type { Command } from "commander";
import { fromHex, sameBytes, sha256 } from "../../hex/checksum.ts";
import type { LockedRelease } from "../../hex/lockfile.ts";
import { atOnce } from "../../static/at-once.ts";
import { type BuildRefusal, type BuildReport, buildRepository } from "../../static/build.ts";
import { tarballPath } from "../../static/layout.ts";
import { readTarball } from "../../static/tarball.ts";
import { DiskFolder } from "../disk-folder.ts";
import { examples } from "../examples.ts";
import { readPrivateKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { readPinned } from "../pinned.ts";
import { pinnedOf } from "../pinned-of.ts";
import { Progress } from "../progress.ts";
import { readUrl } from "../source.ts";
import { getFile, type Place } from "../transfer.ts";

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

interface BuildOptions {
  name: string;
  privateKey: string;
  force?: boolean;
  lock?: string[];
  from?: string;
  url?: string;
  key?: string;
  json?: boolean;
}

interface Fetched {
  fetched: number;
  there: number;
  skipped: { name: string; why: string }[];
}

async function runBuild(dir: string, _options: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<BuildOptions>();
  const { name: repository, force = false } = options;
  if (!/^[a-z0-9_]+$/.test(repository)) {
    throw new Mistake(`"${repository}" is no name of a repository: it has a-z, 0-9 and _`);
  }
  const privateKey = await readPrivateKey(options.privateKey);
  const folder = new DiskFolder(dir);
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

const fetchesAtOnce = 8;

/** All of them, or none of the rest is done: a registry that lacks what is pinned helps nobody. */
async function fetchPinned(
  folder: DiskFolder,
  lockfiles: readonly string[],
  options: BuildOptions,
): Promise<Fetched> {
  const place = placeOf(options);
  const { releases, skipped } = pinnedOf(await readPinned(lockfiles), [
    options.from ?? options.name,
  ]);
  const progress = new Progress("releases fetched");
  const counts = { fetched: 0, there: 0 };
  const problems: string[] = [];
  try {
    let done = 0;
    await atOnce(releases, fetchesAtOnce, async (release) => {
      const outcome = await fetchOne(folder, place, release);
      if (typeof outcome === "object") problems.push(outcome.why);
      else counts[outcome]++;
      progress.show(++done, releases.length);
    });
  } finally {
    progress.end();
  }
  if (problems.length === 0) return { ...counts, skipped };
  throw new Mistake(`nothing is built:\n${problems.sort().join("\n")}`);
}

async function fetchOne(
  folder: DiskFolder,
  place: Place,
  { package: name, version, outerChecksum, innerChecksum }: LockedRelease,
): Promise<"there" | "fetched" | { why: string }> {
  const path = tarballPath({ name, version });
  const isRight = async (bytes: Uint8Array): Promise<boolean> => {
    if (outerChecksum) return isSame(outerChecksum, await sha256(bytes));
    const facts = await readTarball(bytes);
    if ("refused" in facts) return false;
    return innerChecksum === null || isSame(innerChecksum, facts.innerChecksum);
  };
  const there = await folder.read(path);
  if (there && (await isRight(there))) return "there";
  const bytes = await getFile(place, `/${path}`);
  if (!bytes) return { why: `${name} ${version}: ${place.url} does not have it` };
  if (!(await isRight(bytes))) {
    return { why: `${name} ${version}: what ${place.url} has is not what is pinned` };
  }
  await folder.write(path, bytes);
  return "fetched";
}

function isSame(hex: string, checksum: Uint8Array): boolean {
  return sameBytes(fromHex(hex) ?? new Uint8Array(), checksum);
}

function placeOf({ url, key }: BuildOptions): Place {
  const wanted = "--lock needs --url, the repository to fetch from: https://repo.hex.pm";
  const place = readUrl(url ?? "", wanted);
  return { url: place, key: key || environmentKey(place) };
}

/** The key of a Hexedge is nothing that hex.pm, or whoever is named here, should see. */
function environmentKey(place: string): string | undefined {
  const { HEXEDGE_URL, HEXEDGE_KEY } = process.env;
  const isMeant = URL.parse(HEXEDGE_URL ?? "")?.origin === new URL(place).origin;
  return isMeant ? HEXEDGE_KEY || undefined : undefined;
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
    case "bad_file":
      return (
        `${dir}/${refusal.path}: ${refusal.why}; --force builds it anew from the tarballs, without ` +
        "the retirements it may have had"
      );
  }
}
