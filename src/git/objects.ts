/**
 * Which objects a pack holds, read off its index while that comes: an index may be as large as a body of a
 * request, and of how many are read at one time nobody keeps count. What is held is one piece of it. (To
 * search it with ranges was the alternative: some ten requests for each of 20,000 branches.)
 */
import { concatBytes, fromHex, toHex } from "../hex/checksum.ts";

/** `\xfftOc` and a version; then, for each byte, how many names begin with that or a smaller one. */
const namesAt = 8 + 256 * 4;
const countAt = namesAt - 4;

/**
 * @param index of that pack, as `whyNotPackFile` took it; what comes behind its names is not read.
 * @param shas in hex, in any order.
 * @returns those of them that the pack does not hold.
 */
export async function objectsNotIn(
  pack: string,
  index: ReadableStream<Uint8Array> | Uint8Array,
  shas: readonly string[],
): Promise<string[]> {
  // The names in an index are as long as that of its pack.
  const shaLength = pack.length - "pack-".length;
  const sorted = shas.filter((it) => it.length === shaLength).toSorted();
  const wanted = sorted.flatMap((it) => fromHex(it) ?? []);
  const held = new Set<string>();
  let at = 0;
  for await (const names of wholeNames(index, shaLength / 2)) {
    // Both are sorted, so each is gone through once.
    for (let offset = 0; offset < names.length; ) {
      const sought = wanted[at];
      if (sought === undefined) break;
      const order = compare(names, offset, sought);
      if (order === 0) held.add(toHex(sought));
      if (order >= 0) at++;
      else offset += sought.length;
    }
    if (at === wanted.length) break;
  }
  return shas.filter((it) => !held.has(it));
}

/** The names in an index, one behind the other, as many at once as have come. */
async function* wholeNames(
  index: ReadableStream<Uint8Array> | Uint8Array,
  nameBytes: number,
): AsyncIterable<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  let bytesLeft: number | undefined;
  for await (const piece of index instanceof Uint8Array ? [index] : index) {
    let bytes = rest.length === 0 ? piece : concatBytes([rest, piece]);
    if (bytesLeft === undefined) {
      rest = bytes;
      if (bytes.length < namesAt) continue;
      bytesLeft = new DataView(bytes.buffer, bytes.byteOffset).getUint32(countAt) * nameBytes;
      bytes = bytes.subarray(namesAt);
    }
    const names = bytes.subarray(0, Math.min(bytesLeft, bytes.length - (bytes.length % nameBytes)));
    yield names;
    bytesLeft -= names.length;
    if (bytesLeft === 0) return;
    rest = bytes.slice(names.length);
  }
}

/** Below 0: the name at `offset` comes before the other. */
function compare(names: Uint8Array, offset: number, other: Uint8Array): number {
  for (let at = 0; at < other.length; at++) {
    const difference = (names[offset + at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
