/**
 * The Durable Object of one mirror: whoever misses something asks it, so that a hundred who miss the same
 * make one request upstream; what is there and young is served without it. It alone writes below
 * `repos/NAME/`.
 */
import { DurableObject } from "cloudflare:workers";
import { type Env, mirrorOf, openStorage } from "../env.ts";
import type { LockedRelease } from "../hex/lockfile.ts";
import { parsePublicKey } from "../hex/sign.ts";
import { migrate } from "../storage/migrate.ts";
import { Circuit } from "./circuit.ts";
import { type Held, hold } from "./hold.ts";
import { type Freshness, refresh } from "./refresh.ts";
import { migrations } from "./schema.ts";
import { type Delivery, Tarballs } from "./tarballs.ts";
import type { RegistryPath } from "./upstream.ts";
import type { World } from "./world.ts";

export class Mirror extends DurableObject<Env> {
  /** Not `#world`: tests put another upstream and another clock into it. */
  world!: World;
  #tarballs!: Tarballs;
  #circuit!: Circuit;
  readonly #flights = new Map<string, Promise<Freshness>>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.world = await this.#open();
      this.#circuit = new Circuit(() => this.world.now());
      const later = (work: Promise<unknown>) => this.ctx.waitUntil(work);
      const refresh = (path: RegistryPath) => this.refresh(path);
      this.#tarballs = new Tarballs(this.world, this.#circuit, refresh, later);
    });
  }

  /** Looks whether what is kept of a registry file is what upstream says now. */
  refresh(path: RegistryPath): Promise<Freshness> {
    const flight = this.#flights.get(path);
    if (flight !== undefined) return flight;
    const mine = refresh(this.world, this.#circuit, path).finally(() => {
      this.#flights.delete(path);
    });
    this.#flights.set(path, mine);
    return mine;
  }

  /** Brings a tarball, or docs, that is not kept yet. */
  deliver(folder: "tarballs" | "docs", name: string, version: string): Promise<Delivery> {
    return this.#tarballs.deliver(folder, name, version);
  }

  /** Brings what is pinned, in the order of `releases`. */
  hold(releases: readonly LockedRelease[]): Promise<Held[]> {
    return hold(this.world, this.#tarballs, releases);
  }

  async #open(): Promise<World> {
    const repository = this.ctx.id.name;
    if (repository === undefined) throw new Error("a mirror is only ever opened by its name");
    migrate(this.ctx.storage, migrations);
    const { declaration, authKey } = mirrorOf(this.env, repository);
    return {
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
    };
  }
}
