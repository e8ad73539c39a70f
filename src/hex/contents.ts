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
  /** Inflated bytes per compressed byte that only an attack has; counted from `ratioFromBytes` on. */
  ratioMax: number;
  ratioFromBytes: number;
}

export const contentsLimits: ContentsLimits = {
  inflatedBytesMax: 128 * 1024 * 1024,
  filesMax: 50_000,
  ratioMax: 200,
  ratioFromBytes: 8 * 1024 * 1024,
};

/** Why the contents are refused, as a sentence. */
export class ContentsError extends Error {
  override name = "ContentsError";
}

/**
 * Inflates and walks `gzip`, and says what is in it.
 * @returns number of files and their total size in bytes.
 * @throws ContentsError for anything that server.md 2.5 and 2.6 refuse, and what only attacks have.
 */
export async function checkContents(
  gzip: Uint8Array,
  limits: ContentsLimits = contentsLimits,
): Promise<{ files: number; sizeBytes: number }> {
  const seen = new PathRules(limits.filesMax);
  const scanner = new TarScanner((entry) => seen.add(entry));
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
    }
    scanner.end();
  } catch (error) {
    if (error instanceof TarError || error instanceof GzipError) {
      throw new ContentsError(error.message);
    }
    throw error;
  }
  return { files: seen.files, sizeBytes: seen.sizeBytes };
}

/** The paths so far, and the rules that look at more than one of them. */
class PathRules {
  files = 0;
  sizeBytes = 0;
  readonly #types = new Map<string, TarEntry["type"]>();
  readonly #filesMax: number;

  constructor(filesMax: number) {
    this.#filesMax = filesMax;
  }

  add(entry: TarEntry): void {
    const path = safePath(entry.path);
    if (this.#types.size >= this.#filesMax) {
      throw new ContentsError(`more than ${this.#filesMax} entries`);
    }
    if (
      this.#types.has(path) &&
      !(entry.type === "directory" && this.#types.get(path) === "directory")
    ) {
      throw new ContentsError(`${entry.path}: is in the archive twice`);
    }
    // A member below a link or a file would be written somewhere else than its path says.
    for (const parent of parentsOf(path)) {
      const type = this.#types.get(parent);
      if (type !== undefined && type !== "directory") {
        throw new ContentsError(`${entry.path}: lies below ${parent}, which is a ${type}`);
      }
      // Remembered, so that a later member cannot turn a parent into a link.
      this.#types.set(parent, "directory");
    }
    if (entry.type === "symlink") checkLink(path, entry.linkTarget);
    this.#types.set(path, entry.type);
    if (entry.type === "file") {
      this.files++;
      this.sizeBytes += entry.sizeBytes;
    }
  }
}

/** The path without `./` and trailing slashes. @throws ContentsError when it could leave its folder. */
function safePath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused here
  if (/[\x00-\x1f\x7f]/.test(path))
    throw new ContentsError(`${JSON.stringify(path)}: control character in a path`);
  if (/^([/\\]|[A-Za-z]:)/.test(path)) throw new ContentsError(`${path}: absolute path`);
  const parts = path.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new ContentsError(`${path}: points above its own folder`);
  return parts.join("/");
}

function* parentsOf(path: string): Iterable<string> {
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) yield path.slice(0, at);
}

/**
 * A link may go up first and then down, never up again: with `..` only in front, each step is taken
 * from a real folder, so links through other links cannot add up to a way out.
 */
function checkLink(path: string, target: string): void {
  const outside = () =>
    new ContentsError(`${path}: links to ${target || '""'}, which is not inside`);
  if (target === "" || /^([/\\]|[A-Za-z]:)/.test(target)) throw outside();
  const parts = target.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
  const ups = parts.findIndex((part) => part !== "..");
  const upwards = ups < 0 ? parts.length : ups;
  if (parts.lastIndexOf("..") >= upwards) throw outside();
  if (upwards > path.split("/").length - 1) throw outside();
}
