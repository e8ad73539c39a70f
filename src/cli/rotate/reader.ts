/** Reads a repository as a client that trusts nothing but the new key, until all of it is signed with that. */
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { RepositoryConfig } from "../../config/repositories.ts";
import { signedNameOf } from "../../config/repositories.ts";
import { RegistryError, unpackNames, unpackPackage, unpackVersions } from "../../hex/registry.ts";
import { KeyError, parsePublicKey, publicKeyFingerprint } from "../../hex/sign.ts";
import { path as apiPath, ask, Refused } from "../client.ts";
import { siteGet } from "../doctor/site.ts";
import { Mistake } from "../mistake.ts";
import { Progress } from "../progress.ts";
import type { Registry } from "../registry.ts";

/** Of what is signed when it is asked for, and may be all of hex.pm: so many show that it is. */
const sampledMax = 20;
const atOnce = 8;
const everyMs = 1000;

export interface Read {
  packages: number;
  /** What the registry says about itself; null for what is no hosted repository, or too large to be told. */
  check: "ok" | null;
}

const checkAnswer = v.object({
  ...{ settled: v.boolean(), problems: v.array(v.string()), next: v.nullable(v.string()) },
});

export class Reader {
  readonly #registry: Registry;
  readonly #repository: RepositoryConfig;
  readonly #publicKeyPem: string;
  /** A file that bears the new signature never again bears the old one. */
  readonly #signed = new Set<string>();

  constructor(registry: Registry, repository: RepositoryConfig, publicKeyPem: string) {
    this.#registry = registry;
    this.#repository = repository;
    this.#publicKeyPem = publicKeyPem;
  }

  /**
   * @param options.onLacking hears what it waits for, each time that is something else.
   * @throws Mistake with the last of these when the time is over.
   */
  async readUntilSigned(options: {
    waitMsMax: number;
    onLacking: (lacking: string) => void;
  }): Promise<Read> {
    const deadline = Date.now() + options.waitMsMax;
    let told = "";
    for (;;) {
      const found = await this.#read();
      if (typeof found !== "string") return found;
      if (found !== told) options.onLacking(found);
      told = found;
      if (Date.now() >= deadline) throw new Mistake(found);
      await sleep(everyMs);
    }
  }

  /** @returns what is there, or a sentence about what is not so yet. */
  async #read(): Promise<Read | string> {
    try {
      const { name, kind } = this.#repository;
      const served = await servedKey(this.#registry, name);
      const fingerprint = await publicKeyFingerprint(this.#publicKeyPem);
      const old = served === null ? "none" : await publicKeyFingerprint(served);
      if (old !== fingerprint) {
        if (kind === "hosted") await this.#wake();
        return `${this.#registry.url} still serves the public key ${old}`;
      }
      const packages = await this.#files();
      return { packages, check: kind === "hosted" ? await this.#check() : null };
    } catch (error) {
      if (error instanceof RegistryError || error instanceof KeyError) return error.message;
      if (error instanceof Mistake) return error.message;
      throw error;
    }
  }

  /** Opens the repository's object, which then sees that it has another key. */
  async #wake(): Promise<void> {
    await siteGet(this.#registry, `/api/repos/${this.#repository.name}/packages`);
  }

  /** @returns how many packages were read. */
  async #files(): Promise<number> {
    const repository = signedNameOf(this.#repository);
    const key = await parsePublicKey(this.#publicKeyPem);
    const { packages } = await unpackNames(await this.#must("names"), key, { repository });
    await unpackVersions(await this.#must("versions"), key, { repository });
    const names = packages.map(({ name }) => name);
    const chosen = this.#repository.kind === "hosted" ? names : names.slice(0, sampledMax);
    const progress = new Progress("packages");
    try {
      const left = chosen.filter((name) => !this.#signed.has(name));
      for (let at = 0; at < left.length; at += atOnce) {
        progress.show(this.#signed.size, chosen.length);
        const some = left.slice(at, at + atOnce);
        await Promise.all(some.map((name) => this.#package(name, repository, key)));
      }
    } finally {
      progress.end();
    }
    return chosen.length;
  }

  async #package(name: string, repository: string, key: CryptoKey): Promise<void> {
    const file = await this.#get(`packages/${name}`);
    if (file) {
      await unpackPackage(file, key, { repository, name }).catch((error: unknown) => {
        if (!(error instanceof RegistryError)) throw error;
        throw new Mistake(`packages/${name}: ${error.message}`);
      });
    }
    // Without a file it was reverted, or is held back, since names was read.
    this.#signed.add(name);
  }

  /** What the registry itself says: the new files agree with its ledger, and nothing is on its way. */
  async #check(): Promise<"ok" | null> {
    const { name } = this.#repository;
    const url = apiPath`/repos/${name}/check`;
    for (let after: string | null = ""; after !== null; ) {
      const query: string = after === "" ? "" : `?${new URLSearchParams({ after })}`;
      const answer = await ask(this.#registry, `${url}${query}`).catch((error) => {
        if (error instanceof Refused && error.status < 500) throw error;
        if (error instanceof Mistake) return undefined;
        throw error;
      });
      const read = v.safeParse(checkAnswer, answer);
      if (!read.success) return null;
      const { settled, problems, next } = read.output;
      if (!settled) throw new Mistake(`${name} is not settled yet`);
      const [first] = problems;
      if (first !== undefined) throw new Mistake(`the check of ${name} finds: ${first}`);
      after = next;
    }
    return "ok";
  }

  async #must(file: string): Promise<Uint8Array> {
    const bytes = await this.#get(file);
    if (bytes) return bytes;
    throw new Mistake(`${file} is not there yet`);
  }

  async #get(file: string): Promise<Uint8Array | undefined> {
    const path = `/repos/${this.#repository.name}/${file}`;
    const { status, bytes, text } = await siteGet(this.#registry, path);
    if (status === 200) return bytes;
    if (status === 404) return undefined;
    throw new Mistake(`${path} is answered ${status}: ${text}`);
  }
}

/**
 * @returns the public key that clients get; null when the repository has no files yet.
 * @throws Mistake when it does not answer, or says no.
 */
export async function servedKey(registry: Registry, name: string): Promise<string | null> {
  const { status, text } = await siteGet(registry, `/repos/${name}/public_key`);
  if (status === 404) return null;
  if (status !== 200) throw new Mistake(`${registry.url}/repos/${name} answers ${status}: ${text}`);
  await parsePublicKey(text).catch(() => {
    throw new Mistake(`${registry.url}/repos/${name}/public_key is no key: is that a Hexedge?`);
  });
  return text;
}
