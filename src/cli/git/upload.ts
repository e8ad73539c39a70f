/** Brings one repository of git into the registry, or finds that it is there as it is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { Mistake } from "../mistake.ts";
import type { Registry } from "../registry.ts";
import { checked } from "../session.ts";
import { transfer } from "../transfer.ts";
import { bringUp, type Held, packsOf, pinPrefix, refsOf, type Tips, tipsOf } from "./clone.ts";

/** Whoever uploads at the same time may come first; then it is done again, with what they stored. */
const attemptsMax = 3;
/** A request of this size takes less than a minute on a slow line, and four are in memory at once. */
const packBytesMax = 12 * 1024 * 1024;

export interface Wanted {
  /** `github.com/owner/name` */
  address: string;
  url: string;
  /** Commits that lock files pin. */
  commits: ReadonlySet<string>;
}

export type Outcome = "new" | "updated" | "there";

/** With this key no other repository would fare better. */
export class KeyRefused extends Mistake {}

const ref = v.object({ name: v.string(), sha: v.string(), peeled: v.nullable(v.string()) });
const mirrored = v.object({
  revision: v.nullable(v.number()),
  head: v.nullable(v.string()),
  refs: v.array(ref),
  packs: v.array(v.string()),
});
type Mirrored = v.InferOutput<typeof mirrored>;

/** @param cache where clones stay, or undefined. @throws KeyRefused @throws Mistake about this repository. */
export async function upload(
  registry: Registry,
  wanted: Wanted,
  cache: string | undefined,
): Promise<Outcome> {
  const temporary = await mkdtemp(join(tmpdir(), "hexedge-git-"));
  try {
    const clone = cache ?? join(temporary, "clone");
    for (let attempt = 1; ; attempt++) {
      const packs = join(temporary, `packs-${attempt}`);
      const outcome = await uploadOnce(
        registry,
        wanted,
        join(clone, `${wanted.address}.git`),
        packs,
      );
      if (outcome !== "again") return outcome;
      if (attempt === attemptsMax) {
        throw new Mistake("somebody else keeps updating it: run it again in ten minutes");
      }
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function uploadOnce(
  registry: Registry,
  { address, url, commits }: Wanted,
  clone: string,
  into: string,
): Promise<Outcome | "again"> {
  const path = `/api/git/${address}.git`;
  const before = checked(mirrored, await ask(registry, "GET", path));
  const tips = await tipsOf(url);
  // What other lock files pin stays.
  const pins = new Set([...commits, ...pinnedIn(before)]);
  if (isThere(before, tips, pins)) return "there";
  const held = before.revision === null ? undefined : heldAt(registry, address);
  await bringUp(clone, url, pins, held);
  const refs = await refsOf(clone);
  const names: string[] = [];
  for await (const { name, pack, idx } of packsOf(clone, refs, into, packBytesMax)) {
    names.push(name);
    if (before.packs.includes(name)) continue;
    for (const [file, bytes] of [
      [`${name}.pack`, pack],
      [`${name}.idx`, idx],
    ] as const) {
      await ask(registry, "PUT", `${path}/packs/${file}`, bytes);
    }
  }
  const { head } = tips;
  const update = { revision: before.revision, head, refs, packs: names };
  const answer = await ask(registry, "PUT", path, JSON.stringify(update), [409]);
  if (answer === undefined) return "again";
  return before.revision === null ? "new" : "updated";
}

function pinnedIn({ refs }: Mirrored): string[] {
  return refs.filter(({ name }) => name.startsWith(pinPrefix)).map(({ sha }) => sha);
}

function isThere(before: Mirrored, tips: Tips, pins: ReadonlySet<string>): boolean {
  if (before.head !== tips.head || pinnedIn(before).length < pins.size) return false;
  const line = ({ name, sha, peeled }: Tips["refs"][number]) => `${name} ${sha} ${peeled}`;
  const ours = before.refs.filter(({ name }) => !name.startsWith(pinPrefix)).map(line);
  return ours.toSorted().join("\n") === tips.refs.map(line).toSorted().join("\n");
}

function heldAt({ url, key }: Registry, address: string): Held {
  const mirror = `${url}/git/${address}.git`;
  return {
    url: mirror,
    config: {
      [`url.${mirror}.insteadOf`]: mirror,
      [`http.${mirror}.extraHeader`]: `Authorization: Bearer ${key}`,
    },
  };
}

const refusal = v.object({
  message: v.string(),
  errors: v.optional(v.record(v.string(), v.unknown())),
});

/** @returns undefined for a status that is expected. */
async function ask(
  registry: Registry,
  method: string,
  path: string,
  body?: Uint8Array | string,
  expected: readonly number[] = [],
): Promise<unknown> {
  const type = typeof body === "string" ? "application/json" : "application/octet-stream";
  const { status, bytes } = await transfer(registry, path, {
    method,
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": type }),
    },
    ...(body === undefined ? {} : { body }),
  });
  if (expected.includes(status)) return undefined;
  const answer = parsed(bytes);
  if (status < 300 && answer !== undefined) return answer;
  const said = v.safeParse(refusal, answer);
  if (!said.success) {
    throw new Mistake(`${registry.url} answers ${status}: is that the address of a Hexedge?`);
  }
  const { message, errors } = said.output;
  if (status === 401) {
    throw new KeyRefused(`${message}: the key from ${registry.keySource} is not good for this`);
  }
  const details = Object.entries(errors ?? {}).map(([field, why]) => `${field} ${String(why)}`);
  throw new Mistake(details.length > 0 ? details.join("; ") : message);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
