/**
 * `.hexedge/NAME` beside wrangler.toml: the values of the secrets, which Cloudflare never gives back. Nothing
 * else is remembered: what exists is asked of Cloudflare each time, because a note about it is wrong as
 * soon as somebody removes a bucket, takes another account, or works on another machine.
 */
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Mistake } from "../mistake.ts";

export class OwnFolder {
  readonly path: string;
  readonly #parent: string;
  readonly #isDryRun: boolean;

  /** @param name the Worker's: two of them have two sets of keys. */
  constructor(beside: string, name: string, isDryRun: boolean) {
    this.#parent = join(beside, ".hexedge");
    this.path = join(this.#parent, name);
    this.#isDryRun = isDryRun;
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  async read(name: string): Promise<string | undefined> {
    const path = this.pathOf(name);
    return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new Mistake(`cannot read ${path} (${error.code}): see to whom it belongs`);
    });
  }

  /** For nobody else to read, and whole or not at all: half a key would be taken for the key. */
  async write(name: string, text: string): Promise<string> {
    const path = this.pathOf(name);
    if (this.#isDryRun) return path;
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      // Whatever the project's own .gitignore says.
      await writeFile(join(this.#parent, ".gitignore"), "*\n");
      const file = await open(`${path}.new`, "w", 0o600);
      try {
        await file.chmod(0o600); // the umask may have taken more, and an older file may have more
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      throw new Mistake(`cannot keep ${path}: ${why}`);
    }
    return path;
  }

  /** The one that is kept, else a new one, which then is. */
  async kept(name: string, make: () => string | Promise<string>): Promise<string> {
    const kept = await this.read(name);
    if (kept !== undefined) {
      if (!this.#isDryRun) await chmod(this.pathOf(name), 0o600);
      return kept;
    }
    const made = await make();
    await this.write(name, made);
    return made;
  }

  async remove(name: string): Promise<void> {
    if (!this.#isDryRun) await rm(this.pathOf(name), { force: true });
  }
}
