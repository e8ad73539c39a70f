/** `git mirror …`: what lock files take from git is served from here, to the same `git`. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import * as v from "valibot";
import { addressOfUrl } from "../../git/address.ts";
import { TermError } from "../../hex/erlang/term.ts";
import { LockfileError } from "../../hex/lockfile/entry.ts";
import { type GitDependency, readGitDependencies } from "../../hex/lockfile/git.ts";
import { parseLockfile } from "../../hex/lockfile.ts";
import { examples } from "../examples.ts";
import { withoutPassword } from "../git/git.ts";
import { KeyRefused, type Outcome, upload } from "../git/upload.ts";
import { Mistake } from "../mistake.ts";
import { Progress } from "../progress.ts";
import { findRegistry, type Registry, type RegistryOptions } from "../registry.ts";
import { openSession } from "../session.ts";
import { table } from "../table.ts";

export function gitCommands(program: Command): void {
  const group = program.command("git").description("repositories of git, for dependencies on them");
  const mirror = group
    .command("mirror <lockfiles...>")
    .description("mirror what lock files take from git: mix.lock, rebar.lock, manifest.toml")
    .option(
      "--cache <dir>",
      "keep the clones here, so that the next time only what is new is fetched",
    )
    .action(mirrorAll);
  examples(mirror, [
    "git mirror mix.lock",
    "git mirror */mix.lock */rebar.lock --cache .git-cache",
  ]).addHelpText(
    "after",
    "\nWhat did not change is not sent again. Ends with 1 when one of them could not be mirrored; the\n" +
      "others are. Submodules and files in Git LFS are not mirrored. Builds find it with\n" +
      '  git config --global url."http://KEY@HOST/git/github.com/".insteadOf https://github.com/',
  );
}

const mirrored = v.object({
  repository: v.string(),
  /** `new`, `updated`, `there` or `failed`. */
  outcome: v.string(),
  why: v.nullable(v.string()),
});
const report = v.object({
  summary: v.record(v.string(), v.number()),
  repositories: v.array(mirrored),
});
type Mirrored = v.InferOutput<typeof mirrored>;
type Report = v.InferOutput<typeof report>;

interface Asked {
  /** As a person sees it. */
  name: string;
  address: string | undefined;
  url: string;
  commits: Set<string>;
  hasSubmodules: boolean;
}

async function mirrorAll(
  files: string[],
  { cache }: { cache?: string },
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const options = command.optsWithGlobals<RegistryOptions>();
  const registry = await findRegistry(options, process.env);
  const asked = await readAll(files);
  const progress = new Progress("repositories");
  const repositories: Mirrored[] = [];
  try {
    for (const it of asked) {
      progress.show(repositories.length, asked.length);
      repositories.push(await mirrorOne(registry, it, cache));
    }
  } finally {
    progress.end();
  }
  const summary: Report["summary"] = { new: 0, updated: 0, there: 0, failed: 0 };
  for (const { outcome } of repositories) summary[outcome] = (summary[outcome] ?? 0) + 1;
  session.show({ summary, repositories }, report, tell);
  const { failed = 0 } = summary;
  if (failed === 0) return;
  const how = `${failed} of ${repositories.length} repositories`;
  throw new Mistake(`${how} could not be mirrored: run it again to try only these`);
}

/** @throws KeyRefused: the others would be refused as well. */
async function mirrorOne(
  registry: Registry,
  it: Asked,
  cache: string | undefined,
): Promise<Mirrored> {
  const { name: repository, address, url, commits, hasSubmodules } = it;
  if (address === undefined) {
    return {
      repository,
      outcome: "failed",
      why: "only http, https, ssh and git URLs with plain names are mirrored",
    };
  }
  try {
    const where = cache === undefined ? undefined : resolve(cache);
    const outcome: Outcome = await upload(registry, { address, url, commits }, where);
    const why = hasSubmodules ? "its submodules are not mirrored" : null;
    return { repository, outcome, why };
  } catch (error) {
    if (!(error instanceof Mistake) || error instanceof KeyRefused) throw error;
    return { repository, outcome: "failed", why: error.message };
  }
}

/** Each repository once, with all commits that are pinned of it. */
async function readAll(files: readonly string[]): Promise<Asked[]> {
  const all = new Map<string, Asked>();
  for (const file of files) {
    for (const { url, commit, hasSubmodules } of await readOne(file)) {
      const address = addressOfUrl(url);
      const name = address ?? withoutPassword(url);
      const before = all.get(name);
      before?.commits.add(commit);
      if (before && hasSubmodules) before.hasSubmodules = true;
      if (!before) all.set(name, { name, address, url, commits: new Set([commit]), hasSubmodules });
    }
  }
  return [...all.values()];
}

async function readOne(file: string): Promise<GitDependency[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`;
    throw new Mistake(`${file} ${why}`);
  });
  const lockfile = parseLockfile(text);
  if ("refused" in lockfile) {
    const { refused } = lockfile;
    throw new Mistake(
      refused.reason === "bad_lockfile"
        ? `${file}: ${refused.message}`
        : `${file} is too big: a lock file has at most ${refused.sizeBytesMax} bytes`,
    );
  }
  try {
    return readGitDependencies(text, lockfile.kind);
  } catch (error) {
    if (!(error instanceof LockfileError || error instanceof TermError)) throw error;
    throw new Mistake(`${file}: ${error.message}`);
  }
}

function tell({ summary, repositories }: Report): string {
  const counts = Object.entries(summary).map(([outcome, count]) => {
    return `${count} ${outcome === "there" ? "already there" : outcome}`;
  });
  const rows = repositories.map((it) => [it.repository, it.outcome, it.why]);
  const listed = rows.length > 0 ? [table(["REPOSITORY", "OUTCOME", "WHY"], rows)] : [];
  return [...listed, counts.join(", ")].join("\n\n");
}
