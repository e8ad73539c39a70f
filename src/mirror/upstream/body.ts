/** Reading an answer that may be endless, slow, cut off, or of another length than it says. */
import { concatBytes } from "../../hex/checksum.ts";
import { sentenceOf, UpstreamFailure, type UpstreamLimits } from "./types.ts";

export class Body {
  /** What content-length says, or null when it says nothing about the bytes that we get to see. */
  readonly sizeBytes: number | null;
  /** The content-encoding that fetch took away, or left if it does not know it. */
  readonly encoding: string | null;
  /** Hangs up. */
  readonly abandon: () => void;
  readonly #stream: ReadableStream<Uint8Array> | null;
  readonly #patience: Patience;

  constructor(response: Response, patience: Patience, abandon: () => void) {
    const encoding = response.headers.get("content-encoding");
    this.encoding = encoding === null || encoding === "identity" ? null : encoding;
    const length = response.headers.get("content-length") ?? "";
    this.sizeBytes = this.encoding === null && /^\d{1,15}$/.test(length) ? Number(length) : null;
    this.#stream = response.body;
    this.#patience = patience;
    this.abandon = abandon;
  }

  /** @throws UpstreamFailure before anything is read. */
  checkSize(sizeBytesMax: number): void {
    if (this.sizeBytes === null || this.sizeBytes <= sizeBytesMax) return;
    this.abandon();
    throw tooBig(sizeBytesMax);
  }

  /**
   * The bytes as they come, `sizeBytesMax` at most.
   * @throws UpstreamFailure, perhaps after chunks that looked well.
   */
  async *chunks(sizeBytesMax: number): AsyncGenerator<Uint8Array, void, undefined> {
    this.checkSize(sizeBytesMax);
    const reader = this.#stream?.getReader();
    let readBytes = 0;
    try {
      while (reader) {
        const { done, value } = await this.#patience.forChunk(reader.read()).catch(brokenOff);
        if (done) break;
        readBytes += value.length;
        if (this.sizeBytes !== null && readBytes > this.sizeBytes) {
          throw new UpstreamFailure(
            "invalid",
            `The upstream says that it sends ${this.sizeBytes} bytes, and sends more`,
          );
        }
        if (readBytes > sizeBytesMax) throw tooBig(sizeBytesMax);
        if (value.length > 0) yield value;
      }
      // What a connection looks like that was cut by a proxy, or read by a runtime that does not count.
      if (this.sizeBytes !== null && readBytes < this.sizeBytes) {
        const message = `The upstream broke off after ${readBytes} of ${this.sizeBytes} bytes`;
        throw new UpstreamFailure("unavailable", message);
      }
    } finally {
      // Behind the end this does nothing; before it, it is what lets go of the connection.
      this.abandon();
      reader?.cancel().catch(() => {});
    }
  }

  async whole(sizeBytesMax: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.chunks(sizeBytesMax)) chunks.push(chunk);
    return concatBytes(chunks);
  }
}

/** The three time limits of one question. */
export class Patience {
  readonly #now: () => number;
  readonly #limits: UpstreamLimits;
  readonly #endsAt: number;

  constructor(now: () => number, limits: UpstreamLimits) {
    this.#now = now;
    this.#limits = limits;
    this.#endsAt = now() + limits.wholeMs;
  }

  forAnswer<T>(answer: Promise<T>): Promise<T> {
    return this.#within(answer, this.#limits.answerMs, "gives no answer");
  }

  forChunk<T>(chunk: Promise<T>): Promise<T> {
    return this.#within(chunk, this.#limits.chunkMs, "stops in the middle of an answer");
  }

  async #within<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
    const leftMs = this.#endsAt - this.#now();
    const isLast = leftMs < limitMs;
    const message = isLast
      ? `The upstream is not done after ${this.#limits.wholeMs} ms`
      : `The upstream ${what} for ${limitMs} ms`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<never>((_resolve, reject) => {
      const give = () => reject(new UpstreamFailure("unavailable", message));
      if (leftMs <= 0) give();
      else timer = setTimeout(give, isLast ? leftMs : limitMs);
    });
    try {
      // The limit first, or bytes that are always there already would never be too late.
      return await Promise.race([tooLong, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function brokenOff(error: unknown): never {
  if (error instanceof UpstreamFailure) throw error;
  const message = `The upstream broke off: ${sentenceOf(error)}`;
  throw new UpstreamFailure("unavailable", message);
}

function tooBig(sizeBytesMax: number): UpstreamFailure {
  return new UpstreamFailure("invalid", `The upstream sends more than ${sizeBytesMax} bytes`);
}
