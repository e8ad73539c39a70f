/** A folder of this machine's disk. */
import { readFileSync, statSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Folder, Listed } from "../static/folder.ts";
import { Mistake } from "./mistake.ts";

/** Beside what is served: half-written files, and what a run keeps for the next one. */
const ownFolder = ".hexedge";
const scratchPath = `${ownFolder}/scratch`;

export class DiskFolder implements Folder {
  readonly path: string;
  #files = 0;

  constructor(path: string) {
    this.path = path;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#try("read", path, async () => {
      // Small files by the thousand: each would wait four times for a thread to open, ask, read and close.
      const bytes = readFileSync(join(this.path, path));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    });
  }

  /** Written beside and renamed, so that a web server never sends half of it. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#try("write", path, async () => {
      const target = join(this.path, path);
      const scratch = join(this.path, scratchPath, `${process.pid}-${this.#files++}`);
      await writeIn(scratch, bytes);
      await mkdir(dirname(target), { recursive: true });
      await rename(scratch, target);
    });
  }

  async list(path: string): Promise<Listed[] | undefined> {
    return this.#try("read", path, async () => {
      const names = await readdir(join(this.path, path));
      const seen = names.filter((name) => !name.startsWith(".")).sort();
      const listed: Listed[] = [];
      for (const name of seen) {
        const file = await this.#try("read", name, async () =>
          statSync(join(this.path, path, name)),
        );
        // What went away meanwhile was not there.
        if (!file?.isFile()) continue;
        listed.push({ name, modifiedSeconds: Math.floor(file.mtimeMs / 1000) });
      }
      return listed;
    });
  }

  async remove(path: string): Promise<void> {
    await this.#try("remove", path, () => rm(join(this.path, path), { force: true }));
  }

  /** What a run that was killed has left. */
  async tidy(): Promise<void> {
    await this.#try("read", scratchPath, async () => {
      await rm(join(this.path, scratchPath), { recursive: true, force: true });
      const rest = await readdir(join(this.path, ownFolder)).catch(() => ["?"]);
      if (rest.length === 0) await rm(join(this.path, ownFolder), { recursive: true });
    });
  }

  /** Is there anything at all, hidden things included? */
  async isEmpty(): Promise<boolean> {
    const names = await this.#try("read", ".", () => readdir(this.path));
    return !names?.some((name) => name !== ".git" && name !== ".gitignore");
  }

  /** Does it hold a repository, or the beginning of one that was being written? */
  async isRepository(): Promise<boolean> {
    const isThere = async (path: string) =>
      (await this.#try("read", path, () => stat(join(this.path, path)))) !== undefined;
    // The key comes first, and names last.
    return (await isThere("public_key")) || (await isThere("names")) || (await isThere(ownFolder));
  }

  async #try<T>(what: string, path: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      // A file where a folder should be on the way means: it is not there.
      if (what === "read" && (error.code === "ENOENT" || error.code === "ENOTDIR"))
        return undefined;
      throw new Mistake(`cannot ${what} ${join(this.path, path)} (${error.code})`);
    }
  }
}

async function writeIn(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}
