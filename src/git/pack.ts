/** Packs and their indexes, checked as far as their own checksums go. Pure. */
import { toHex } from "../hex/checksum.ts";

/** A pack is called after the checksum at its end: SHA-1, or SHA-256 in a repository that uses it. */
const packName = /^pack-(?:[\da-f]{40}|[\da-f]{64})$/;
const packFile = /^(pack-(?:[\da-f]{40}|[\da-f]{64}))\.(pack|idx)$/;

export function isPackName(text: string): boolean {
  return packName.test(text);
}

/** `pack-….pack` or `pack-….idx`; undefined for every other name. */
export function parsePackFile(file: string): { pack: string; kind: "pack" | "idx" } | undefined {
  const [, pack, kind] = packFile.exec(file) ?? [];
  if (pack === undefined || (kind !== "pack" && kind !== "idx")) return undefined;
  return { pack, kind };
}

/**
 * Are these the bytes of the file of that name, undamaged? Both kinds end with the checksum of all before
 * it; an index has the checksum of its pack before that (gitformat-pack(5)).
 * @returns what is wrong, as the end of a sentence.
 */
export async function whyNotPackFile(file: string, bytes: Uint8Array): Promise<string | undefined> {
  const named = parsePackFile(file);
  if (!named) return "is no name of a pack or of its index";
  const checksum = named.pack.slice("pack-".length);
  const lengthBytes = checksum.length / 2;
  const [magic, overheadBytes] = named.kind === "pack" ? ["5041434b", 12] : ["ff744f63", 1032];
  const isWhole = bytes.length >= overheadBytes + (named.kind === "pack" ? 1 : 2) * lengthBytes;
  if (!isWhole || toHex(bytes.subarray(0, 4)) !== magic) return `is no ${words[named.kind]}`;
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
  if (version !== 2) return `is of version ${version}, not 2`;
  const end = bytes.length - lengthBytes;
  const algorithm = lengthBytes === 20 ? "SHA-1" : "SHA-256";
  const content = bytes.subarray(0, end) as Uint8Array<ArrayBuffer>; // never shared
  const digest = toHex(new Uint8Array(await crypto.subtle.digest(algorithm, content)));
  if (digest !== toHex(bytes.subarray(end))) return "was damaged on its way: its checksum differs";
  const ofPack = named.kind === "pack" ? digest : toHex(bytes.subarray(end - lengthBytes, end));
  return ofPack === checksum ? undefined : "belongs to another pack";
}

const words = { pack: "pack", idx: "index of a pack" };
