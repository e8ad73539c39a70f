/**
 * The signing keys of single repositories, kept in a folder: of `npm start` the data folder, of a Worker on
 * Cloudflare `.hexedge/NAME`. Of a repository there are
 *
 *   signing_key_REPO.pem           the key that signs
 *   signing_key_REPO.next.pem      the one that is to, from the first step of a rotation to its end
 *   signing_key_REPO.old-….pem     earlier ones, by their fingerprints
 *
 * So whoever runs a command again after an interruption goes on with the key that was begun with, and no key
 * that ever signed is lost.
 */
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { parsePrivateKey, publicKeyFingerprint, publicKeyPem } from "../../hex/sign.ts";
import { ownSigningKeyName } from "../data-folder.ts";
import { Mistake } from "../mistake.ts";

export class KeyFolder {
  readonly path: string;
  readonly #repository: string;

  constructor(path: string, repository: string) {
    this.path = path;
    this.#repository = repository;
  }

  /** Where the repository's own key is, or will be. */
  get keyPath(): string {
    return join(this.path, ownSigningKeyName(this.#repository));
  }

  /** The repository's own key; undefined when it is signed with the key of all. */
  own(): Promise<string | undefined> {
    return readKept(this.keyPath);
  }

  /** The key of a rotation that did not come to its end. */
  begun(): Promise<string | undefined> {
    return readKept(this.#named("next"));
  }

  /** Where earlier keys are, the youngest first. */
  async oldPaths(): Promise<string[]> {
    const start = basename(this.#named("old-")).replace(/\.pem$/, "");
    const names = await readdir(this.path).catch(() => []);
    const paths = names
      .filter((it) => it.startsWith(start) && it.endsWith(".pem"))
      .map((it) => join(this.path, it));
    const dated = await Promise.all(
      paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })),
    );
    return dated.sort((one, other) => other.at - one.at).map(({ path }) => path);
  }

  /** @returns the key to go on with: of two who begin at the same time, both go on with the first one's. */
  async begin(pem: string): Promise<string> {
    const there = await this.begun();
    if (there !== undefined) return there;
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const unfinished = await write(this.#named(`${process.pid}.new`), pem);
    try {
      await link(unfinished, this.#named("next"));
      return pem;
    } catch (error) {
      const begun = await this.begun();
      if (begun === undefined) throw cannotKeep(this.#named("next"), error);
      return begun;
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** Puts a key in the place of the one that signs, of which a copy stays. @returns where that is, if there was one. */
  async install(pem: string): Promise<string | undefined> {
    const before = await this.own();
    if (before === pem) return undefined;
    const oldPath = before === undefined ? undefined : await this.#oldPath(before);
    if (before !== undefined && oldPath !== undefined) await writeWhole(oldPath, before);
    await writeWhole(this.keyPath, pem);
    return oldPath;
  }

  /** Nothing is left to do; what killed predecessors had begun to write goes too. */
  async finish(): Promise<void> {
    const start = basename(this.#named(""), ".pem");
    for (const name of await readdir(this.path)) {
      const isUnfinished = name.startsWith(start) && /\.new(\.pem)?$/.test(name);
      if (isUnfinished) await rm(join(this.path, name), { force: true });
    }
    await rm(this.#named("next"), { force: true });
  }

  async #oldPath(pem: string): Promise<string> {
    const fingerprint = await fingerprintOf(pem);
    const short = fingerprint.replace("SHA256:", "").replaceAll("+", "-").replaceAll("/", "_");
    return this.#named(`old-${short.slice(0, 16)}`);
  }

  #named(what: string): string {
    return this.keyPath.replace(/\.pem$/, `.${what}.pem`);
  }
}

/** Of a private key. */
export async function fingerprintOf(pem: string): Promise<string> {
  return publicKeyFingerprint(await publicKeyPem(await parsePrivateKey(pem)));
}

/** What is kept under this path; undefined when nothing is. */
export async function readKept(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Mistake(`cannot read ${path} (${error.code}): see to whom it belongs`);
  });
}

/** Under another name first: half a key, after a crash, would be taken for the key. */
async function writeWhole(path: string, text: string): Promise<void> {
  await rename(await write(`${path}.new`, text), path);
}

/** For nobody else to read. */
async function write(path: string, text: string): Promise<string> {
  try {
    const file = await open(path, "w", 0o600);
    try {
      await file.chmod(0o600); // the umask may have taken more, and must not have left more
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  } catch (error) {
    throw cannotKeep(path, error);
  }
}

function cannotKeep(path: string, error: unknown): Mistake {
  return new Mistake(`cannot keep ${path}: ${error instanceof Error ? error.message : error}`);
}
