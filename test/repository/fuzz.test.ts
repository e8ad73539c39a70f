/**
 * Whatever can happen, in whatever order: verbs, alarms, slow calls, failures, crashes. Only one rule
 * holds: what nobody waits for any more lands within half a minute. The same seed is the same story.
 */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it, vi } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { author, docsTarball, storedPackage, upload } from "../support/direct.ts";
import {
  begin,
  beginAlarm,
  crash,
  type FaultyStorage,
  finish,
  type Held,
  injectFaults,
  type Running,
  settle,
  sleep,
} from "../support/faulty-storage.ts";
import { randomNumbers } from "../support/random.ts";
import { expectSound, type World, world } from "../support/world.ts";

const stories = 40;
const stepsEach = 40;

const packages = ["foo", "bar"];
const versions = ["1.0.0", "2.0.0"];
const docs = docsTarball("docs");
const docsSum = await sha256(docs);

/** Something that was asked of one release. */
interface Deed {
  release: string;
  /** What the tarball will be, when it is a publish. */
  checksum: string | undefined;
  /** Does it change the tarball, if it is not refused? */
  writes: boolean;
  begunAt: number;
  running: Running<unknown>;
  isLost: boolean;
  endedAt: number;
}

class Story {
  world!: World;
  #storage!: FaultyStorage;
  readonly #random: (end: number) => number;
  readonly #deeds: Deed[] = [];
  /** Calls under way, and those of dead instances. */
  #held: { call: Held; isLate: boolean }[] = [];
  #time = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  async tell(): Promise<void> {
    this.world = await world();
    this.#storage = await injectFaults(this.world);
    for (let step = 0; step < stepsEach; step++) {
      this.#time++;
      await this.#step();
      await sleep(this.#random(4));
      this.#lookWhatEnded();
    }
    await this.#crash();
    for (const { call } of this.#held) await call.land();
    await finish(this.world);
    await expectSound(this.world);
    await this.#expectPromisesKept();
  }

  async #step(): Promise<void> {
    const dice = this.#random(20);
    if (dice < 9) return this.#do();
    if (dice < 11) return this.#alarm();
    if (dice < 13) {
      this.#storage.holds.push("");
      return;
    }
    if (dice < 15) return this.#land();
    if (dice < 16) return this.#fail();
    if (dice < 17) return this.#crash();
    if (dice < 18) return this.#settle();
    const at = this.#storage.calls.length + 1 + this.#random(3);
    this.#storage.fault = { at, happens: this.#random(2) === 0, kind: "once" };
  }

  async #do(): Promise<void> {
    const name = packages[this.#random(packages.length)] ?? "";
    const version = versions[this.#random(versions.length)] ?? "";
    const verb = this.#random(10);
    const deed = { release: `${name} ${version}`, begunAt: this.#time, isLost: false };
    const rest = { ...deed, endedAt: Number.POSITIVE_INFINITY, checksum: undefined };
    const start = (work: (repository: Repository) => Promise<unknown>) => begin(this.world, work);
    if (verb < 5) {
      const replace = verb > 2;
      const salt = `${this.#random(3)}`;
      const requirements = name === "bar" ? [{ name: "foo", requirement: "~> 1.0" }] : [];
      const { publication, tarball } = await upload({
        ...{ name, version, salt, replace, requirements },
      });
      const running = await start((it) => it.publish(publication, tarball, author));
      const checksum = toHex(publication.outerChecksum);
      this.#deeds.push({ ...rest, running, checksum, writes: true });
    } else if (verb < 8) {
      const running = await start((it) => it.revert(name, version, author));
      this.#deeds.push({ ...rest, running, writes: true });
    } else {
      const retirement = { reason: "other", message: null } as const;
      const running = await start((it) =>
        verb === 8
          ? it.retire(name, version, retirement, author)
          : it.publishDocs(name, version, docs, docsSum, author),
      );
      this.#deeds.push({ ...rest, running, writes: false });
    }
  }

  async #alarm(): Promise<void> {
    await beginAlarm(this.world);
  }

  async #land(): Promise<void> {
    const [held] = this.#held.splice(this.#random(this.#held.length), 1);
    await held?.call.land();
  }

  #fail(): void {
    const held = this.#held[this.#random(this.#held.length)];
    if (!held || held.isLate) return;
    held.call.fail();
    held.isLate = true;
  }

  async #crash(): Promise<void> {
    this.#lookWhatEnded();
    await crash(this.world);
    this.#collect();
    for (const held of this.#held) held.isLate = true;
    for (const deed of this.#deeds) {
      if (!deed.running.outcome) deed.isLost = true;
    }
    await expectSound(this.world);
    this.#storage = await injectFaults(this.world);
  }

  /** Half a minute goes by: what was late has landed. */
  async #settle(): Promise<void> {
    this.#collect();
    for (const { call } of this.#held.filter(({ isLate }) => isLate)) await call.land();
    this.#held = this.#held.filter(({ isLate }) => !isLate);
    await settle(this.world);
    await runInDurableObject(this.world.stub, ({ world }: Repository) => {
      world.flush.registryStartedAt = 0;
    });
  }

  #collect(): void {
    for (const call of this.#storage.held.splice(0)) this.#held.push({ call, isLate: false });
  }

  #lookWhatEnded(): void {
    this.#collect();
    for (const deed of this.#deeds) {
      if (deed.running.outcome && deed.endedAt === Number.POSITIVE_INFINITY) {
        deed.endedAt = this.#time;
      }
    }
  }

  /** Who was told that a release is published finds it, unless somebody wrote it later. */
  async #expectPromisesKept(): Promise<void> {
    const stored = new Map<string, string>();
    for (const name of packages) {
      for (const it of (await storedPackage(this.world, name))?.releases ?? []) {
        stored.set(`${name} ${it.version}`, toHex(it.outerChecksum ?? new Uint8Array()));
      }
    }
    for (const [release, checksum] of stored) {
      const possible = this.#deeds.filter((deed) => deed.release === release && !isRefused(deed));
      expect(possible.map((deed) => deed.checksum)).toContain(checksum);
    }
    for (const deed of this.#deeds.filter((it) => it.writes && isDone(it))) {
      const others = this.#deeds.filter(
        (it) => it !== deed && it.release === deed.release && it.writes && !isRefused(it),
      );
      if (others.some(({ endedAt }) => endedAt >= deed.begunAt)) continue;
      expect(stored.get(deed.release)).toBe(deed.checksum);
    }
  }
}

function isRefused({ running: { outcome } }: Deed): boolean {
  if (!outcome || "error" in outcome || typeof outcome.value !== "object") return false;
  return outcome.value !== null && "refused" in outcome.value;
}

function isDone(deed: Deed): boolean {
  const { outcome } = deed.running;
  return outcome !== undefined && "value" in outcome && !isRefused(deed);
}

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

const seeds = Array.from({ length: stories }, (_, at) => at + 1);
it.each(seeds)("whatever happens, no release is lost or damaged (story %i)", async (seed) => {
  await new Story(seed).tell();
});
