/** What lock files pin, all of them together, and a part of it as a lock file again. */
import { readFile } from "node:fs/promises";
import { type LockedRelease, type Lockfile, parseLockfile } from "../hex/lockfile.ts";
import { Mistake } from "./mistake.ts";

export type Pinned = Pick<Lockfile, "releases" | "skipped">;

/** In the order of the files; what several of them pin is there once. */
export async function readPinned(files: readonly string[]): Promise<Pinned> {
  const releases = new Map<string, { release: LockedRelease; file: string }>();
  const skipped = new Map<string, Lockfile["skipped"][number]>();
  for (const file of files) {
    const lockfile = await readLockfile(file);
    for (const release of lockfile.releases) {
      // A rebar.lock beside a mix.lock means the same repository.
      const key = `${release.repository ?? "hexpm"} ${release.package} ${release.version}`;
      const before = releases.get(key);
      const merged = before ? merge(before.release, release) : release;
      if (!merged) {
        const name = `${release.package} ${release.version}`;
        const both = `${before?.file} and ${file}`;
        throw new Mistake(`${both} pin ${name} with different checksums: one of them is wrong`);
      }
      releases.set(key, { release: merged, file: before?.file ?? file });
    }
    for (const entry of lockfile.skipped) skipped.set(`${entry.name} ${entry.why}`, entry);
  }
  return {
    releases: [...releases.values()].map(({ release }) => release),
    skipped: [...skipped.values()],
  };
}

/** They as a mix.lock, which alone of the three can say the repository. */
export function writeLockfile(releases: readonly LockedRelease[]): string {
  const entries = releases.map((it, at) => {
    const { package: name, version, innerChecksum, repository, outerChecksum } = it;
    // The map's key is the application in Mix; here it only has to be another for each.
    const fields = [name, version, innerChecksum, [], [], repository, outerChecksum];
    return `  "${at}": {:hex, ${fields.map(literal).join(", ")}},\n`;
  });
  return `%{\n${entries.join("")}}\n`;
}

async function readLockfile(file: string): Promise<Lockfile> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`;
    throw new Mistake(`${file} ${why}`);
  });
  const lockfile = parseLockfile(utf8(file, bytes));
  if (!("refused" in lockfile)) return lockfile;
  const { refused } = lockfile;
  switch (refused.reason) {
    case "bad_lockfile":
      throw new Mistake(`${file}: ${refused.message}`);
    case "lockfile_too_big":
      throw new Mistake(
        `${file} is too big: a lock file has at most ${refused.sizeBytesMax} bytes`,
      );
  }
}

function utf8(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Mistake(`${file} is no lock file: it is not text in UTF-8`);
  }
}

/** One may know a checksum that the other does not; undefined when they contradict each other. */
function merge(one: LockedRelease, other: LockedRelease): LockedRelease | undefined {
  const agree = (a: string | null, b: string | null) => a === null || b === null || a === b;
  const { outerChecksum, innerChecksum } = one;
  if (!agree(outerChecksum, other.outerChecksum)) return undefined;
  if (!agree(innerChecksum, other.innerChecksum)) return undefined;
  return {
    ...one,
    outerChecksum: outerChecksum ?? other.outerChecksum,
    innerChecksum: innerChecksum ?? other.innerChecksum,
  };
}

/** `nil`, `[]` or a string of Elixir, where `#{` would begin code; the texts are ASCII. */
function literal(value: string | null | readonly never[]): string {
  return value === null ? "nil" : JSON.stringify(value).replaceAll("#", "\\#");
}
