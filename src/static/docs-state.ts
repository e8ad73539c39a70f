/** ETags of docs that are in the folder, which no signed file tells of: so they are asked for only once. */
import { sha256, toHex } from "../hex/checksum.ts";
import type { Folder } from "./folder.ts";
import { docsStatePath } from "./layout.ts";

interface Known {
  etag: string;
  sha256: string;
}

const savedEvery = 100;

export class DocsState {
  readonly #folder: Folder;
  #known = new Map<string, Known>();
  #unsaved = 0;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** What cannot be read is as if it were not there: docs are then fetched again. */
  async read(): Promise<void> {
    const bytes = await this.#folder.read(docsStatePath);
    try {
      const state: unknown = JSON.parse(new TextDecoder().decode(bytes));
      if (typeof state !== "object" || state === null) return;
      this.#known = new Map(Object.entries(state).filter(([, it]) => isKnown(it)));
    } catch {
      this.#known = new Map();
    }
  }

  /** Of the file as it was fetched; undefined when it is another now. */
  async etagOf(path: string): Promise<string | undefined> {
    const known = this.#known.get(path);
    const bytes = known && (await this.#folder.read(path));
    return bytes && toHex(await sha256(bytes)) === known.sha256 ? known.etag : undefined;
  }

  async remember(path: string, etag: string | null, checksum: Uint8Array): Promise<void> {
    if (etag === null) this.#known.delete(path);
    else this.#known.set(path, { etag, sha256: toHex(checksum) });
    this.#unsaved++;
    if (this.#unsaved >= savedEvery) await this.write();
  }

  forget(paths: readonly string[]): void {
    for (const path of paths) if (this.#known.delete(path)) this.#unsaved++;
  }

  async write(): Promise<void> {
    if (this.#unsaved === 0) return;
    this.#unsaved = 0;
    const sorted = [...this.#known].sort(([one], [other]) => (one < other ? -1 : 1));
    const text = `${JSON.stringify(Object.fromEntries(sorted), null, 1)}\n`;
    await this.#folder.write(docsStatePath, new TextEncoder().encode(text));
  }
}

function isKnown(it: unknown): it is Known {
  return (
    typeof it === "object" &&
    it !== null &&
    "etag" in it &&
    typeof it.etag === "string" &&
    "sha256" in it &&
    typeof it.sha256 === "string"
  );
}
