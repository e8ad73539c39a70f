/** The folder with everything that one machine keeps: storage, and the keys of a first start. */
import { randomBytes } from "node:crypto";
import { access, chmod, constants, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";
import { generateSigningKey } from "../hex/sign.ts";
import { Mistake } from "./mistake.ts";

export interface Secrets {
  adminKey: string;
  /** PEM. */
  signingKey: string;
}

export class DataFolder {
  readonly path: string;

  /** `repos/NAME/…`, as they are served. */
  readonly filesPath: string;

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
    await folder.#lock();
    return folder;
  }

  /** Those of the environment, else those kept here, else new ones, which are then kept. */
  async secrets(environment: NodeJS.ProcessEnv): Promise<Secrets> {
    const adminKey = environment.ADMIN_KEY || (await this.#kept("admin_key", newAdminKey));
    const signingKey =
      environment.SIGNING_KEY || (await this.#kept("signing_key.pem", generateSigningKey));
    return { adminKey: adminKey.trim(), signingKey };
  }

  /** A file that is no secret, such as the public key. @returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, text);
    return path;
  }

  async #kept(name: string, make: () => string | Promise<string>): Promise<string> {
    const path = join(this.path, name);
    const kept = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new Mistake(`cannot read ${path}: ${error.message}`);
    });
    if (kept !== undefined) return kept;
    const made = await make();
    // `wx`: whoever else makes one at the same time must not be overwritten.
    await writeFile(path, made, { mode: 0o600, flag: "wx" });
    await chmod(path, 0o600); // the umask may have taken more, and must not have left more
    return made;
  }

  /**
   * Two processes on one folder would each believe to be its only writer. A socket is a lock that the
   * kernel gives back, however the process ends; a file with a number in it is not.
   */
  async #lock(): Promise<void> {
    const path = join(this.path, "lock");
    if (await answers(path)) {
      throw new Mistake(`the data folder ${this.path} is in use by another hexedge`);
    }
    await rm(path, { force: true });
    const server = createServer((socket) => socket.destroy()).unref();
    await new Promise<void>((done, fail) => {
      server.once("error", (error) => fail(new Mistake(`cannot lock ${path}: ${error.message}`)));
      server.listen(path, done);
    });
  }
}

function newAdminKey(): string {
  return `hex_${randomBytes(20).toString("hex")}`;
}

async function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
