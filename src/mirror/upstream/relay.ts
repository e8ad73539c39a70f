/**
 * Bytes that are collected at the writer's pace and read at the reader's, or not at all. There is one copy
 * of them, of which the stream hands out slices: a queue in the stream would hold them a second time.
 */
const sliceBytes = 64 * 1024;

export class Relay {
  /** For one reader. A byte stream, because no other goes through RPC. */
  readonly readable: ReadableStream<Uint8Array>;
  #buffer: Uint8Array;
  #length = 0;
  /** The reader may have the bytes up to here. */
  #released = 0;
  #sent = 0;
  #end: { error: unknown } | "well" | undefined;
  #isLeft = false;
  #wake = () => {};

  /** @param sizeBytes how many are expected; more is fine. */
  constructor(sizeBytes: number) {
    this.#buffer = new Uint8Array(sizeBytes);
    this.readable = new ReadableStream({
      type: "bytes",
      // Else workerd hands out 4 KB at a time.
      autoAllocateChunkSize: sliceBytes,
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.#isLeft = true;
        this.#wake();
      },
    });
  }

  /** What was added. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, this.#buffer.length * 2));
      larger.set(this.bytes);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** Lets the reader have the first `length` bytes. */
  release(length: number): void {
    this.#released = Math.max(this.#released, length);
    this.#wake();
  }

  /** Lets the reader have all, and then its end. */
  end(): void {
    this.#end ??= "well";
    this.release(this.#length);
  }

  /** Takes back what the reader did not have yet. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    while (this.#end === undefined && this.#sent === this.#released && !this.#isLeft) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isLeft) return;
    if (typeof this.#end === "object") {
      controller.error(this.#end.error);
    } else if (this.#sent < this.#released) {
      const end = Math.min(this.#sent + sliceBytes, this.#released);
      // A copy, for the stream takes the buffer of what it is given.
      controller.enqueue(this.#buffer.slice(this.#sent, end));
      this.#sent = end;
    } else {
      controller.close();
      // A reader that brought its own buffer waits to have it back.
      controller.byobRequest?.respond(0);
    }
  }
}
