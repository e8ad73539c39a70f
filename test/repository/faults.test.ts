/**
 * Every verb, with a fault at every call that it and its alarm make to the bucket and to KV. How many
 * calls there are is counted, not written down, so a new call is a new fault to survive.
 */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { sha256 } from "../../src/hex/checksum.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { author, docsTarball, upload, visible } from "../support/direct.ts";
import {
  begin,
  beginAlarm,
  crash,
  ending,
  type Fault,
  type FaultyStorage,
  finish,
  injectFaults,
  isClean,
  runAlarm,
} from "../support/faulty-storage.ts";
import { expectSound, type World, world } from "../support/world.ts";

interface Verb {
  title: string;
  prepare(repository: Repository): Promise<unknown>;
  run(repository: Repository): Promise<unknown>;
  /** What whoever tries again may hear when it is done already. */
  doneAlready: string[];
}

const first = await upload({ version: "1.0.0" });
const second = await upload({ version: "2.0.0" });
const replacement = await upload({ version: "1.0.0", salt: "other", replace: true });
const docs = docsTarball("first");
const otherDocs = docsTarball("other");
const docsSum = await sha256(docs);
const otherDocsSum = await sha256(otherDocs);

const publishFirst = (it: Repository) => it.publish(first.publication, first.tarball, author);
const publishSecond = (it: Repository) => it.publish(second.publication, second.tarball, author);
const publishDocs = (it: Repository) => it.publishDocs("foo", "1.0.0", docs, docsSum, author);

const verbs: Verb[] = [
  {
    title: "publishing a new package",
    prepare: async () => undefined,
    run: publishFirst,
    doneAlready: ["release_exists"],
  },
  {
    title: "publishing a second version",
    prepare: publishFirst,
    run: publishSecond,
    doneAlready: ["release_exists"],
  },
  {
    title: "replacing a release",
    prepare: publishFirst,
    run: (it) => it.publish(replacement.publication, replacement.tarball, author),
    doneAlready: [],
  },
  {
    title: "reverting one release of several, with its docs",
    prepare: async (it) => [await publishFirst(it), await publishSecond(it), await publishDocs(it)],
    run: (it) => it.revert("foo", "1.0.0", author),
    doneAlready: ["release_not_found"],
  },
  {
    title: "reverting the only release of a package",
    prepare: publishFirst,
    run: (it) => it.revert("foo", "1.0.0", author),
    doneAlready: ["package_not_found"],
  },
  {
    title: "retiring a release",
    prepare: publishFirst,
    run: (it) => it.retire("foo", "1.0.0", { reason: "security", message: null }, author),
    doneAlready: [],
  },
  {
    title: "publishing docs",
    prepare: publishFirst,
    run: publishDocs,
    doneAlready: [],
  },
  {
    title: "replacing docs",
    prepare: async (it) => [await publishFirst(it), await publishDocs(it)],
    run: (it) => it.publishDocs("foo", "1.0.0", otherDocs, otherDocsSum, author),
    doneAlready: [],
  },
  {
    title: "reverting docs",
    prepare: async (it) => [await publishFirst(it), await publishDocs(it)],
    run: (it) => it.revertDocs("foo", "1.0.0", author),
    doneAlready: ["docs_not_found"],
  },
];

const faults: { title: string; fault: Omit<Fault, "at"> }[] = [
  { title: "a crash before any of its calls", fault: { kind: "death", happens: false } },
  { title: "a crash before any of its answers", fault: { kind: "death", happens: true } },
  { title: "a failure of any of its calls", fault: { kind: "once", happens: false } },
  { title: "the loss of any of its answers", fault: { kind: "once", happens: true } },
  { title: "an outage that begins at any of its calls", fault: { kind: "outage", happens: true } },
];

// The alarm reports what it could not do.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

describe.each(verbs)("$title", (verb) => {
  let normal: ReturnType<typeof withoutFault> | undefined;
  it.each(faults)("survives $title", async ({ fault }) => {
    normal ??= withoutFault(verb);
    const { before, after, calls } = await normal;
    for (let at = 1; at <= calls; at++) {
      const story = new Story(verb, before, after);
      await story.begin({ ...fault, at });
      await story.judge();
    }
  });
});

/** What the verb changes, and in how many calls, when nothing goes wrong. */
async function withoutFault(verb: Verb) {
  const story = new Story(verb, [], []);
  const storage = await story.prepare();
  const before = await visible(story.world);
  const outcome = await ending(await begin(story.world, verb.run), storage);
  expect(isDone(outcome)).toBe(true);
  await expectSound(story.world);
  await runAlarm(story.world);
  expect(await isClean(story.world)).toBe(true);
  await expectSound(story.world);
  return { before, after: await visible(story.world), calls: storage.calls.length };
}

/** One repository, one fault, and what becomes of it. */
class Story {
  world!: World;
  readonly #verb: Verb;
  readonly #before: string[];
  readonly #after: string[];
  #isAnswered = false;
  /** Has anybody been able to see the effect? Then it must never be undone. */
  #isSeen = false;

  constructor(verb: Verb, before: string[], after: string[]) {
    this.#verb = verb;
    this.#before = before;
    this.#after = after;
  }

  async prepare(): Promise<FaultyStorage> {
    this.world = await world();
    await runInDurableObject(this.world.stub, this.#verb.prepare);
    await finish(this.world);
    const storage = await injectFaults(this.world);
    await runInDurableObject(this.world.stub, ({ world }: Repository) => {
      world.flush.registryStartedAt = 0;
    });
    return storage;
  }

  /** The verb, then the alarm, with the fault at one of their calls. */
  async begin(fault: Fault): Promise<void> {
    const storage = await this.prepare();
    storage.fault = fault;
    const startedAt = Date.now();
    const outcome = await ending(await begin(this.world, this.#verb.run), storage);
    this.#isAnswered = isDone(outcome);
    if (Date.now() < startedAt + 900) await this.#expectAlarm();
    await this.#look();
    if (!storage.isDead) await ending(await beginAlarm(this.world), storage);
    expect(storage.calls.length).toBeGreaterThanOrEqual(fault.at);
    if (storage.isDead) await crash(this.world);
    storage.fault = undefined;
    await this.#look();
  }

  async judge(): Promise<void> {
    await runAlarm(this.world);
    await this.#look();
    await finish(this.world);
    await expectSound(this.world);
    const end = await visible(this.world);
    if (this.#isAnswered || this.#isSeen) expect(end).toEqual(this.#after);
    else expect([this.#before, this.#after]).toContainEqual(end);

    const again = await runInDurableObject(this.world.stub, this.#verb.run);
    const reason = (again as { refused?: { reason: string } } | null)?.refused?.reason;
    if (reason !== undefined) expect(this.#verb.doneAlready).toContain(reason);
    await finish(this.world);
    await expectSound(this.world);
    expect(await visible(this.world)).toEqual(this.#after);
  }

  /** What a reader sees at this moment is sound, and what was answered is there. */
  async #look(): Promise<void> {
    await expectSound(this.world);
    const seen = await visible(this.world);
    if (this.#isAnswered) expect(seen).toEqual(this.#after);
    const packages = (lines: string[]) => lines.filter((line) => line.startsWith("packages/"));
    if (packages(seen).join() === packages(this.#before).join()) return;
    this.#isSeen = packages(this.#after).join() !== packages(this.#before).join();
  }

  /** Whatever is begun, the alarm that would finish it was set before. */
  async #expectAlarm(): Promise<void> {
    await runInDurableObject(this.world.stub, async ({ world }: Repository, { storage }) => {
      if (!world.ledger.isClean()) expect(await storage.getAlarm()).not.toBeNull();
    });
  }
}

function isDone(outcome: { value: unknown } | { error: unknown } | undefined): boolean {
  if (outcome === undefined || "error" in outcome) return false;
  const { value } = outcome;
  return !(typeof value === "object" && value !== null && "refused" in value);
}
