/**
 * Inflates gzip from strangers, in pieces, so that a bomb costs no more than the limit that it
 * breaks. DecompressionStream takes exactly one gzip member: a second one, or a byte behind it, is
 * refused. (fflate would silently return the first member only, and a client the two of them.)
 */
import { concatBytes } from "./checksum.ts";

/** So little that even the best ratio of deflate, 1 : 1032, makes no more than 17 MB of one piece. */
const compressedPieceBytes = 16 * 1024;

/** Why bytes were not inflated, as a sentence. */
export class GzipError extends Error {
  override name = "GzipError";
  readonly reason: "not_gzip" | "too_big";

  constructor(reason: GzipError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Inflates one whole gzip file.
 * @param limits how many bytes the result may have.
 * @throws GzipError "too_big" as soon as it has more, "not_gzip" when it is damaged, cut off, or
 *   followed by anything.
 */
export async function gunzip(
  bytes: Uint8Array,
  limits: { inflatedBytesMax: number },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of inflate(bytes)) {
    sizeBytes += piece.length;
    if (sizeBytes > limits.inflatedBytesMax) {
      throw new GzipError("too_big", `inflates to more than ${limits.inflatedBytesMax} bytes`);
    }
    pieces.push(piece);
  }
  return concatBytes(pieces);
}

/**
 * The inflated pieces, as they come and without a limit: whoever iterates counts. Leaving the loop
 * early, by `break` or by throwing, releases the stream.
 * @throws GzipError "not_gzip", perhaps after pieces that looked well.
 */
export async function* inflate(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  const { readable, writable } = new DecompressionStream("gzip");
  const fed = feed(bytes, writable);
  const reader = readable.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read().catch((cause) => {
        throw new GzipError("not_gzip", `is not exactly one gzip file: ${sentenceOf(cause)}`);
      });
      if (done) return;
      yield value;
    }
  } finally {
    // After an error or the end there is nothing to cancel, and in no case anyone left to tell.
    await reader.cancel().catch(() => {});
    await fed;
  }
}

/** Never rejects: whatever goes wrong here, the reading side sees too, and says it once. */
async function feed(bytes: Uint8Array, writable: WritableStream<BufferSource>): Promise<void> {
  const writer = writable.getWriter();
  // It rejects together with the write below, which is the one we listen to.
  writer.closed.catch(() => {});
  try {
    for (let at = 0; at < bytes.length; at += compressedPieceBytes) {
      // A copy: a stream may take the buffer of what it is given, and ours belongs to the caller.
      await writer.write(new Uint8Array(bytes.subarray(at, at + compressedPieceBytes)));
    }
    await writer.close();
  } catch {
    // See above.
  }
}

/** Node says it in the cause, under an empty message; workerd in the message. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error.cause ? sentenceOf(error.cause) : error.name);
}
