/** Compressing a file that is too big to be held inflated. */
import { concatBytes } from "../hex/checksum.ts";

export interface Streamed {
  /** Takes the next piece of the file, and its buffer. @returns false once the result is too big. */
  add(bytes: Uint8Array): Promise<boolean>;
  /** The gzip file, the same for the same bytes; undefined when it is too big. */
  end(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

/** Gzip, fed piece by piece; what comes of it is kept up to `sizeBytesMax`, and thrown away beyond. */
export function compressStreamed(sizeBytesMax: number): Streamed {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  // It reads on when there is too much, or the writing side would wait for ever.
  const drained = (async () => {
    const reader = readable.getReader();
    for (let it = await reader.read(); !it.done; it = await reader.read()) {
      sizeBytes += it.value.length;
      if (sizeBytes <= sizeBytesMax) pieces.push(it.value);
      else pieces.length = 0;
    }
  })();
  // Seen by `end`; when nobody gets there, by nobody.
  drained.catch(() => {});
  return {
    async add(bytes) {
      // A copy is the caller's business: streams may take the buffer.
      await writer.write(bytes as Uint8Array<ArrayBuffer>);
      return sizeBytes <= sizeBytesMax;
    },
    async end() {
      await Promise.all([writer.close(), drained]);
      if (sizeBytes > sizeBytesMax) return undefined;
      const file = concatBytes(pieces);
      // OS (offset: 9 - length: 1) is "unknown", as `hex/gzip.ts` has it.
      file[9] = 255;
      return file;
    },
    cancel() {
      writer.abort().catch(() => {});
    },
  };
}
