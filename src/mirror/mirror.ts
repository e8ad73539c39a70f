/**
 * The Durable Object of one mirror: whoever misses something asks it, so that a hundred who miss the same
 * make one request upstream; what is there and young is served without it. It alone writes below
 * `repos/NAME/`.
 */
import { DurableObject } from "cloudflare:workers";
import { mirrorOf, readConfig } from "../config/config.ts";
import { signingKeyPem } from "../config/signing-key.ts";
import { openStorage } from "../config/storage.ts";
import { type Env, metricsName } from "../env.ts";
import type { LockedRelease } from "../hex/lockfile.ts";
import {
  parsePrivateKey,
  parsePublicKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "../hex/sign.ts";
import { countErrors } from "../metrics/storage.ts";
import { count, handOver, handOverSoon, seriesOf } from "../metrics/tally.ts";
import { migrate } from "../storage/migrate.ts";
import { Courier } from "../webhooks/courier.ts";
import { Deliveries, type DeliveryRecord } from "../webhooks/deliveries.ts";
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
  /** The same with receivers. */
  courier!: Courier;
  #tarballs!: Tarballs;
  #circuit!: Circuit;
  #sync!: Sync;
  #curator!: Curator;
  readonly #flights = new Map<string, Promise<Freshness>>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.world = await this.#open();
      this.courier = this.#hire(this.world);
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

  /** What webhooks were told, and are still to be told; newest first. */
  deliveries(limit: number, before?: string): DeliveryRecord[] {
    return this.world.deliveries.log(limit, before);
  }

  /** For metrics. */
  state() {
    const { failures, retryAt } = this.#circuit.state;
    return {
      isCircuitOpen: failures > 0 && this.world.now() < retryAt,
      deliveries: this.world.deliveries.counts(),
    };
  }

  /** Tells it once more. @returns whether there is such a delivery. */
  redeliver(id: string): boolean {
    return this.world.deliveries.redeliver(id, this.world.now());
  }

  /** Starts the first sync, and the next one if its alarm was lost; the cron calls it. */
  async recover(): Promise<void> {
    this.courier.run();
    try {
      await this.#wakeSync();
    } finally {
      this.#handOver();
    }
  }

  /** Files of ours that are damaged: whoever asks for one gets it from upstream again. */
  async drop(keys: readonly string[]): Promise<void> {
    const { repository, storage } = this.world;
    const prefixes = [`repos/${repository}/`, `upstream/${repository}/`];
    for (const key of keys) {
      if (prefixes.some((it) => key.startsWith(it))) await storage.delete(key);
    }
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
    this.courier.run();
    this.#handOver();
  }

  async #wakeSync(): Promise<void> {
    if (!this.#sync.isOn) return;
    const now = this.world.now();
    const at = await this.ctx.storage.getAlarm();
    // The interval may have been longer when the alarm was set.
    if (at !== null && at <= now + this.world.declaration.sync_interval * 1000) return;
    await this.ctx.storage.setAlarm(now + this.world.syncLimits.againMs);
  }

  #hire(world: World): Courier {
    const courier = new Courier(world.deliveries, {
      name: world.repository,
      fetch: (url, init) => fetch(url, init),
      now: () => world.now(),
      later: (work) => this.ctx.waitUntil(work),
      wake: (delayMs) => this.ctx.waitUntil(this.#wake(delayMs)),
    });
    world.deliveries.onWrite = () => this.ctx.waitUntil(this.#wake(0));
    courier.wake();
    return courier;
  }

  /** The sync has the same alarm: whichever is earlier, it finds out by itself whether it is time. */
  async #wake(delayMs: number): Promise<void> {
    const at = Date.now() + delayMs;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
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

  #handOverSoon(): void {
    const { METRICS } = this.env;
    if (!METRICS) return;
    handOverSoon(
      (counts) => METRICS.getByName(metricsName).add(counts),
      (work) => this.ctx.waitUntil(work),
    );
  }

  /** In an isolate that nobody sends requests to there is nobody else who would. */
  #handOver(): void {
    const { METRICS } = this.env;
    // Nobody would take over what was counted.
    if (!METRICS) return;
    this.ctx.waitUntil(handOver((counts) => METRICS.getByName(metricsName).add(counts)));
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

  async #fetch(repository: string, url: string, init?: RequestInit): Promise<Response> {
    const counted = (result: string) =>
      count(seriesOf("hexedge_upstream_requests_total", { repository, result }));
    this.#handOverSoon();
    try {
      const response = await fetch(url, init);
      counted(`${Math.floor(response.status / 100)}xx`);
      return response;
    } catch (error) {
      counted("failed");
      throw error;
    }
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
      storage: countErrors(openStorage(this.env, repository), repository),
      sql: this.ctx.storage.sql,
      deliveries: new Deliveries(this.ctx.storage.sql, readConfig(this.env).webhooks),
      fetch: (url, init) => this.#fetch(repository, url, init),
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
