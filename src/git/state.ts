/** What is known of one mirrored repository: a small file beside its packs, the only one that changes. */
import * as v from "valibot";
import type { Storage, Stored } from "../storage/storage.ts";
import { isPackName } from "./pack.ts";

export const refsMax = 20_000;
export const packsMax = 400;

const sha = v.pipe(
  v.string("must be a string"),
  v.regex(/^(?:[\da-f]{40}|[\da-f]{64})$/, "must be the hash of an object"),
);

/** As `git check-ref-format` has it; nothing that would be another line or column of `info/refs`. */
const refName = v.pipe(
  v.string("must be a string"),
  v.maxLength(1000, "is too long for the name of a ref"),
  v.check(
    (name) =>
      /^refs\/[^\p{Cc} ~^:?*[\\]+$/u.test(name) &&
      name.isWellFormed() &&
      !/\.\.|@\{|\/\/|\/\.|\/$|\.$|\.lock(?:\/|$)/.test(name),
    "must be the name of a ref, such as refs/heads/main",
  ),
);

const pack = v.pipe(v.string("must be a string"), v.check(isPackName, "must be pack-CHECKSUM"));

const ref = v.object({
  name: refName,
  sha,
  /** The commit that an annotated tag means. */
  peeled: v.nullable(sha),
});
export type Ref = v.InferOutput<typeof ref>;

const said = {
  /** What HEAD is: a ref, or a commit. */
  head: v.nullable(v.union([refName, sha], "must be a ref, a hash or null")),
  refs: v.pipe(
    v.array(ref, "must be a list"),
    v.maxLength(refsMax, `must be at most ${refsMax} branches and tags`),
    v.check((refs) => new Set(refs.map(({ name }) => name)).size === refs.length, "repeat a name"),
  ),
  packs: v.pipe(
    v.array(pack, "must be a list"),
    v.minLength(1, "must be at least one"),
    v.maxLength(packsMax, `must be at most ${packsMax}`),
  ),
};

/** What whoever updates a mirror says it shall be. */
export const updateSchema = v.object({
  ...said,
  /** What they saw; null when there was nothing. */
  revision: v.nullable(v.number("must be a number")),
});
export type Update = v.InferOutput<typeof updateSchema>;

const dated = v.array(v.object({ pack, at: v.number() }));

const stateSchema = v.object({
  ...said,
  /** Grows with every change, so that no two states have the same bytes and the same ETag. */
  revision: v.number(),
  /** Packs that were replaced, when. */
  kept: dated,
  /** Packs that are being removed, since when. */
  removing: dated,
});
export type State = v.InferOutput<typeof stateSchema>;
export type Dated = v.InferOutput<typeof dated>;

/** `.git`, so that no repository's folder is that of a group of the same name. */
export function folderOf(address: string): string {
  return `git/${address}.git/`;
}

export function stateKey(address: string): string {
  return `${folderOf(address)}state.json`;
}

export function encodeState(state: State): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state));
}

export async function readState(
  storage: Pick<Storage, "get">,
  address: string,
): Promise<{ state: State; stored: Stored } | undefined> {
  const found = await storage.get(stateKey(address));
  if (!found) return undefined;
  const { body, ...stored } = found;
  const text = await new Response(body as BodyInit).text(); // bytes are never shared
  return { state: v.parse(stateSchema, JSON.parse(text)), stored };
}
