/** The folder with everything that one machine keeps: storage, and the keys of a first start. */
import { randomBytes } from "node:crypto";
import {
  access,
  constants,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeKeySecret } from "../accounts/secret.ts";
import { generateSigningKey, KeyError, parsePrivateKey } from "../hex/sign.ts";
import { Mistake } from "./mistake.ts";

export interface Secrets {
  adminKey: string;
  /** Under it keys are hashed and tokens signed. */
  accountsSecret: string;
  /** PEM. */
  signingKey: string;
  /** `SIGNING_KEY_NAME` of the environment, and `signing_key_name.pem` kept here: PEM for single repositories. */
  ownSigningKeys: Record<string, string>;
  /** `S3_ACCESS_KEY_ID` and `S3_SECRET_ACCESS_KEY` of the environment; never kept here. */
  s3Keys: Record<string, string>;
  /** Came from the environment: whoever set it knows it, and it has no place in a log. */
  isAdminKeyGiven: boolean;
}

export class DataFolder {
  readonly path: string;

  /** `repos/NAME/…`, as they are served. */
  readonly filesPath: string;
  readonly #openedAt = Date.now();

  private constructor(path: string) {
    this.path = path;
    this.filesPath = join(path, "files");
  }

  /** @throws Mistake when it cannot be written, or another process has it open. */
  static async open(path: string): Promise<DataFolder> {
    const folder = new DataFolder(resolve(path));
    try {
      await mkdir(folder.filesPath, { recursive: true, mode: 0o700 });
      await access(folder.path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      throw new Mistake(`the data folder ${folder.path} is not writable: ${why}`);
    }
    lock(folder.path);
    return folder;
  }

  /** Lets another process have it; the end of this one does the same. */
  close(): void {
    locks.get(this.path)?.close();
    locks.delete(this.path);
  }

  /** Those of the environment, else those kept here, else new ones, which are then kept. */
  async secrets(environment: NodeJS.ProcessEnv): Promise<Secrets> {
    const adminKey = environment.ADMIN_KEY || (await this.#kept("admin_key", makeKeySecret));
    const accountsSecret =
      environment.ACCOUNTS_SECRET || (await this.#kept("accounts_secret", newAccountsSecret));
    const signingKey =
      environment.SIGNING_KEY || (await this.#kept("signing_key.pem", generateSigningKey));
    const where = environment.SIGNING_KEY ? "SIGNING_KEY" : join(this.path, "signing_key.pem");
    await checkSigningKey(where, signingKey);
    const own = Object.entries(environment).filter(([name]) => /^SIGNING_KEY_\w+$/.test(name));
    const given = Object.fromEntries(own.map(([name, pem]) => [name, pem ?? ""]));
    for (const [name, pem] of Object.entries(given)) await checkSigningKey(name, pem);
    const ownSigningKeys = { ...(await this.#ownSigningKeys()), ...given };
    const s3Keys = Object.fromEntries(
      ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"].flatMap((name) => {
        const value = environment[name]?.trim();
        return value ? [[name, value]] : [];
      }),
    );
    const isAdminKeyGiven = Boolean(environment.ADMIN_KEY);
    return {
      ...{ adminKey: adminKey.trim(), accountsSecret: accountsSecret.trim() },
      ...{ signingKey, ownSigningKeys, s3Keys, isAdminKeyGiven },
    };
  }

  /** A file that is no secret, such as the public key. @returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, text);
    return path;
  }

  /**
   * Removes what a killed predecessor had begun to write: workerd's disk service leaves it lying, under
   * names that begin with a dot. It may run beside a new workerd, whose own files are younger.
   */
  async removeUnfinished(): Promise<void> {
    for await (const entry of await opendir(this.filesPath, { recursive: true })) {
      if (!entry.isFile() || !/^\..+\.tmp$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      // The new workerd's are soon done, and gone under this name.
      const found = await stat(path).catch(() => undefined);
      if (found && found.mtimeMs < this.#openedAt) await rm(path, { force: true });
    }
  }

  /** Those that `rotate-key` has put here, by the names that the Worker knows them under. */
  async #ownSigningKeys(): Promise<Record<string, string>> {
    const keys: Record<string, string> = {};
    for (const name of await readdir(this.path)) {
      const [, repository] = ownSigningKeyPattern.exec(name) ?? [];
      if (repository === undefined) continue;
      const path = join(this.path, name);
      const pem = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        throw new Mistake(`cannot read ${path}: ${error.message}`);
      });
      await checkSigningKey(path, pem);
      keys[`SIGNING_KEY_${repository.toUpperCase()}`] = pem;
    }
    return keys;
  }

  async #kept(name: string, make: () => string | Promise<string>): Promise<string> {
    const path = join(this.path, name);
    const kept = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new Mistake(`cannot read ${path}: ${error.message}`);
    });
    if (kept !== undefined) return kept;
    const made = await make();
    // Under another name first: half a key, after a crash, would be taken for the key.
    const unfinished = await open(`${path}.new`, "w", 0o600);
    try {
      await unfinished.chmod(0o600); // the umask may have taken more, and must not have left more
      await unfinished.writeFile(made);
      await unfinished.sync();
    } finally {
      await unfinished.close();
    }
    await rename(`${path}.new`, path);
    return made;
  }
}

/** The file of a repository's own key. What has another dot in its name is none that signs. */
export const ownSigningKeyName = (repository: string) => `signing_key_${repository}.pem`;
const ownSigningKeyPattern = /^signing_key_([a-z][a-z0-9_]{1,63})\.pem$/;

/** Here, because a database that nobody can reach any more is closed, and gives its lock back. */
const locks = new Map<string, DatabaseSync>();

/**
 * Two processes on one folder would each believe to be its only writer. SQLite takes a lock that the
 * kernel gives back, however the process ends. (A socket was the alternative: its path may only have
 * a hundred bytes, and whoever clears a dead one away can hit one that has just come alive.)
 */
function lock(folder: string): void {
  const path = join(folder, "lock.sqlite");
  try {
    const database = new DatabaseSync(path);
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    locks.set(folder, database);
  } catch (error) {
    const isBusy = error instanceof Error && "errcode" in error && error.errcode === sqliteBusy;
    if (isBusy) throw new Mistake(`the data folder ${folder} is in use by another hexedge`);
    throw new Mistake(`cannot lock ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

const sqliteBusy = 5;

async function checkSigningKey(where: string, pem: string): Promise<void> {
  await parsePrivateKey(pem).catch((error) => {
    if (!(error instanceof KeyError)) throw error;
    throw new Mistake(`${where}: ${error.message}`);
  });
}

/** What the Worker gets of them. */
export function secretBindings(secrets: Secrets) {
  const { adminKey, accountsSecret, signingKey, ownSigningKeys, s3Keys } = secrets;
  return {
    ...{ ADMIN_KEY: adminKey, ACCOUNTS_SECRET: accountsSecret, SIGNING_KEY: signingKey },
    ...{ ...ownSigningKeys, ...s3Keys },
  };
}

export function newAccountsSecret(): string {
  return randomBytes(32).toString("hex");
}
