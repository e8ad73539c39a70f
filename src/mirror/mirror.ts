/**
 * The Durable Object of one mirror: whoever misses something asks it, so that a hundred who miss the same
 * make one request upstream; what is there and young is served without it. It alone writes below
 * `repos/NAME/`.
 */
import { DurableObject } from "cloudflare:workers";
import { mirrorOf } from "../config/config.ts";
import { signingKeyPem } from "../config/signing-key.ts";
import { type Env, openStorage } from "../env.ts";
import type { LockedRelease } from "../hex/lockfile.ts";
import {
  parsePrivateKey,
  parsePublicKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "../hex/sign.ts";
import { migrate } from "../storage/migrate.ts";
import { Circuit } from "./circuit.ts";
import { type Curated, type CuratedPath, Curator, checkMode, type Judgement } from "./curate.ts";
import { type Held, hold } from "./hold.ts";
import { refreshInstall } from "./installs.ts";
import { type Freshness, refresh } from "./refresh.ts";
import { migrations } from "./schema.ts";
import { syncLimits } from "./sync/slice.ts";
import type { Works } from "./sync/work.ts";
import { Sync, type SyncStatus } from "./sync.ts";
import { type Delivery, Tarballs } from "./tarballs.ts";
import type { RegistryPath } from "./upstream.ts";
import type { Signer, World } from "./world.ts";

export class Mirror extends DurableObject<Env> {
  /** Not `#world`: tests put another upstream and another clock into it. */
  world!: World;
  #tarballs!: Tarballs;
  #circuit!: Circuit;
  #sync!: Sync;
  #curator!: Curator;
  readonly #flights = new Map<string, Promise<Freshness>>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.world = await this.#open();
      this.#circuit = new Circuit(() => this.world.now());
      const later = (work: Promise<unknown>) => this.ctx.waitUntil(work);
      const refresh = (path: RegistryPath) => this.refresh(path);
      this.#tarballs = new Tarballs(this.world, this.#circuit, refresh, later);
      const alone: Works["alone"] = (path, put) => this.#alone(path, put);
      this.#sync = new Sync(this.world, this.#circuit, this.#tarballs, alone);
      const hold = (name: string, version: string) => this.#tarballs.hold(name, version);
      this.#curator = new Curator(this.world, { refresh, hold });
    });
  }

  /** Looks whether what is kept of a registry file is what upstream says now. */
  refresh(path: RegistryPath): Promise<Freshness> {
    return this.#once(path, async () => {
      return (await this.#sync.freshness(path)) ?? refresh(this.world, this.#circuit, path);
    });
  }

  /** Of a curated mirror: brings a file of ours up to what upstream and the rules say now. */
  curate(path: CuratedPath): Promise<Curated> {
    return this.#curator.curate(path);
  }

  /** Of a curated mirror: what the rules say about each release of a package. */
  judge(name: string): Promise<Judgement> {
    return this.#curator.judge(name);
  }

  /** The same for `installs/…`, which nobody signs. */
  refreshInstall(path: string): Promise<Freshness> {
    return this.#once(path, () => refreshInstall(this.world, this.#circuit, path));
  }

  /** Brings a tarball, or docs, that is not kept yet. */
  deliver(folder: "tarballs" | "docs", name: string, version: string): Promise<Delivery> {
    return this.#tarballs.deliver(folder, name, version);
  }

  /** Brings what is pinned, in the order of `releases`. */
  async hold(releases: readonly LockedRelease[]): Promise<Held[]> {
    if (this.world.declaration.mode !== "curated")
      return hold(this.world, this.#tarballs, releases);
    const whys = await this.#curator.whyHeld(releases);
    const others = releases.filter((_, at) => whys[at] === null);
    const held = (await hold(this.world, this.#tarballs, others)).values();
    return releases.flatMap(({ package: name, version }, at) => {
      const why = whys[at] ?? null;
      if (why === null) return held.next().value ?? [];
      return { package: name, version, outcome: "missing", why };
    });
  }

  /** How far `sync = "eager"` is. */
  status(): SyncStatus {
    return this.#sync.status();
  }

  /** Starts the first sync, and the next one if its alarm was lost; the cron calls it. */
  async recover(): Promise<void> {
    if (!this.#sync.isOn) return;
    const now = this.world.now();
    const at = await this.ctx.storage.getAlarm();
    // The interval may have been longer when the alarm was set.
    if (at !== null && at <= now + this.world.declaration.sync_interval * 1000) return;
    await this.ctx.storage.setAlarm(now + this.world.syncLimits.againMs);
  }

  override async alarm(): Promise<void> {
    let next: number | null;
    try {
      next = await this.#sync.run();
    } catch (error) {
      // The platform gives up after six failed alarms; a mirror never does.
      const message = `${this.world.repository}: the sync failed: ${error}`;
      console.error({ message, error: String(error) });
      next = this.world.now() + this.world.syncLimits.awayMs;
    }
    if (next !== null) await this.ctx.storage.setAlarm(next);
  }

  /** The sync writes a file: whoever asks for it meanwhile waits, and nobody else writes it. */
  async #alone(path: string, put: () => Promise<void>): Promise<void> {
    for (;;) {
      const flight = this.#flights.get(path);
      if (flight === undefined) break;
      await flight.catch(() => {});
    }
    const writing = put().finally(() => {
      this.#flights.delete(path);
    });
    const told = writing.then(
      (): Freshness => ({ kind: "current" }),
      (error): Freshness => ({ kind: "unavailable", why: String(error) }),
    );
    this.#flights.set(path, told);
    await writing;
  }

  /** Whoever asks while somebody else does gets the same answer. */
  #once(path: string, look: () => Promise<Freshness>): Promise<Freshness> {
    const flight = this.#flights.get(path);
    if (flight !== undefined) return flight;
    const mine = look().finally(() => {
      this.#flights.delete(path);
    });
    this.#flights.set(path, mine);
    return mine;
  }

  async #open(): Promise<World> {
    const repository = this.ctx.id.name;
    if (repository === undefined) throw new Error("a mirror is only ever opened by its name");
    migrate(this.ctx.storage, migrations);
    const { declaration, authKey } = mirrorOf(this.env, repository);
    const world: World = {
      repository,
      declaration,
      upstream: {
        url: declaration.upstream_url,
        name: declaration.upstream_name,
        publicKey: await parsePublicKey(declaration.upstream_public_key),
        allowedHosts: declaration.upstream_hosts,
        ...(authKey === undefined ? {} : { authKey }),
      },
      storage: openStorage(this.env),
      sql: this.ctx.storage.sql,
      fetch: (url, init) => fetch(url, init),
      now: () => Date.now(),
      syncLimits: { ...syncLimits },
      signer: declaration.mode === "curated" ? await openSigner(this.env, repository) : null,
    };
    checkMode(world);
    return world;
  }
}

async function openSigner(env: Env, repository: string): Promise<Signer> {
  const key = await parsePrivateKey(signingKeyPem(env, repository));
  const pem = await publicKeyPem(key);
  return { key, publicKeyPem: pem, fingerprint: await publicKeyFingerprint(pem) };
}
