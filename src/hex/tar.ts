/**
 * A ustar reader that refuses what it does not like, fed chunk by chunk so that nothing is ever
 * held whole. It serves the outer tarball (one big chunk) and the inflated contents (many).
 *
 * Own code because every reader we tried repairs: it renames `../x`, stops silently at a truncated
 * end, or accepts a wrong header checksum. What a registry lets in, every client unpacks.
 *
 * POSIX 1003.1 ustar, pax extended headers (`x`), and GNU long names (`L`, `K`), because Gleam's
 * and older writers use them. Offsets in comments are those of the header block.
 */

export interface TarEntry {
  path: string;
  type: "file" | "directory" | "symlink";
  sizeBytes: number;
  /** Only for symlinks: the target exactly as written. */
  linkTarget: string;
}

/** Bad tar bytes; the message is a sentence for the person who made the archive. */
export class TarError extends Error {
  override name = "TarError";
}

const blockBytes = 512;
/** pax and GNU long-name records are held in memory; no real path needs more. */
const extendedHeaderBytesMax = 64 * 1024;

export class TarScanner {
  readonly #onEntry: (entry: TarEntry) => void;
  readonly #onData: (bytes: Uint8Array) => void;
  readonly #block = new Uint8Array(blockBytes);
  #blockFilled = 0;
  #dataLeft = 0;
  #paddingLeft = 0;
  #zeroBlocks = 0;
  /** Collects the data of a header that describes the next one; undefined while in a real entry. */
  #extended: { type: string; bytes: Uint8Array; filled: number } | undefined;
  #override: { path?: string; linkTarget?: string } = {};

  /**
   * @param onEntry called once for each entry, before its data; it may throw to refuse the entry.
   * @param onData called with pieces of the current entry's data, views into what was pushed.
   */
  constructor(onEntry: (entry: TarEntry) => void, onData: (bytes: Uint8Array) => void = () => {}) {
    this.#onEntry = onEntry;
    this.#onData = onData;
  }

  /** @throws TarError at the first byte that a strict reader refuses. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#dataLeft > 0) {
        const bytes = chunk.subarray(at, at + this.#dataLeft);
        this.#dataLeft -= bytes.length;
        at += bytes.length;
        this.#data(bytes);
      } else if (this.#paddingLeft > 0) {
        const padding = Math.min(this.#paddingLeft, chunk.length - at);
        this.#paddingLeft -= padding;
        at += padding;
      } else {
        const bytes = chunk.subarray(at, at + blockBytes - this.#blockFilled);
        this.#block.set(bytes, this.#blockFilled);
        this.#blockFilled += bytes.length;
        at += bytes.length;
        if (this.#blockFilled === blockBytes) {
          this.#blockFilled = 0;
          this.#header();
        }
      }
    }
  }

  /** Says that no bytes follow. @throws TarError when the archive is cut short. */
  end(): void {
    const whole = this.#dataLeft === 0 && this.#paddingLeft === 0 && this.#blockFilled === 0;
    // The two zero blocks are the only proof that nothing was cut off at an entry's border.
    if (!whole || this.#zeroBlocks < 2) throw new TarError("unexpected end of file");
  }

  #header(): void {
    if (this.#block.every((byte) => byte === 0)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0)
      throw new TarError("there is something behind the end of the archive");
    const header = readHeader(this.#block);
    this.#dataLeft = header.sizeBytes;
    this.#paddingLeft = (blockBytes - (header.sizeBytes % blockBytes)) % blockBytes;
    if ("xgLK".includes(header.typeflag)) {
      if (header.sizeBytes > extendedHeaderBytesMax) throw new TarError("extended header too big");
      const bytes = new Uint8Array(header.sizeBytes);
      this.#extended = { type: header.typeflag, bytes, filled: 0 };
      if (header.sizeBytes === 0) this.#finishExtended();
      return;
    }
    const path = this.#override.path ?? header.path;
    const linkTarget = this.#override.linkTarget ?? header.linkTarget;
    this.#override = {};
    const type = entryType(header.typeflag, path);
    if (type !== "file" && header.sizeBytes > 0)
      throw new TarError(`${path}: only files have data`);
    this.#onEntry({ path, type, sizeBytes: header.sizeBytes, linkTarget });
  }

  #data(bytes: Uint8Array): void {
    if (!this.#extended) {
      this.#onData(bytes);
      return;
    }
    this.#extended.bytes.set(bytes, this.#extended.filled);
    this.#extended.filled += bytes.length;
    if (this.#dataLeft === 0) this.#finishExtended();
  }

  #finishExtended(): void {
    if (!this.#extended) return;
    const { type, bytes } = this.#extended;
    this.#extended = undefined;
    if (type === "L") this.#override.path = text(bytes, 0, bytes.length);
    else if (type === "K") this.#override.linkTarget = text(bytes, 0, bytes.length);
    else {
      const records = readPax(bytes);
      // A global header would rename entries from afar; git's comment in one is harmless.
      if (type === "x") this.#override = { ...this.#override, ...records };
      else if (Object.keys(records).length > 0) throw new TarError("global pax header with a path");
    }
  }
}

/** Reads a whole archive at once: each file's bytes by its path, as views into `archive`. */
export function readTar(archive: Uint8Array, onEntry: (entry: TarEntry) => void) {
  const files: { path: string; bytes: Uint8Array }[] = [];
  const scanner = new TarScanner(
    (entry) => {
      onEntry(entry);
      files.push({ path: entry.path, bytes: new Uint8Array() });
    },
    (bytes) => {
      // One chunk was pushed, so a file's data arrives in one piece.
      const file = files.at(-1);
      if (file) file.bytes = bytes;
    },
  );
  scanner.push(archive);
  scanner.end();
  return files;
}

interface Header {
  path: string;
  linkTarget: string;
  typeflag: string;
  sizeBytes: number;
}

function readHeader(block: Uint8Array): Header {
  const magic = String.fromCharCode(...block.subarray(257, 265)); // offset 257, magic and version
  const posix = magic === "ustar\x0000";
  if (!posix && magic !== "ustar  \x00") throw new TarError("not a ustar header");
  if (octal(block, 148, 8) !== headerChecksum(block)) throw new TarError("wrong header checksum");
  const name = text(block, 0, 100);
  const prefix = posix ? text(block, 345, 155) : ""; // GNU keeps times in the prefix's place
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    linkTarget: text(block, 157, 100),
    typeflag: String.fromCharCode(block[156] ?? 0),
    sizeBytes: octal(block, 124, 12),
  };
}

/** The sum of all header bytes, with the checksum field itself counted as spaces. */
function headerChecksum(block: Uint8Array): number {
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  return sum;
}

function entryType(typeflag: string, path: string): TarEntry["type"] {
  switch (typeflag) {
    case "0":
    case "\x00":
    case "7":
      return path.endsWith("/") ? "directory" : "file";
    case "5":
      return "directory";
    case "2":
      return "symlink";
    case "1":
      throw new TarError(`${path}: hard links are not allowed`);
    case "S":
      throw new TarError(`${path}: sparse files are not allowed`);
    default:
      throw new TarError(`${path}: entries of type ${JSON.stringify(typeflag)} are not allowed`);
  }
}

/** pax records, `LENGTH KEY=VALUE\n`; only those that change what an entry is are kept. */
function readPax(bytes: Uint8Array): { path?: string; linkTarget?: string } {
  const found: { path?: string; linkTarget?: string } = {};
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(text(bytes, at, space - at));
    const end = at + length;
    if (
      !Number.isSafeInteger(length) ||
      end > bytes.length ||
      end <= space ||
      bytes[end - 1] !== 0x0a
    ) {
      throw new TarError("malformed pax header");
    }
    const record = text(bytes, space + 1, end - space - 2);
    const equals = record.indexOf("=");
    const key = record.slice(0, equals);
    if (equals < 1) throw new TarError("malformed pax header");
    if (key === "path") found.path = record.slice(equals + 1);
    else if (key === "linkpath") found.linkTarget = record.slice(equals + 1);
    // A size here would let the archive say two sizes for one entry; no file of ours needs it.
    else if (key === "size" || key.startsWith("GNU.sparse"))
      throw new TarError(`pax ${key} is not allowed`);
    at = end;
  }
  return found;
}

/** Octal digits, padded with zeros or spaces and ended by NUL, space or the field's end. */
function octal(block: Uint8Array, offset: number, length: number): number {
  const field = String.fromCharCode(...block.subarray(offset, offset + length));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL ends a field
  const digits = /^ *([0-7]+)[ \x00]*$/.exec(field)?.[1];
  if (digits === undefined) throw new TarError("a number in a header is not octal");
  return Number.parseInt(digits, 8);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 up to the first NUL. */
function text(bytes: Uint8Array, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length);
  const nul = field.indexOf(0);
  try {
    return utf8.decode(nul < 0 ? field : field.subarray(0, nul));
  } catch {
    throw new TarError("a name is not UTF-8");
  }
}
