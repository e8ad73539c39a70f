/**
 * Everything that writes pages, with a fault at every call that it and its alarm make to storage: put or
 * not, deleted or not, answered or not. As `faults.test.ts`, with the pages in sight.
 */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { sha256 } from "../../src/hex/checksum.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { author, docsTarball, upload } from "../support/direct.ts";
import {
  begin,
  beginAlarm,
  crash,
  ending,
  type Fault,
  finish,
  injectFaults,
  isClean,
  runAlarm,
} from "../support/faulty-storage.ts";
import { expectSound, type World, world } from "../support/world.ts";
import { storedKeys, visiblePages } from "./pages.ts";

const one = await upload({ version: "1.0.0" });
const two = await upload({ version: "2.0.0" });
const docs = docsTarball("first");
const otherDocs = docsTarball("other");
const docsSum = await sha256(docs);
const otherDocsSum = await sha256(otherDocs);

const publish = async (it: Repository) => {
  await it.publish(one.publication, one.tarball, author);
  await it.publish(two.publication, two.tarball, author);
};
const publishDocs = (it: Repository) => it.publishDocs("foo", "1.0.0", docs, docsSum, author);
const published = async (it: Repository) => [await publish(it), await publishDocs(it)];

interface Verb {
  title: string;
  prepare(repository: Repository): Promise<unknown>;
  run(repository: Repository): Promise<unknown>;
  doneAlready: string[];
  hasPages: boolean;
}

const verbs: Verb[] = [
  {
    ...{ title: "publishing docs", prepare: publish, run: publishDocs },
    ...{ doneAlready: [], hasPages: true },
  },
  {
    ...{ title: "replacing docs", prepare: published },
    run: (it) => it.publishDocs("foo", "1.0.0", otherDocs, otherDocsSum, author),
    ...{ doneAlready: [], hasPages: true },
  },
  {
    ...{ title: "reverting docs", prepare: published },
    run: (it) => it.revertDocs("foo", "1.0.0", author),
    ...{ doneAlready: ["docs_not_found"], hasPages: false },
  },
  {
    ...{ title: "reverting a release with docs", prepare: published },
    run: (it) => it.revert("foo", "1.0.0", author),
    ...{ doneAlready: ["release_not_found"], hasPages: false },
  },
  {
    title: "making the pages of docs that were published before there were any",
    prepare: async (it) => {
      await published(it);
      const { world } = it;
      await world.storage.delete(`pages/${world.repository}/foo-1.0.0`);
    },
    run: async (it) => {
      forgetPages(it);
      await it.recover();
      return null;
    },
    ...{ doneAlready: [], hasPages: true },
  },
];

const faults: { title: string; fault: Omit<Fault, "at"> }[] = [
  { title: "a crash before any of its calls", fault: { kind: "death", happens: false } },
  { title: "a crash before any of its answers", fault: { kind: "death", happens: true } },
  { title: "a failure of any of its calls", fault: { kind: "once", happens: false } },
  { title: "the loss of any of its answers", fault: { kind: "once", happens: true } },
  {
    title: "an outage that begins before any of its calls",
    fault: { kind: "outage", happens: false },
  },
  {
    title: "an outage that begins after any of its calls",
    fault: { kind: "outage", happens: true },
  },
];

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

describe.each(verbs)("$title", (verb) => {
  let normal: ReturnType<typeof withoutFault> | undefined;

  it.each(faults)("survives $title", async ({ fault }) => {
    normal ??= withoutFault(verb);
    const { before, after, calls } = await normal;
    expect(calls).toBeGreaterThan(2);
    for (let at = 1; at <= calls; at++) {
      const { it, storage } = await prepared(verb);
      storage.fault = { ...fault, at };
      const outcome = await ending(await begin(it, verb.run), storage);
      const isAnswered = outcome !== undefined && "value" in outcome;
      await look(it, isAnswered ? after : undefined);
      if (!storage.isDead) await ending(await beginAlarm(it), storage);
      if (storage.isDead) await crash(it);
      storage.fault = undefined;
      await look(it, isAnswered ? after : undefined);
      await runAlarm(it);
      await look(it, isAnswered ? after : undefined);
      await finish(it);
      await expectSound(it);
      const end = await visiblePages(it);
      expect(isAnswered ? [after] : [before, after]).toContainEqual(end);
      await expectKeys(it);

      const again = await runInDurableObject(it.stub, verb.run);
      const reason = (again as { refused?: { reason: string } } | null)?.refused?.reason;
      if (reason !== undefined) expect(verb.doneAlready).toContain(reason);
      await finish(it);
      await expectSound(it);
      expect(await visiblePages(it)).toEqual(after);
      await expectKeys(it);
    }
  });

  /** Nothing that is stored is too much, and nothing is missing. */
  async function expectKeys(it: World): Promise<void> {
    const told = await visiblePages(it);
    const keys = await storedKeys(it);
    const hasRelease = told.some((line) => line.startsWith("1.0.0"));
    const hasDocs = told.includes("1.0.0 true true");
    expect(keys).toEqual([
      ...(hasDocs ? ["pages/foo-1.0.0", "docs/foo-1.0.0.tar.gz"] : []),
      ...["names", "packages/foo", "public_key"],
      ...(hasRelease ? ["tarballs/foo-1.0.0.tar"] : []),
      ...["tarballs/foo-2.0.0.tar", "versions"],
    ]);
  }
});

async function prepared(verb: Verb) {
  const it = await world();
  await runInDurableObject(it.stub, verb.prepare);
  await finish(it);
  const storage = await injectFaults(it);
  await runInDurableObject(it.stub, ({ world }: Repository) => {
    world.flush.registryStartedAt = 0;
  });
  return { it, storage };
}

async function withoutFault(verb: Verb) {
  const { it, storage } = await prepared(verb);
  const before = await visiblePages(it);
  const outcome = await ending(await begin(it, verb.run), storage);
  expect(outcome).toEqual({ value: null });
  await expectSound(it);
  const after = await visiblePages(it);
  expect(after.includes("1.0.0 true true")).toBe(verb.hasPages);
  await runAlarm(it);
  expect(await isClean(it)).toBe(true);
  await expectSound(it);
  expect(await visiblePages(it)).toEqual(after);
  return { before, after, calls: storage.calls.length };
}

/** Sound at every moment; what was answered is seen; nobody is told of pages that are not there. */
async function look(it: World, answered: string[] | undefined): Promise<void> {
  await expectSound(it);
  const seen = await visiblePages(it);
  if (answered) expect(seen).toEqual(answered);
  if (seen.includes("1.0.0 true true")) expect(seen).not.toContain("pages of none");
}

/** As the ledger of a repository is that knew nothing of pages. */
function forgetPages({ world }: Repository): void {
  if (world.ledger.releases("foo").every(({ pages_etag }) => pages_etag === null)) return;
  // The tables are behind the ledger's own methods, and none of those undoes this.
  (world.ledger as unknown as { sql: SqlStorage }).sql.exec(
    "UPDATE releases SET pages_etag = NULL, pages_of = NULL",
  );
}
