/** Collects the bytes of one file, at most so many, and says whether they are text. */
import type { Taker } from "./walk.ts";

export class TextCollector implements Taker {
  readonly #bytes: Uint8Array;
  readonly #whole: boolean;
  readonly #onText: (text: string | undefined, whole: boolean) => void;
  #filled = 0;

  /** @param onText is told the text, or undefined when it is binary. */
  constructor(
    sizeBytes: number,
    sizeBytesMax: number,
    onText: (text: string | undefined, whole: boolean) => void,
  ) {
    this.#bytes = new Uint8Array(Math.min(sizeBytes, sizeBytesMax));
    this.#whole = sizeBytes <= sizeBytesMax;
    this.#onText = onText;
  }

  data(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, this.#bytes.length - this.#filled);
    this.#bytes.set(taken, this.#filled);
    this.#filled += taken.length;
  }

  full(): boolean {
    return this.#filled === this.#bytes.length;
  }

  end(): void {
    this.#onText(decodeText(this.#bytes, this.#whole), this.#whole);
  }
}

/**
 * Undefined for what is not UTF-8, or has a NUL. Of bytes that are not whole, half a character at the
 * end is left out.
 */
function decodeText(bytes: Uint8Array, whole: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    // With the byte order mark, which is a difference to a file without.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, {
      stream: !whole,
    });
  } catch {
    return undefined;
  }
}
