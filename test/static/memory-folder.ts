/** A folder that is not on a disk: what is in it, what was done to it, and when it breaks. */
import type { Folder, Listed } from "../../src/static/folder.ts";

export class MemoryFolder implements Folder {
  readonly files = new Map<string, { bytes: Uint8Array; modifiedSeconds: number }>();
  /** `write packages/foo`, `remove …`, in order. */
  did: string[] = [];
  /** After so many changes the power fails. */
  changesLeft = Number.POSITIVE_INFINITY;
  /** Looks at the folder before each change. */
  beforeChange: () => Promise<void> | void = () => {};

  put(path: string, bytes: Uint8Array, modifiedSeconds = 1_700_000_000): void {
    this.files.set(path, { bytes, modifiedSeconds });
  }

  paths(): string[] {
    return [...this.files.keys()].sort();
  }

  copy(): MemoryFolder {
    const copy = new MemoryFolder();
    for (const [path, { bytes, modifiedSeconds }] of this.files)
      copy.put(path, bytes, modifiedSeconds);
    return copy;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path)?.bytes;
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#change(`write ${path}`);
    this.put(path, bytes);
  }

  async list(path: string): Promise<Listed[] | undefined> {
    const inside = this.paths().filter((it) => it.startsWith(`${path}/`));
    if (inside.length === 0) return undefined;
    return inside.map((it) => {
      const modifiedSeconds = this.files.get(it)?.modifiedSeconds ?? 0;
      return { name: it.slice(path.length + 1), modifiedSeconds };
    });
  }

  async remove(path: string): Promise<void> {
    if (!this.files.has(path)) return;
    await this.#change(`remove ${path}`);
    this.files.delete(path);
  }

  async #change(what: string): Promise<void> {
    await this.beforeChange();
    if (this.changesLeft-- <= 0) throw new Error("power failed");
    if (!what.includes(".hexedge/")) this.did.push(what);
  }
}
