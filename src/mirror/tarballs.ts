/**
 * Tarballs and docs that somebody asks for the first time. One of them gets the bytes as they come from
 * upstream; whoever asks meanwhile waits until they are kept. A tarball is kept only when its SHA-256 is the
 * one in the signed packages/NAME; docs, which nothing signs, when they came whole.
 */
import { sameBytes, toHex } from "../hex/checksum.ts";
import { keep } from "../storage/keep.ts";
import type { Circuit } from "./circuit.ts";
import { type Freshness, readKept } from "./refresh.ts";
import { fetchDocs, fetchTarball, type RegistryPath, type TarballFetch } from "./upstream.ts";
import type { World } from "./world.ts";

export type Delivery =
  /** It is in storage. */
  | { kind: "kept" }
  /** For the one who asked first: errors before its last byte if the checksum is wrong. */
  | { kind: "streaming"; body: ReadableStream<Uint8Array>; etag: string | null }
  | { kind: "missing" }
  | { kind: "unavailable"; why: string };

type Settled = Exclude<Delivery, { kind: "streaming" }>;

/** Bytes of tarballs that are on their way at once; each is at most 16 MiB, the isolate has 128. */
const atOnceMax = 4;

export class Tarballs {
  readonly #world: World;
  readonly #circuit: Circuit;
  /** By path; each settles when it is kept, or is not going to be. */
  readonly #flights = new Map<string, Promise<Settled>>();
  readonly #refresh: (path: RegistryPath) => Promise<Freshness>;
  readonly #later: (work: Promise<unknown>) => void;

  /** @param refresh one at a time for each file, as the mirror does it. */
  constructor(
    world: World,
    circuit: Circuit,
    refresh: (path: RegistryPath) => Promise<Freshness>,
    later: (work: Promise<unknown>) => void,
  ) {
    this.#world = world;
    this.#circuit = circuit;
    this.#refresh = refresh;
    this.#later = later;
  }

  /** @param folder `tarballs` or `docs`. */
  async deliver(folder: "tarballs" | "docs", name: string, version: string): Promise<Delivery> {
    const delivery = await this.#deliver(folder, name, version);
    if (delivery.kind !== "streaming") return delivery;
    const { kind, body, etag } = delivery;
    return { kind, body, etag };
  }

  /**
   * @param folder `tarballs` or `docs`.
   * @param wanted the checksum in a verified packages/NAME that is not kept yet; what is there with
   * another one is replaced.
   */
  async #deliver(
    folder: "tarballs" | "docs",
    name: string,
    version: string,
    wanted?: Uint8Array,
  ): Promise<Delivered> {
    const path = `${folder}/${name}-${version}.${folder === "docs" ? "tar.gz" : "tar"}`;
    const key = `repos/${this.#world.repository}/${path}`;
    for (;;) {
      const flight = this.#flights.get(path);
      if (flight !== undefined) {
        if (wanted === undefined) return flight;
        // It may be about other bytes.
        await flight;
        continue;
      }
      const there = await this.#world.storage.head(key);
      const isIt = wanted === undefined || (there?.sha256 && sameBytes(there.sha256, wanted));
      if (there && isIt) return { kind: "kept" };
      if (this.#flights.has(path)) continue;
      if (this.#flights.size < atOnceMax) break;
      await Promise.race(this.#flights.values());
    }
    // From here to the flight there is no await: whoever comes next finds it.
    const { promise, resolve } = Promise.withResolvers<Settled>();
    this.#flights.set(path, promise);
    const land = (settled: Settled) => {
      this.#flights.delete(path);
      resolve(settled);
    };
    try {
      const fetched = await this.#fetch(folder, name, version, wanted);
      if (fetched.kind !== "streaming") {
        land(fetched);
        return fetched;
      }
      // The sync keeps a package's file when all of its tarballs are here.
      const lister = wanted === undefined && folder === "tarballs" ? name : null;
      const landing = this.#land(key, fetched, lister, version);
      this.#later(landing.then(land, (error) => land(unavailable(String(error)))));
      return { kind: "streaming", body: fetched.body, etag: fetched.etag, landed: promise };
    } catch (error) {
      land(unavailable(String(error)));
      throw error;
    }
  }

  /** Resolves when the bytes are in storage, for whoever is not waiting for them himself. */
  async hold(name: string, version: string, wanted?: Uint8Array): Promise<Settled> {
    const delivery = await this.#deliver("tarballs", name, version, wanted);
    if (delivery.kind !== "streaming") return delivery;
    await delivery.body.cancel(); // nobody reads it here
    return delivery.landed;
  }

  async #fetch(
    folder: "tarballs" | "docs",
    name: string,
    version: string,
    wanted: Uint8Array | undefined,
  ): Promise<FetchOutcome> {
    const world = this.#world;
    const checksum = wanted ?? (await this.#checksumOf(name, version));
    if (!(checksum instanceof Uint8Array)) return checksum;
    if (world.declaration.offline)
      return unavailable("this mirror is offline, and does not keep it");
    if (!this.#circuit.mayTry()) return unavailable("upstream did not answer a moment ago");
    const fetched =
      folder === "docs"
        ? await fetchDocs(world.upstream, name, version, world)
        : await fetchTarball(world.upstream, name, version, checksum, world);
    if (fetched.kind === "unavailable") this.#circuit.failed();
    else this.#circuit.succeeded();
    if (fetched.kind === "invalid") return unavailable(fetched.why);
    // Nothing says what docs are before they are here.
    const etag = folder === "docs" ? null : toHex(checksum);
    return fetched.kind === "streaming" ? { ...fetched, etag } : fetched;
  }

  /** What the signed packages/NAME says, as fresh as can be had. */
  async #checksumOf(name: string, version: string): Promise<Uint8Array | Settled> {
    const path = `packages/${name}` as const;
    const freshness = await this.#refresh(path);
    if (freshness.kind === "missing" || freshness.kind === "unavailable") return freshness;
    const kept = await readKept(this.#world, path);
    const release = kept?.releases.find((it) => it.version === version);
    if (!release) return { kind: "missing" };
    return release.outerChecksum ?? unavailable("upstream does not say its checksum");
  }

  /** @param name of the package whose kept file has to name these bytes, or null when another file will. */
  async #land(
    key: string,
    { done, etag }: Streaming,
    name: string | null,
    version: string,
  ): Promise<Settled> {
    const ended = await done;
    if (ended.kind !== "complete") {
      const message = `${key}: upstream's tarball is not kept: ${ended.why}`;
      console.warn(JSON.stringify({ message, repository: this.#world.repository }));
      return unavailable(ended.why);
    }
    const { storage } = this.#world;
    await keep(storage, key, ended.bytes);
    if (name === null || (await this.#isListed(name, version, etag))) return { kind: "kept" };
    // Upstream replaced them while they came, and nobody would look at them again.
    await storage.delete(key);
    return unavailable("upstream replaced it just now: ask again");
  }

  async #isListed(name: string, version: string, etag: string | null): Promise<boolean> {
    const kept = await readKept(this.#world, `packages/${name}`);
    const listed = kept?.releases.find((it) => it.version === version)?.outerChecksum;
    return listed !== undefined && toHex(listed) === etag;
  }
}

/** `landed` settles when the bytes are kept, or are not going to be. */
type Delivered =
  | Settled
  | (Extract<Delivery, { kind: "streaming" }> & { landed: Promise<Settled> });

type Streaming = Extract<TarballFetch, { kind: "streaming" }> & { etag: string | null };
type FetchOutcome = Streaming | Settled;

function unavailable(why: string): { kind: "unavailable"; why: string } {
  return { kind: "unavailable", why };
}
