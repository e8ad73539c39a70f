/**
 * The files inside `contents.tar.gz` or a docs tarball, checked while they stream by. Nothing is
 * held: a bomb costs us the bytes up to the limit that it broke, one chunk at a time.
 */
import { GzipError, inflate } from "./gunzip.ts";
import { type TarEntry, TarError, TarScanner } from "./tar.ts";

export interface ContentsLimits {
  /** hex_core's `tarball_max_uncompressed_size`. */
  inflatedBytesMax: number;
  filesMax: number;
  /** Of all paths together, which we hold to find those that are there twice. */
  pathsLengthMax: number;
  /** Inflated bytes per compressed byte that only an attack has; counted from `ratioFromBytes` on. */
  ratioMax: number;
  ratioFromBytes: number;
}

export const contentsLimits: ContentsLimits = {
  inflatedBytesMax: 128 * 1024 * 1024,
  filesMax: 50_000,
  pathsLengthMax: 8 * 1024 * 1024,
  ratioMax: 200,
  ratioFromBytes: 8 * 1024 * 1024,
};

/** What Linux takes in one call is 4,096 bytes, what macOS takes 1,024. */
const pathLengthMax = 1024;

/** Why the contents are refused, as a sentence. */
export class ContentsError extends Error {
  override name = "ContentsError";
}

/** What streams by: the beginning of a file, folder or link, then its bytes in pieces. */
export type ContentsPiece =
  | { kind: "entry"; path: string; entry: TarEntry }
  /** Of the entry before it; a view that is only good until the next step. */
  | { kind: "data"; bytes: Uint8Array };

/**
 * Inflates and walks `gzip`, and says what is in it.
 * @returns number of files and their total size in bytes.
 * @throws ContentsError for anything that server.md 2.5 and 2.6 refuse, and what only attacks have.
 */
export async function checkContents(
  gzip: Uint8Array,
  limits: ContentsLimits = contentsLimits,
): Promise<{ files: number; sizeBytes: number }> {
  let [files, sizeBytes] = [0, 0];
  for await (const pieces of walkContents(gzip, limits)) {
    for (const piece of pieces) {
      if (piece.kind !== "entry" || piece.entry.type !== "file") continue;
      files++;
      sizeBytes += piece.entry.sizeBytes;
    }
  }
  return { files, sizeBytes };
}

/**
 * The contents in the order of the archive, all that one inflated chunk holds at a time. Paths are
 * without `./` and trailing slashes. Leaving the loop early stops inflating.
 * @throws ContentsError as `checkContents`, at the piece that is wrong: what came before may be good.
 */
export async function* walkContents(
  gzip: Uint8Array,
  limits: ContentsLimits = contentsLimits,
): AsyncGenerator<ContentsPiece[], void, undefined> {
  const seen = new PathRules(limits);
  let pieces: ContentsPiece[] = [];
  const scanner = new TarScanner(
    (entry) => pieces.push({ kind: "entry", path: seen.add(entry), entry }),
    (bytes) => pieces.push({ kind: "data", bytes }),
  );
  let inflatedBytes = 0;
  try {
    for await (const chunk of inflate(gzip)) {
      inflatedBytes += chunk.length;
      if (inflatedBytes > limits.inflatedBytesMax) {
        throw new ContentsError(`too_big_uncompressed: ${limits.inflatedBytesMax}`);
      }
      if (inflatedBytes > limits.ratioFromBytes && inflatedBytes > gzip.length * limits.ratioMax) {
        throw new ContentsError(`inflates to more than ${limits.ratioMax} times its size`);
      }
      scanner.push(chunk);
      yield pieces;
      pieces = [];
    }
    scanner.end();
  } catch (error) {
    if (error instanceof TarError || error instanceof GzipError) {
      throw new ContentsError(error.message);
    }
    throw error;
  }
}

/** The paths so far, and the rules that look at more than one of them. */
class PathRules {
  readonly #types = new Map<string, TarEntry["type"]>();
  /** The same folders and links, as file systems see them that know no upper case. */
  readonly #folders = new Set<string>();
  readonly #links = new Set<string>();
  readonly #limits: ContentsLimits;
  #pathsLength = 0;

  constructor(limits: ContentsLimits) {
    this.#limits = limits;
  }

  /** @returns the path without what means nothing in it. */
  add(entry: TarEntry): string {
    const path = safePath(entry);
    const known = this.#types.get(path);
    if (known !== undefined && !(known === "directory" && entry.type === "directory"))
      throw new ContentsError(`${entry.path}: is in the archive twice`);
    if (entry.type === "directory") {
      this.#addFolder(path, entry.path);
      return path;
    }
    const parent = parentOf(path);
    if (parent !== undefined) this.#addFolder(parent, entry.path);
    this.#remember(path, entry.type);
    if (entry.type === "symlink") {
      checkLink(path, entry.linkTarget);
      if (this.#folders.has(fold(path))) throw new ContentsError(`${path}: is a folder too`);
      this.#links.add(fold(path));
    }
    return path;
  }

  /**
   * Remembers a folder and those it lies in, so that a later member cannot turn one into a link. A
   * member below a link or a file would be written somewhere else than its path says.
   */
  #addFolder(path: string, member: string): void {
    // Innermost first, as far as they are new: else a deep folder would cost its depth each time.
    for (let folder: string | undefined = path; folder !== undefined; folder = parentOf(folder)) {
      const type = this.#types.get(folder);
      if (type === "directory") return;
      if (type !== undefined || this.#links.has(fold(folder)))
        throw new ContentsError(`${member}: lies below ${folder}, which is a ${type ?? "symlink"}`);
      this.#remember(folder, "directory");
      this.#folders.add(fold(folder));
    }
  }

  #remember(path: string, type: TarEntry["type"]): void {
    const { filesMax, pathsLengthMax } = this.#limits;
    if (this.#types.size >= filesMax) throw new ContentsError(`more than ${filesMax} entries`);
    this.#pathsLength += path.length;
    if (this.#pathsLength > pathsLengthMax)
      throw new ContentsError(`paths of more than ${pathsLengthMax} characters together`);
    this.#types.set(path, type);
  }
}

/**
 * The path without `./` and trailing slashes.
 * @throws ContentsError when it could leave its folder, or means something else on another system.
 */
function safePath({ path, type }: TarEntry): string {
  if (path.length > pathLengthMax) {
    throw new ContentsError(`${path.slice(0, 100)}…: longer than ${pathLengthMax} characters`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused here
  if (/[\x00-\x1f\x7f]/.test(path))
    throw new ContentsError(`${JSON.stringify(path)}: control character in a path`);
  if (isAbsolute(path)) throw new ContentsError(`${path}: absolute path`);
  if (path.includes("\\")) throw new ContentsError(`${path}: backslash in a path`);
  if (type !== "directory" && /(^|\/)\.?$/.test(path))
    throw new ContentsError(`${JSON.stringify(path)}: is no name of a ${type}`);
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new ContentsError(`${path}: points above its own folder`);
  return parts.join("/");
}

function isAbsolute(path: string): boolean {
  return /^([/\\]|[A-Za-z]:)/.test(path);
}

function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? undefined : path.slice(0, slash);
}

/** One text for all that macOS and Windows take for the same name. */
function fold(path: string): string {
  return path.normalize("NFKD").toUpperCase().toLowerCase();
}

/**
 * A link may go up first and then down, never up again: with `..` only in front, each step is taken
 * from a real folder, so links through other links cannot add up to a way out.
 */
function checkLink(path: string, target: string): void {
  const outside = () =>
    new ContentsError(`${path}: links to ${target.slice(0, 100) || '""'}, which is not inside`);
  if (target === "" || target.length > pathLengthMax || isAbsolute(target)) throw outside();
  // To one system a backslash is a step, to another a letter.
  if (target.includes("\\")) throw outside();
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const ups = parts.findIndex((part) => part !== "..");
  const upwards = ups < 0 ? parts.length : ups;
  if (parts.lastIndexOf("..") >= upwards) throw outside();
  if (upwards > path.split("/").length - 1) throw outside();
}
