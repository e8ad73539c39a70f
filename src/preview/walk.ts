/** One walk over a release's contents, for whoever wants the bytes of some of the files. */
import { ContentsError, walkContents } from "../hex/contents.ts";
import type { TarEntry } from "../hex/tar.ts";

/** What lies in storage is not what was once checked, or was let in by an older version; why. */
export interface Damaged {
  damaged: string;
}

export interface Visitor {
  /** Is told of each file, folder and link; what it returns takes the bytes, if it wants them. */
  entry(path: string, entry: TarEntry): Taker | undefined;
  /** Asked after each entry and its bytes, as far as they are taken. Inflating stops at once. */
  done?(): boolean;
}

export interface Taker {
  /** A view that is only good until this returned, or what it promised is kept. */
  data(bytes: Uint8Array): Promise<void> | void;
  /** Called when there are no more bytes, or no more are wanted. */
  end(): Promise<void> | void;
  /** That no more bytes are wanted. */
  full?(): boolean;
}

/** @returns undefined, or why the walk could not go on; what came before may be good. */
export async function visitContents(
  contents: Uint8Array,
  visitor: Visitor,
): Promise<Damaged | undefined> {
  let taker: Taker | undefined;
  let bytesLeft = 0;
  return unlessDamaged(async () => {
    for await (const pieces of walkContents(contents)) {
      for (const piece of pieces) {
        if (piece.kind === "entry") {
          taker = visitor.entry(piece.path, piece.entry);
          bytesLeft = piece.entry.sizeBytes;
        } else {
          bytesLeft -= piece.bytes.length;
          await taker?.data(piece.bytes);
        }
        // Not at the next entry: what lies between may be a hundred megabytes of zeros.
        if (taker && (bytesLeft === 0 || taker.full?.())) {
          await taker.end();
          taker = undefined;
        }
        if (!taker && visitor.done?.()) return undefined;
      }
    }
    return undefined;
  });
}

export async function unlessDamaged<T>(work: () => Promise<T>): Promise<T | Damaged> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ContentsError) return { damaged: error.message };
    throw error;
  }
}
