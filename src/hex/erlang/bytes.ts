// Bytes one after the other, read and written, with the numbers of the network: big-endian.

import { TermError } from "./term.ts";

const firstBufferSizeBytes = 1024;

/** Reads on through bytes, and refuses to read past their end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A window on the next bytes, not a copy: nothing is allocated for a length that is a lie. */
  chunk(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** An error that says where: here, or at an offset remembered from before. */
  error(sentence: string, offset = this.#offset): TermError {
    return new TermError(`${sentence} (byte ${offset})`, offset);
  }

  #take(length: number): number {
    if (length > this.left) throw this.error("the term is cut short");
    const start = this.#offset;
    this.#offset = start + length;
    return start;
  }
}

/** Writes into a buffer that doubles when it is full. */
export class ByteWriter {
  #bytes = new Uint8Array(firstBufferSizeBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u8(value: number): void {
    const start = this.#grow(1);
    this.#view.setUint8(start, value);
  }

  u32(value: number): void {
    const start = this.#grow(4);
    this.#view.setUint32(start, value);
  }

  i32(value: number): void {
    const start = this.#grow(4);
    this.#view.setInt32(start, value);
  }

  f64(value: number): void {
    const start = this.#grow(8);
    this.#view.setFloat64(start, value);
  }

  chunk(bytes: Uint8Array): void {
    const start = this.#grow(bytes.length);
    this.#bytes.set(bytes, start);
  }

  /** What was written, in a buffer of its own and of just that size. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room and says where it begins. It may replace bytes and view, so call it before either. */
  #grow(length: number): number {
    const start = this.#length;
    this.#length = start + length;
    if (this.#length > this.#bytes.length) {
      const bigger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      bigger.set(this.#bytes);
      this.#bytes = bigger;
      this.#view = new DataView(bigger.buffer);
    }
    return start;
  }
}
