/** A bare clone on this machine: what upstream has, and every commit that somebody pins. */
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Ref } from "../../git/state.ts";
import { Mistake } from "../mistake.ts";
import { asItIs, GitFailed, git, withoutPassword } from "./git.ts";

/** Where a pinned commit is kept in sight: without a ref the dumb protocol, and a repack, would miss it. */
export const pinPrefix = "refs/hexedge/";

export interface Tips {
  head: string | null;
  refs: Ref[];
}

/** Our own mirror, from which comes what upstream has lost. */
export interface Held {
  url: string;
  config: Record<string, string>;
}

/** What upstream has at this moment: its branches and tags, without the requests that GitHub keeps. */
export async function tipsOf(url: string): Promise<Tips> {
  const listed = await git(["ls-remote", "--symref", "--", url], { config: asItIs(url) });
  const tips: Tips = { head: null, refs: [] };
  const byName = new Map<string, Ref>();
  for (const line of listed.split("\n")) {
    const [value = "", name = ""] = line.split("\t");
    if (name === "HEAD")
      tips.head = value.startsWith("ref: ") ? value.slice(5) : (tips.head ?? value);
    else if (name.endsWith("^{}")) {
      const tag = byName.get(name.slice(0, -3));
      if (tag) tag.peeled = value;
    } else if (/^refs\/(heads|tags)\//.test(name)) {
      byName.set(name, { name, sha: value, peeled: null });
    }
  }
  tips.refs = [...byName.values()];
  if (tips.refs.length === 0) throw new Mistake("it has no branches and no tags");
  // A HEAD that no branch or tag is would not be fetched with them.
  if (!tips.refs.some(({ name, sha }) => name === tips.head || sha === tips.head)) tips.head = null;
  return tips;
}

/** Brings the clone up to what upstream has, and to all that is pinned. @throws Mistake for a lost pin. */
export async function bringUp(
  folder: string,
  url: string,
  pins: ReadonlySet<string>,
  held: Held | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await git(["init", "--quiet", "--bare", ...formatFor(pins), folder]);
  const quiet = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"];
  const all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
  await git([...quiet, "--prune", "--force", "--", url, ...all], { folder, config: asItIs(url) });
  for (const pin of pins) {
    if (!(await has(folder, pin))) await fetchPin(pin);
    await git(["update-ref", `${pinPrefix}${pin}`, pin], { folder });
  }

  async function fetchPin(pin: string): Promise<void> {
    const refspec = `${pin}:${pinPrefix}${pin}`;
    const fromUpstream = await git([...quiet, "--", url, refspec], { folder, config: asItIs(url) })
      .then(() => true)
      .catch((error: unknown) => expected(error));
    if (fromUpstream && (await has(folder, pin))) return;
    // The branch was rewritten there, and its old commits are gone; we may have kept them.
    if (held) {
      const pinned = `${pinPrefix}${pin}:${pinPrefix}${pin}`;
      const { config } = held;
      await git([...quiet, "--", held.url, pinned], { folder, config }).catch(expected);
    }
    if (await has(folder, pin)) return;
    throw new Mistake(`${pin} is pinned, and ${withoutPassword(url)} does not have it`);
  }
}

function expected(error: unknown): false {
  if (error instanceof GitFailed) return false;
  throw error;
}

function formatFor(pins: ReadonlySet<string>): string[] {
  return [...pins].some((pin) => pin.length === 64) ? ["--object-format=sha256"] : [];
}

async function has(folder: string, commit: string): Promise<boolean> {
  return git(["cat-file", "-e", `${commit}^{commit}`], { folder }).then(() => true, expected);
}

/** All refs of the clone. */
export async function refsOf(folder: string): Promise<Ref[]> {
  const format = "--format=%(refname)%09%(objectname)%09%(*objectname)";
  const listed = await git(["for-each-ref", format], { folder });
  return listed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", sha = "", peeled = ""] = line.split("\t");
      return { name, sha, peeled: peeled === "" ? null : peeled };
    });
}

export interface PackFiles {
  /** `pack-CHECKSUM` */
  name: string;
  pack: Uint8Array;
  idx: Uint8Array;
}

/** In old repositories these mistakes are common, and harmless; no server refuses them. */
const forgiven = [
  ...["zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone", "badDateOverflow"],
  ...["missingEmail", "missingNameBeforeEmail", "hasDotgit", "gitmodulesName", "badFilemode"],
  ...["gitmodulesUrl", "gitmodulesPath", "gitmodulesParse", "gitmodulesBlob", "missingTaggerEntry"],
];

/**
 * Packs all that these refs reach, as one pack where it is small enough, and checks it as whoever clones
 * will. Not what the clone's refs are by now: another command may share the folder.
 * @param into a new folder.
 */
export async function* packsOf(
  folder: string,
  refs: readonly Ref[],
  into: string,
  packBytesMax: number,
): AsyncIterable<PackFiles> {
  const strict = `--strict=${forgiven.map((it) => `${it}=ignore`).join(",")}`;
  await mkdir(into);
  await git(["fsck", "--connectivity-only", "--no-dangling", "--no-progress"], { folder });
  const limit = `--max-pack-size=${packBytesMax}`;
  const made = ["pack-objects", "--quiet", "--revs", "--delta-base-offset", limit];
  const input = refs.map(({ sha }) => `${sha}\n`).join("");
  await git([...made, join(into, "pack")], { folder, input });
  const files = await readdir(into);
  for (const file of files.filter((it) => it.endsWith(".pack")).sort()) {
    const path = join(into, file);
    const { size } = await stat(path);
    if (size > 2 * packBytesMax) {
      const megabytes = Math.ceil(size / 1024 ** 2);
      throw new Mistake(`it holds a file that takes ${megabytes} MB in a pack, which is too much`);
    }
    const idx = path.replace(/\.pack$/, ".idx");
    await git(["index-pack", strict, "-o", join(into, "checked.idx"), path], { folder });
    yield {
      name: file.slice(0, -".pack".length),
      pack: await readFile(path),
      idx: await readFile(idx),
    };
  }
}
