/**
 * What a repository of many packages says, as one short hash a file: of what is decoded, because the bytes
 * themselves (the order of packages, what is written although clients assume it) are each builder's own.
 */
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { type MadeTarball, makeTarballs } from "./packages.ts";
import { type Read, says } from "./says.ts";

/** All that the tarballs depend on. */
export const seed = { packages: 1000, releases: 5, repository: "acme" } as const;

export function seededTarballs(): Promise<MadeTarball[]> {
  return makeTarballs(seed.packages, seed.releases, seed.repository);
}

/** Of all tarballs, with their dates: whether they are those that the fixture was made of. */
export async function tarballsHash(tarballs: readonly MadeTarball[]): Promise<string> {
  const each = tarballs.map(async ({ file, bytes, modifiedSeconds }) => {
    return `${file} ${modifiedSeconds} ${toHex(await sha256(bytes))}\n`;
  });
  return hashOf((await Promise.all(each)).join(""));
}

/** File by file, what it says: JSON whose members are in order. Signatures are verified on the way. */
export async function saidFiles(read: Read): Promise<Map<string, string>> {
  const { fingerprint, names, versions, packages } = await says(read, seed.repository);
  const files: [string, unknown][] = [
    ["public_key", fingerprint],
    ["names", names],
    ["versions", versions],
    ...packages.map((it): [string, unknown] => [`packages/${it.name}`, it]),
  ];
  return new Map(files.map(([path, said]) => [path, JSON.stringify(inOrder(said))]));
}

/** Half of SHA-256: nobody seeks a collision here. */
export async function hashOf(text: string): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(text))).slice(0, 32);
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, it]) => it !== undefined);
  const sorted = entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, it]) => [name, inOrder(it)]));
}
