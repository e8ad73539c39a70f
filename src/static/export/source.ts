/** Where the files come from. */

/** A repository behind HTTP. It tries again by itself, and throws when that does not help. */
export interface Source {
  /** @param etag of what is there already. */
  get(path: string, etag?: string): Promise<Got>;
}

export type Got = { bytes: Uint8Array; etag: string | null } | "missing" | "unchanged";

/** A source, and how much came from it. */
export class Fetcher implements Source {
  readonly #source: Source;
  bytes = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  async get(path: string, etag?: string): Promise<Got> {
    const got = await this.#source.get(path, etag);
    if (typeof got !== "string") this.bytes += got.bytes.length;
    return got;
  }

  /** Undefined when there is no such file. */
  async read(path: string): Promise<Uint8Array | undefined> {
    const got = await this.get(path);
    return typeof got === "string" ? undefined : got.bytes;
  }
}
