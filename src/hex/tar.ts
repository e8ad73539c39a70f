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
  #override: Override = {};

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
    if (this.#renamed()) throw new TarError("a long name without its entry");
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
    if (type === "g") {
      // A global header would rename entries from afar; git's comment in one is harmless. Between a
      // name and its entry it is not: hex_core gives the name to the global header.
      if (readPax(bytes).length > 0 || this.#renamed())
        throw new TarError("global pax header with a path");
    } else if (type === "L") this.#overrideWith({ path: longName(bytes) });
    else if (type === "K") this.#overrideWith({ linkTarget: longName(bytes) });
    else for (const names of readPax(bytes)) this.#overrideWith(names);
  }

  #renamed(): boolean {
    return Object.keys(this.#override).length > 0;
  }

  /** Of two names, hex_core takes the last and others take the first, or GNU's before pax's. */
  #overrideWith(names: Override): void {
    if (Object.keys(names).some((key) => key in this.#override)) {
      throw new TarError("an entry with two long names");
    }
    this.#override = { ...this.#override, ...names };
  }
}

/** What an extended header says instead of the header behind it. */
interface Override {
  path?: string;
  linkTarget?: string;
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
  // With star's trailer (offset: 508), readers that know it take less of the prefix than others.
  const trailer = posix && block.subarray(500).some((byte) => byte !== 0);
  if ((!posix && magic !== "ustar  \x00") || trailer) throw new TarError("not a ustar header");
  if (octal(block, 148, 8) !== headerChecksum(block)) throw new TarError("wrong header checksum");
  checkUnusedFields(block);
  const name = text(block, 0, 100);
  const prefix = posix ? text(block, 345, 155) : ""; // GNU keeps times in the prefix's place
  // Joined to its prefix by hex_core, such a name drops it.
  if (prefix !== "" && name.startsWith("/")) throw new TarError(`${name}: absolute path`);
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    linkTarget: text(block, 157, 100),
    typeflag: String.fromCharCode(block[156] ?? 0),
    sizeBytes: octal(block, 124, 12),
  };
}

/** What we have no use for, but hex_core reads, and refuses the archive when it cannot. */
function checkUnusedFields(block: Uint8Array): void {
  const mode = block.subarray(100, 108);
  const owner = block.subarray(108, 124); // uid and gid
  const time = block.subarray(136, 148);
  // Octal digits, or nothing at all. hex_core has GNU's base 256 too, and misreads it.
  if (!/^[0-7 \0]*$/.test(String.fromCharCode(...mode, ...owner, ...time)))
    throw new TarError("a number in a header is not octal");
  text(block, 265, 32); // uname
  text(block, 297, 32); // gname
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
      // Old readers make a folder of it, hex_core a file.
      if (path.endsWith("/")) throw new TarError(`${path}: is named like a folder and is a file`);
      return "file";
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

/**
 * pax records, `LENGTH KEY=VALUE\n`; only those that change what an entry is are kept.
 *
 * hex_core does not look at LENGTH, but reads up to the next line feed: a record with one inside
 * would mean something else to it. It fails at an empty value, and at an owner or a time that is no
 * number.
 */
function readPax(bytes: Uint8Array): Override[] {
  const found: Override[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(0x0a, at) + 1;
    if (end === 0 || bytes.subarray(at, end).includes(0))
      throw new TarError("malformed pax header");
    const record = text(bytes, at, end - 1 - at);
    const [, length, key = "", value = ""] = /^([0-9]+) ([^=]+)=(.+)$/s.exec(record) ?? [];
    if (Number(length) !== end - at) throw new TarError("malformed pax header");
    if (key === "path") found.push({ path: value });
    else if (key === "linkpath") found.push({ linkTarget: value });
    // A size here would let the archive say two sizes for one entry; no file of ours needs it.
    else if (key === "size" || key.startsWith("GNU.sparse"))
      throw new TarError(`pax ${key} is not allowed`);
    else if (!(paxNumbers.get(key)?.test(value) ?? true))
      throw new TarError("malformed pax header");
    at = end;
  }
  return found;
}

const paxNumbers = new Map([
  ["uid", /^[0-9]+$/],
  ["gid", /^[0-9]+$/],
  ["mtime", /^-?[0-9]+([.][0-9]+)?$/],
  ["atime", /^-?[0-9]+([.][0-9]+)?$/],
  ["ctime", /^-?[0-9]+([.][0-9]+)?$/],
]);

/** The data of a GNU long name: the name, and a NUL or more behind it. */
function longName(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  const name = text(bytes, 0, bytes.length);
  if (name === "" || (nul >= 0 && bytes.subarray(nul).some((byte) => byte !== 0)))
    throw new TarError("malformed long name");
  return name;
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
