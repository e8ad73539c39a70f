/** The bytes of one file in a release, for those who download it. */
import { type ContentsPiece, walkContents } from "../hex/contents.ts";
import { type Damaged, unlessDamaged } from "./walk.ts";

export interface FileStream {
  sizeBytes: number;
  /** Inflates on when the reader asks for more; fails when the rest is damaged. */
  body: ReadableStream<Uint8Array>;
}

/**
 * @param onEnd called once, when nobody reads `contents` any more: behind the last byte, when the
 *   reader goes away, and also when there is nothing to stream.
 * @returns undefined when there is no such file; links are not files.
 */
export async function streamFile(
  contents: Uint8Array,
  path: string,
  onEnd: () => void = () => {},
): Promise<FileStream | Damaged | undefined> {
  const walk = walkContents(contents);
  const found = await unlessDamaged(() => findFile(walk, path)).catch((error) => {
    onEnd();
    throw error;
  });
  if (!found || "damaged" in found) {
    onEnd();
    return found;
  }
  return { sizeBytes: found.sizeBytes, body: bodyOf(walk, found, onEnd) };
}

interface Found {
  sizeBytes: number;
  /** The beginning of it, which came in one chunk with its entry. */
  pieces: ContentsPiece[];
}

type Walk = AsyncGenerator<ContentsPiece[], void, undefined>;

async function findFile(walk: Walk, path: string): Promise<Found | undefined> {
  // Not `for await`: leaving it would end the walk.
  for (let step = await walk.next(); !step.done; step = await walk.next()) {
    for (const [at, piece] of step.value.entries()) {
      if (piece.kind !== "entry" || piece.path !== path) continue;
      if (piece.entry.type === "file") {
        return { sizeBytes: piece.entry.sizeBytes, pieces: step.value.slice(at + 1) };
      }
      await walk.return();
      return undefined;
    }
  }
  return undefined;
}

function bodyOf(walk: Walk, { sizeBytes, pieces }: Found, onEnd: () => void) {
  let bytesLeft = sizeBytes;
  let next = pieces;
  let ended = false;
  // A reader that goes away may do so in the middle of `pull`.
  const end = async () => {
    if (ended) return;
    ended = true;
    await walk.return();
    onEnd();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          let given = false;
          while (bytesLeft > 0 && !given) {
            for (const piece of next) {
              if (piece.kind === "entry") break;
              // A copy: the chunk that it is a view of belongs to the walk.
              controller.enqueue(piece.bytes.slice());
              bytesLeft -= piece.bytes.length;
              given = true;
            }
            next = bytesLeft > 0 ? ((await walk.next()).value ?? []) : [];
          }
          if (bytesLeft > 0) return;
          await end();
          controller.close();
        } catch (error) {
          await end();
          throw error;
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 }, // nothing before somebody asks
  );
}
