/**
 * The Durable Object of one group: builds the files of several repositories seen as one, signs them with our
 * key, and alone writes below `repos/GROUP/`. It is asked when a member's file is another than the one
 * that the group's was built from; it holds nothing that cannot be built again.
 */
import { DurableObject } from "cloudflare:workers";
import { groupOf, readConfig } from "../config/config.ts";
import { signingKeyPem } from "../config/signing-key.ts";
import { openStorage, storageKindOf } from "../config/storage.ts";
import { accountsName, type Env, metricsName } from "../env.ts";
import {
  buildNames,
  buildPackage,
  buildVersions,
  RegistryError,
  unpackNames,
  unpackPackage,
  unpackVersions,
} from "../hex/registry.ts";
import {
  parsePrivateKey,
  parsePublicKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "../hex/sign.ts";
import { countErrors } from "../metrics/storage.ts";
import { handOver } from "../metrics/tally.ts";
import { keep } from "../storage/keep.ts";
import { migrate } from "../storage/migrate.ts";
import type { Storage } from "../storage/storage.ts";
import { asGroup, mergeVersions } from "./merge.ts";

const migrations: readonly string[] = [
  `
  -- Files that were built, and the ETags of what they were built from.
  CREATE TABLE files (path TEXT PRIMARY KEY, source TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  -- Names of ours that somebody else has upstream: whoever forgets our key would get theirs.
  CREATE TABLE conflicts (
    package TEXT PRIMARY KEY,
    member TEXT NOT NULL,
    mirror TEXT NOT NULL,
    noticed_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
];

export interface Conflict {
  package: string;
  member: string;
  mirror: string;
  noticedAt: string;
}

export class Group extends DurableObject<Env> {
  readonly #flights = new Map<string, Promise<string>>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, migrations);
  }

  /**
   * Brings the group's packages/NAME up to the member's.
   * @returns the ETag of the member's file that it now shows.
   */
  buildPackage(name: string, member: string): Promise<string> {
    return this.#alone(`packages/${name}`, () => this.#buildPackage(name, member));
  }

  /** Brings names or versions up to those of the members. @returns from what it was built. */
  buildIndex(path: "names" | "versions", source: string): Promise<string> {
    return this.#alone(path, () => this.#buildIndex(path, source));
  }

  conflicts(): Conflict[] {
    return this.ctx.storage.sql
      .exec<{ package: string; member: string; mirror: string; noticed_at: number }>(
        "SELECT * FROM conflicts ORDER BY package",
      )
      .toArray()
      .map(({ noticed_at, ...it }) => ({ ...it, noticedAt: new Date(noticed_at).toISOString() }));
  }

  async #buildPackage(name: string, member: string): Promise<string> {
    const { config, storage, key, stamp } = await this.#world();
    const path = `packages/${name}`;
    const from = await read(this.#storageOf(member), `repos/${member}/${path}`);
    if (!from) throw new Error(`${member} had ${name} a moment ago`);
    if (this.#sourceOf(path) === `${stamp} ${member} ${from.etag}`) return from.etag;
    const { resource, etag } = await this.#verified(member, path, from, (bytes, signed) =>
      unpackPackage(bytes, signed.publicKey, { repository: signed.name, name }),
    );
    const merged = asGroup(resource, config.signedName, this.#names(config.members));
    const file = await buildPackage(merged, key, { mtimeSeconds: this.#next() });
    await keep(storage, `repos/${config.name}/${path}`, file);
    this.#built(path, `${stamp} ${member} ${etag}`);
    if (this.#isHosted(member)) await this.#lookForConflict(name, member, config.members);
    return etag;
  }

  async #buildIndex(path: "names" | "versions", source: string): Promise<string> {
    const { config, storage, key, stamp } = await this.#world();
    if (this.#sourceOf(path) === `${stamp} ${source}`) return source;
    const options = { mtimeSeconds: this.#next() };
    let file: Uint8Array;
    if (path === "versions") {
      const all = await this.#ofMembers(config.members, path, unpackVersions);
      file = await buildVersions(mergeVersions(all, config.signedName), key, options);
    } else {
      const all = await this.#ofMembers(config.members, path, unpackNames);
      const byName = new Map(
        all.reverse().flatMap(({ packages }) => packages.map((it) => [it.name, it])),
      );
      const packages = [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
      file = await buildNames({ repository: config.signedName, packages }, key, options);
    }
    await keep(storage, `repos/${config.name}/${path}`, file);
    this.#built(path, `${stamp} ${source}`);
    return source;
  }

  /** What each of the members says that has the file. */
  async #ofMembers<T>(
    members: readonly string[],
    path: "names" | "versions",
    unpack: (bytes: Uint8Array, key: CryptoKey, expected: { repository: string }) => Promise<T>,
  ): Promise<T[]> {
    const all = await Promise.all(
      members.map(async (member) => {
        const from = await read(this.#storageOf(member), `repos/${member}/${path}`);
        if (!from) return undefined;
        const { resource } = await this.#verified(member, path, from, (bytes, signed) =>
          unpack(bytes, signed.publicKey, { repository: signed.name }),
        );
        return { resource };
      }),
    );
    return all.flatMap((it) => (it ? [it.resource] : []));
  }

  /**
   * What a member's file says, verified. While a member of ours gets another key, its files bear the old one's
   * signature for some moments: then this waits until they are signed anew, and reads once more. (To take the
   * old key meanwhile was the alternative. It stands nowhere but in the bucket, as `public_key`, and whoever
   * can write there would have us sign whatever they like.)
   */
  async #verified<T>(
    member: string,
    path: string,
    from: Found,
    unpack: (bytes: Uint8Array, signed: MemberKey) => Promise<T>,
  ): Promise<{ resource: T; etag: string }> {
    const signed = await this.#signerOf(member);
    try {
      return { resource: await unpack(from.bytes, signed), etag: from.etag };
    } catch (error) {
      const isOfAnotherKey = error instanceof RegistryError && error.reason === "bad_signature";
      if (!isOfAnotherKey || !this.#isHosted(member)) throw error;
      await this.env.REPOSITORY.getByName(member).open();
      const again = await read(this.#storageOf(member), `repos/${member}/${path}`);
      if (!again) throw error;
      return { resource: await unpack(again.bytes, signed), etag: again.etag };
    }
  }

  /** A name of ours that upstream has too: whoever resolves without this group gets somebody else's. */
  async #lookForConflict(name: string, member: string, members: readonly string[]): Promise<void> {
    for (const mirror of members.filter((it) => !this.#isHosted(it))) {
      const freshness = await this.env.MIRROR.getByName(mirror).refresh(`packages/${name}`);
      if (freshness.kind !== "current" && freshness.kind !== "kept") continue;
      const { sql } = this.ctx.storage;
      const known = sql.exec("SELECT 1 FROM conflicts WHERE package = ?", name).toArray();
      if (known.length > 0) return;
      sql.exec("INSERT INTO conflicts VALUES (?, ?, ?, ?)", name, member, mirror, Date.now());
      const message = `${name} of ${member} exists in ${mirror}'s upstream too; ours is served`;
      console.warn(JSON.stringify({ message, package: name, repository: member }));
      await this.env.ACCOUNTS_OBJECT.getByName(accountsName).noteConflict(member, name, mirror);
      return;
    }
  }

  async #signerOf(member: string): Promise<MemberKey> {
    const config = readConfig(this.env).repositories.get(member);
    if (config?.kind === "mirror" && config.declaration.mode === "verbatim") {
      const { upstream_name: name, upstream_public_key: pem } = config.declaration;
      return { name, publicKey: await parsePublicKey(pem) };
    }
    const ours = await parsePrivateKey(signingKeyPem(this.env, member));
    const publicKey = await parsePublicKey(await publicKeyPem(ours));
    const name = config?.kind === "mirror" ? config.declaration.upstream_name : member;
    return { name, publicKey };
  }

  async #world() {
    const name = this.ctx.id.name ?? "";
    const config = groupOf(this.env, name);
    const key = await parsePrivateKey(signingKeyPem(this.env, name));
    // What a file is built with besides its source: another declaration or key makes all of them stale. So
    // does another place, where none of them is.
    const fingerprint = await publicKeyFingerprint(await publicKeyPem(key));
    const place = storageKindOf(this.env, name);
    const stamp = JSON.stringify([config.signedName, config.members, fingerprint, place]);
    return { config, key, stamp, storage: this.#storageOf(name) };
  }

  #names(members: readonly string[]): ReadonlySet<string> {
    const { repositories } = readConfig(this.env);
    const names = members.map((member) => {
      const config = repositories.get(member);
      return config?.kind === "mirror" ? config.declaration.upstream_name : member;
    });
    // A hosted package says hexpm of whatever is not its own. A group is all that a project needs, so what it
    // lacks is missing, and not looked for at hex.pm.
    return new Set([...names, "hexpm"]);
  }

  /** What fails there is counted for the member, or the group, whose files they are. */
  #storageOf(name: string): Storage {
    return countErrors(openStorage(this.env, name), name);
  }

  #isHosted(member: string): boolean {
    return readConfig(this.env).hosted.has(member);
  }

  #alone(path: string, build: () => Promise<string>): Promise<string> {
    const before = this.#flights.get(path) ?? Promise.resolve("");
    const mine = before.catch(() => "").then(build);
    this.#flights.set(path, mine);
    const end = () => {
      if (this.#flights.get(path) === mine) this.#flights.delete(path);
      this.#handOver();
    };
    mine.then(end, end);
    return mine;
  }

  /** In an isolate that nobody sends requests to there is nobody else who would. */
  #handOver(): void {
    const { METRICS } = this.env;
    // Nobody would take over what was counted.
    if (!METRICS) return;
    this.ctx.waitUntil(handOver((counts) => METRICS.getByName(metricsName).add(counts)));
  }

  #sourceOf(path: string): string | undefined {
    return this.ctx.storage.sql
      .exec<{ source: string }>("SELECT source FROM files WHERE path = ?", path)
      .toArray()[0]?.source;
  }

  #built(path: string, source: string): void {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO files VALUES (?, ?)", path, source);
  }

  /** The number of this build, in the file's gzip header: so an ETag never comes back. */
  #next(): number {
    const { sql } = this.ctx.storage;
    const row = sql
      .exec<{ value: number }>("SELECT value FROM state WHERE name = 'builds'")
      .toArray()[0];
    const next = (row?.value ?? 0) + 1;
    sql.exec("INSERT OR REPLACE INTO state VALUES ('builds', ?)", next);
    return next;
  }
}

/** What the files of a member say it is called, and who signed them. */
interface MemberKey {
  name: string;
  publicKey: CryptoKey;
}

interface Found {
  bytes: Uint8Array;
  etag: string;
}

async function read(storage: Pick<Storage, "get">, key: string): Promise<Found | undefined> {
  const found = await storage.get(key);
  if (!found) return undefined;
  const bytes = new Uint8Array(await new Response(found.body as BodyInit).arrayBuffer());
  return { bytes, etag: found.etag };
}
