/**
 * Inflates gzip from strangers, in pieces, so that a bomb costs no more than the limit that it
 * breaks. DecompressionStream takes exactly one gzip member: a second one, or a byte behind it, is
 * refused. (fflate would silently return the first member only, and a client the two of them.)
 *
 * workerd's DecompressionStream knows no backpressure: it takes all input at once, and keeps what
 * comes of it. A bomb of 1 MB that was written whole, and read by 4 KB, took 1 GB of memory. So the
 * next little piece is written when the last one has been read to its end.
 */
import { concatBytes } from "./checksum.ts";

/** The best ratio of deflate is 1 : 1032, so what waits in memory is never more than 9 MB. */
const compressedPieceBytes = 8 * 1024;

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
  const reader = readable.getReader();
  const feeder = new Feeder(bytes, writable);
  let fullBytes = 0;
  try {
    feeder.feed();
    let reading = readNext(reader);
    while (true) {
      const result = await feeder.orStarved(reading);
      if (result === "starved") {
        feeder.feed();
        continue;
      }
      if (result.done) return;
      yield result.value;
      // A chunk that is not full was the last there was: no need to wait and see.
      if (result.value.length < fullBytes) feeder.feed();
      fullBytes = Math.max(fullBytes, result.value.length);
      reading = readNext(reader);
    }
  } finally {
    // After an error or the end there is nothing to cancel, and in no case anyone left to tell.
    await reader.cancel().catch(() => {});
  }
}

async function readNext(reader: ReadableStreamDefaultReader<Uint8Array>) {
  return reader.read().catch((cause) => {
    throw new GzipError("not_gzip", `is not exactly one gzip file: ${sentenceOf(cause)}`);
  });
}

/** Writes a piece at a time. What goes wrong here the reading side sees too, and says it once. */
class Feeder {
  readonly #bytes: Uint8Array;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  #at = 0;
  #written: Promise<unknown> = Promise.resolve();

  constructor(bytes: Uint8Array, writable: WritableStream<BufferSource>) {
    this.#bytes = bytes;
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => {});
    if (bytes.length === 0) this.#close();
  }

  /** Writes the next piece, and closes behind the last one. */
  feed(): void {
    if (this.#atEnd) return;
    // A copy: a stream may take the buffer of what it is given, and ours belongs to the caller.
    const piece = new Uint8Array(this.#bytes.subarray(this.#at, this.#at + compressedPieceBytes));
    this.#at += piece.length;
    this.#written = this.#writer.write(piece).catch(() => {});
    if (this.#atEnd) this.#close();
  }

  /**
   * What `reading` resolves to, or "starved" when it needs more input, as far as one can see: what was
   * written is worked off, and a whole turn of the event loop later there is still nothing to read.
   */
  async orStarved<T>(reading: Promise<T>): Promise<T | "starved"> {
    if (this.#atEnd) return reading;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let settled = false;
    const starved = this.#written.then(
      () =>
        new Promise<"starved">((resolve) => {
          if (!settled) timer = setTimeout(() => resolve("starved"), 0);
        }),
    );
    try {
      return await Promise.race([reading, starved]);
    } finally {
      // Else thousands of them would lie about, and workerd allows 10,000.
      settled = true;
      clearTimeout(timer);
    }
  }

  get #atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #close(): void {
    this.#writer.close().catch(() => {});
  }
}

/** Node says it in the cause, under an empty message; workerd in the message. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error.cause ? sentenceOf(error.cause) : error.name);
}
