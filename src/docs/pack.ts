/** A docs tarball → one object from which its pages are served (`format.ts`). */
import { concatBytes, sha256 } from "../hex/checksum.ts";
import {
  ContentsError,
  type ContentsLimits,
  type ContentsPiece,
  contentsLimits,
  walkContents,
} from "../hex/contents.ts";
import { gzip } from "../hex/gzip.ts";
import type { UploadRefusal } from "../hex/refusal.ts";
import { compressStreamed, type Streamed } from "./compress.ts";
import { encodePacked, type IndexRow, indexBytesMax } from "./format.ts";

/** Files up to this size are held inflated, one at a time; bigger ones are compressed as they stream by. */
const wholeBytesMax = 4 * 1024 * 1024;
/** We make this one ourselves: it tells pages which versions there are, whatever is published later. */
const generated = "docs_config.js";

export interface PackLimits {
  /** Of the result; making it takes twice as much. */
  packedBytesMax: number;
  indexBytesMax: number;
  wholeBytesMax: number;
  contents: ContentsLimits;
}

export const packLimits: PackLimits = {
  packedBytesMax: 32 * 1024 * 1024,
  indexBytesMax,
  wholeBytesMax,
  contents: contentsLimits,
};

/**
 * Packs the files of a docs tarball: no folders, no links. Never holds more of the inflated archive
 * than one small file.
 * @returns the object, the same for the same tarball; or why there is none. Never throws for bad input.
 */
export async function pack(
  docs: Uint8Array,
  limits: PackLimits = packLimits,
): Promise<{ packed: Uint8Array } | { refused: UploadRefusal }> {
  const packer = new Packer(limits);
  try {
    for await (const pieces of walkContents(docs, limits.contents)) {
      for (const piece of pieces) await packer.add(piece);
    }
    return { packed: await packer.end(await sha256(docs)) };
  } catch (error) {
    packer.cancel();
    if (error instanceof ContentsError) return refusal(`inner tarball error, ${error.message}`);
    if (error instanceof TooMuch) return refusal(error.message);
    throw error;
  }
}

class Packer {
  readonly #limits: PackLimits;
  readonly #rows: IndexRow[] = [];
  readonly #bodies: Uint8Array[] = [];
  #sizeBytes = 0;
  #indexLength = 0;
  #file: { path: string; sizeBytes: number; whole: Uint8Array[]; streamed?: Streamed } | undefined;

  constructor(limits: PackLimits) {
    this.#limits = limits;
  }

  async add(piece: ContentsPiece): Promise<void> {
    if (piece.kind === "data") return this.#addBytes(piece.bytes);
    await this.#endFile();
    const { path, entry } = piece;
    if (entry.type !== "file" || path === generated) return;
    const isBig = entry.sizeBytes > this.#limits.wholeBytesMax;
    const streamed = isBig ? { streamed: compressStreamed(this.#roomBytes) } : {};
    this.#file = { path, sizeBytes: entry.sizeBytes, whole: [], ...streamed };
  }

  async end(docsChecksum: Uint8Array): Promise<Uint8Array> {
    await this.#endFile();
    const packed = await encodePacked(this.#rows, this.#bodies, docsChecksum);
    if (packed.length > this.#limits.packedBytesMax) throw this.#tooBig();
    return packed;
  }

  /** Nobody waits for what is still being compressed. */
  cancel(): void {
    this.#file?.streamed?.cancel();
  }

  async #addBytes(bytes: Uint8Array): Promise<void> {
    const { whole, streamed } = this.#file ?? {};
    if (!streamed) whole?.push(bytes.slice());
    else if (!(await streamed.add(bytes.slice()))) throw this.#tooBig();
  }

  async #endFile(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const { path, sizeBytes, streamed } = file;
    if (streamed) {
      const body = await streamed.end();
      if (!body) throw this.#tooBig();
      this.#addBody([path, body.length, sizeBytes], body);
    } else {
      const bytes = concatBytes(file.whole);
      const smaller = await gzip(bytes, 0);
      // Pictures and fonts are compressed already: doing it twice only costs whoever reads them.
      if (smaller.length < bytes.length) this.#addBody([path, smaller.length, sizeBytes], smaller);
      else this.#addBody([path, sizeBytes], bytes);
    }
    this.#file = undefined;
  }

  #addBody(row: IndexRow, body: Uint8Array): void {
    this.#sizeBytes += body.length;
    if (this.#roomBytes < 0) throw this.#tooBig();
    // As long as JSON makes it, with a comma; in bytes it can be more, and `indexBytesMax` counts those.
    this.#indexLength += new TextEncoder().encode(JSON.stringify(row)).length + 1;
    if (this.#indexLength + 1 > this.#limits.indexBytesMax) {
      throw new TooMuch(
        `docs have too many files: the list of their paths takes more than ` +
          `${this.#limits.indexBytesMax} bytes; publish fewer files, or shorter paths`,
      );
    }
    this.#rows.push(row);
    this.#bodies.push(body);
  }

  get #roomBytes(): number {
    return this.#limits.packedBytesMax - this.#sizeBytes;
  }

  #tooBig(): TooMuch {
    return new TooMuch(
      `docs too big: with each file compressed on its own they take more than ` +
        `${this.#limits.packedBytesMax} bytes; leave out files that no page needs, or make ` +
        "pictures and search data smaller",
    );
  }
}

/** More than a limit allows, as a sentence that says what to do. */
class TooMuch extends Error {}

function refusal(message: string): { refused: UploadRefusal } {
  return { refused: { reason: "bad_tarball", message } };
}
