/**
 * Storage that takes its time: what was asked for lands after the one who asked has died, or was told
 * that it failed, and after others have gone on. Nothing that lands late may take the place of what
 * was promised since.
 */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Repository } from "../../src/repository/repository.ts";
import type { RepositoryRefusal } from "../../src/repository/types.ts";
import { author, storedBytes, storedPackage, type Upload, upload } from "../support/direct.ts";
import {
  begin,
  beginAlarm,
  crash,
  ending,
  finish,
  heldCall,
  injectFaults,
  runAlarm,
  settle,
} from "../support/faulty-storage.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";

const one = await upload({ version: "1.0.0" });
const otherOne = await upload({ version: "1.0.0", salt: "other" });
const two = await upload({ version: "2.0.0" });
const three = await upload({ version: "3.0.0" });
const replacing = ({ publication, tarball }: Upload): Upload => ({
  publication: { ...publication, replace: true },
  tarball,
});

type Outcome = "done" | RepositoryRefusal["reason"];

async function publish({ stub }: World, { publication, tarball }: Upload): Promise<Outcome> {
  return named(await stub.publish(publication, tarball, author));
}

async function revert({ stub }: World, version: string): Promise<Outcome> {
  return named(await stub.revert("foo", version, author));
}

function named(outcome: object | null): Outcome {
  // What is refused crosses as a value, of the type that it left with.
  const refused = outcome && (outcome as { refused?: RepositoryRefusal }).refused;
  return refused ? refused.reason : "done";
}

const publishing =
  ({ publication, tarball }: Upload) =>
  (repository: Repository) =>
    repository.publish(publication, tarball, author);
const reverting = (version: string) => (repository: Repository) =>
  repository.revert("foo", version, author);

/** A repository at rest, in which these are published. */
async function repositoryWith(...uploads: Upload[]): Promise<World> {
  const it = await world();
  for (const upload of uploads) expect(await publish(it, upload)).toBe("done");
  await finish(it);
  return it;
}

/** Runs `work` until it asks for `call`, which is held back there. */
async function interrupted(
  it: World,
  call: string,
  work: (repository: Repository) => Promise<unknown>,
) {
  const storage = await injectFaults(it);
  storage.holds = [call];
  await runInDurableObject(it.stub, ({ world }: Repository) => {
    world.flush.registryStartedAt = 0;
  });
  const running = await begin(it, work);
  return { late: await heldCall(storage), running, storage };
}

async function versions(it: World): Promise<string[]> {
  return (await storedPackage(it, "foo"))?.releases.map(({ version }) => version) ?? [];
}

async function expectAtRest(it: World, ...expected: string[]): Promise<void> {
  await expectSound(it);
  await finish(it);
  await expectSound(it);
  expect(await versions(it)).toEqual(expected);
  const packages = expected.length > 0 ? ["packages/foo"] : [];
  const tarballs = expected.map((version) => `tarballs/foo-${version}.tar`);
  expect(await storedFiles(it)).toEqual([
    ...["names", ...packages, "public_key", ...tarballs, "versions"],
  ]);
}

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

describe("the late put of a package file", () => {
  it("does not replace the file that a successor wrote", async () => {
    const it = await repositoryWith(one);
    const { late } = await interrupted(it, "put packages/foo", publishing(two));
    await crash(it);
    expect(await publish(it, three)).toBe("done");
    expect(await versions(it)).toEqual(["1.0.0", "2.0.0", "3.0.0"]);
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it, "1.0.0", "2.0.0", "3.0.0");
  });

  it("is replaced when it comes before the successor's", async () => {
    const it = await repositoryWith(one);
    const { late } = await interrupted(it, "put packages/foo", publishing(two));
    await crash(it);
    expect(await late.land()).toBeDefined();
    expect(await publish(it, three)).toBe("done");
    await expectAtRest(it, "1.0.0", "2.0.0", "3.0.0");
  });

  it("does not win when the package says again what it said before", async () => {
    const it = await repositoryWith(one);
    const { late } = await interrupted(it, "put packages/foo", publishing(two));
    await crash(it);
    await runAlarm(it);
    expect(await versions(it)).toEqual(["1.0.0", "2.0.0"]);
    expect(await revert(it, "2.0.0")).toBe("done");
    expect(await versions(it)).toEqual(["1.0.0"]);
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it, "1.0.0");
  });

  it("does not bring back a package that was published and reverted meanwhile", async () => {
    const it = await world();
    const { late } = await interrupted(it, "put packages/foo", publishing(one));
    await crash(it);
    await runAlarm(it);
    expect(await revert(it, "1.0.0")).toBe("done");
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it);
  });

  it("does not bring back a package when it was only thought to have failed", async () => {
    const it = await world();
    const { late, running, storage } = await interrupted(it, "put packages/foo", publishing(one));
    late.fail();
    expect(await ending(running, storage)).toMatchObject({ value: { replaced: false } });
    expect(await revert(it, "1.0.0")).toBe("done");
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it);
  });
});

describe("the late put of a tarball", () => {
  it("does not replace what somebody else published after waiting for it", async () => {
    const it = await world();
    const { late } = await interrupted(it, "put tarballs/foo-1.0.0", publishing(one));
    await crash(it);
    expect(await publish(it, otherOne)).toBe("release_busy");
    await runAlarm(it);
    expect(await publish(it, otherOne)).toBe("release_busy");
    await finish(it);
    expect(await publish(it, otherOne)).toBe("done");
    expect(await late.land()).toBeUndefined();
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(otherOne.tarball);
    await expectAtRest(it, "1.0.0");
  });

  it("counts as published when it comes while it is waited for", async () => {
    const it = await world();
    const { late } = await interrupted(it, "put tarballs/foo-1.0.0", publishing(one));
    await crash(it);
    await runAlarm(it);
    expect(await late.land()).toBeDefined();
    expect(await publish(it, otherOne)).toBe("release_busy");
    await expectAtRest(it, "1.0.0");
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(one.tarball);
  });

  it("does no harm when the same publisher has come back with the same bytes", async () => {
    const it = await world();
    const { late } = await interrupted(it, "put tarballs/foo-1.0.0", publishing(one));
    await crash(it);
    expect(await publish(it, one)).toBe("done");
    expect(await publish(it, replacing(otherOne))).toBe("release_busy");
    expect(await revert(it, "1.0.0")).toBe("release_busy");
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it, "1.0.0");
  });

  it("is overwritten by the next publish, however late it comes", async () => {
    const it = await world();
    const { late } = await interrupted(it, "put tarballs/foo-1.0.0", publishing(one));
    await crash(it);
    await finish(it);
    expect(await late.land()).toBeDefined();
    expect(await publish(it, otherOne)).toBe("done");
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(otherOne.tarball);
    await expectAtRest(it, "1.0.0");
  });

  it("leaves nothing behind when it was only thought to have failed", async () => {
    const it = await world();
    const { late, running, storage } = await interrupted(
      it,
      "put tarballs/foo-1.0.0",
      publishing(one),
    );
    late.fail();
    expect(await ending(running, storage)).toMatchObject({ value: { replaced: false } });
    expect(await revert(it, "1.0.0")).toBe("release_busy");
    expect(await late.land()).toBeUndefined();
    await finish(it);
    expect(await revert(it, "1.0.0")).toBe("done");
    await expectAtRest(it);
  });

  it("does not undo a replace that put the first bytes back", async () => {
    const it = await repositoryWith(one);
    const { late, running, storage } = await interrupted(
      it,
      "put tarballs/foo-1.0.0",
      publishing(replacing(otherOne)),
    );
    late.fail();
    expect(await ending(running, storage)).toMatchObject({ value: { replaced: true } });
    expect(await publish(it, replacing(one))).toBe("release_busy");
    expect(await late.land()).toBeUndefined();
    await finish(it);
    expect(await publish(it, replacing(one))).toBe("done");
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(one.tarball);
    await expectAtRest(it, "1.0.0");
  });
});

describe("the late delete of a tarball", () => {
  it("does not take the bytes of a release that was published again", async () => {
    const it = await repositoryWith(one, two);
    const { late } = await interrupted(it, "delete tarballs/foo-1.0.0", reverting("1.0.0"));
    await crash(it);
    expect(await publish(it, otherOne)).toBe("release_busy");
    await runAlarm(it);
    await runAlarm(it);
    expect(await publish(it, otherOne)).toBe("release_busy");
    await late.land();
    await finish(it);
    expect(await publish(it, otherOne)).toBe("done");
    await expectAtRest(it, "1.0.0", "2.0.0");
  });

  it("does not take them either when it was only thought to have failed", async () => {
    const it = await repositoryWith(one, two);
    const { late, running, storage } = await interrupted(
      it,
      "delete tarballs/foo-1.0.0",
      reverting("1.0.0"),
    );
    late.fail();
    expect(await ending(running, storage)).toHaveProperty("error");
    await runAlarm(it);
    expect(await publish(it, otherOne)).toBe("release_busy");
    await late.land();
    await finish(it);
    expect(await publish(it, otherOne)).toBe("done");
    await expectAtRest(it, "1.0.0", "2.0.0");
  });
});

describe("the late delete of a package file", () => {
  it("does not take the file of a package that is published anew", async () => {
    const it = await repositoryWith(one);
    const { late } = await interrupted(it, "delete packages/foo", reverting("1.0.0"));
    expect(await publish(it, two)).toBe("release_busy");
    await crash(it);
    expect(await publish(it, two)).toBe("release_busy");
    await runAlarm(it);
    expect(await publish(it, two)).toBe("release_busy");
    await late.land();
    await finish(it);
    expect(await publish(it, two)).toBe("done");
    await expectAtRest(it, "2.0.0");
  });

  it("is not even asked for while another version is on its way", async () => {
    const it = await repositoryWith(one);
    const { late, storage } = await interrupted(it, "put tarballs/foo-2.0.0", publishing(two));
    expect(await revert(it, "1.0.0")).toBe("done");
    await runAlarm(it);
    expect(storage.calls).not.toContain("delete packages/foo");
    await crash(it);
    await runAlarm(it);
    await late.land();
    await expectAtRest(it, "2.0.0");
  });

  it("comes after all when the version that was on its way never arrives", async () => {
    const it = await repositoryWith(one);
    await interrupted(it, "put tarballs/foo-2.0.0", publishing(two));
    expect(await revert(it, "1.0.0")).toBe("done");
    await crash(it);
    await expectAtRest(it);
  });
});

describe("an answer that takes longer than anything of the dead may", () => {
  it("does not let a delete take the file of a package that is published anew", async () => {
    const it = await repositoryWith(one);
    const slow = await interrupted(it, "delete packages/foo", reverting("1.0.0"));
    await settle(it);
    // The cron does not know that the alarm, or a user, is at it already.
    const recovering = await begin(it, (repository) => repository.recover());
    expect(await publish(it, two)).toBe("release_busy");
    await slow.late.land();
    expect(await ending(slow.running, slow.storage)).toEqual({ value: null });
    await ending(recovering, slow.storage);
    expect(await publish(it, two)).toBe("done");
    await expectAtRest(it, "2.0.0");
  });

  it("begins its half minute when the delete fails, not when it began", async () => {
    const it = await repositoryWith(one);
    const slow = await interrupted(it, "delete packages/foo", reverting("1.0.0"));
    await settle(it);
    const recovering = await begin(it, (repository) => repository.recover());
    slow.late.fail();
    expect(await ending(slow.running, slow.storage)).toHaveProperty("error");
    await ending(recovering, slow.storage);
    await runAlarm(it);
    expect(await publish(it, two)).toBe("release_busy");
    await slow.late.land();
    await finish(it);
    expect(await publish(it, two)).toBe("done");
    await expectAtRest(it, "2.0.0");
  });

  it.each(["tarballs/foo-2.0.0.tar", "packages/foo"])(
    "keeps in doubt what was put before it, as long as it is awaited: %s",
    async (path) => {
      const it = await repositoryWith(one);
      const { late, running, storage } = await interrupted(it, `put ${path}`, publishing(two));
      storage.holds = [`put ${path}`];
      late.fail();
      const second = await heldCall(storage, 2);
      await settle(it);
      await begin(it, (repository) => repository.recover());
      const key = `repos/${it.repository}/${path}`;
      const isInDoubt = () =>
        runInDurableObject(it.stub, ({ world }: Repository) => world.ledger.isUnsettled(key));
      expect(await isInDoubt()).toBe(true);
      await second.land();
      expect(await ending(running, storage)).toMatchObject({ value: { replaced: false } });
      await late.land();
      await expectAtRest(it, "1.0.0", "2.0.0");
      expect(await isInDoubt()).toBe(false);
    },
  );
});

describe("a slow replace", () => {
  it("lets readers see the old release or the new one, and check finds nothing wrong", async () => {
    const it = await repositoryWith(one);
    const { late, running, storage } = await interrupted(
      it,
      "put tarballs/foo-1.0.0",
      publishing(replacing(otherOne)),
    );
    storage.holds = ["put packages/foo"];
    const before = await storedPackage(it, "foo");
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(one.tarball);
    expect(before?.releases[0]?.outerChecksum).toEqual(one.publication.outerChecksum);
    expect(await publish(it, replacing(one))).toBe("release_busy");
    expect(await revert(it, "1.0.0")).toBe("release_busy");
    await expectSound(it);

    await late.land();
    const flushing = await heldCall(storage, 2);
    await expectSound(it);
    expect(running.outcome).toBeUndefined();

    await flushing.land();
    expect(await ending(running, storage)).toMatchObject({ value: { replaced: true } });
    const after = await storedPackage(it, "foo");
    expect(after?.releases[0]?.outerChecksum).toEqual(otherOne.publication.outerChecksum);
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(otherOne.tarball);
    await expectAtRest(it, "1.0.0");
  });

  it("keeps what is said about the release meanwhile", async () => {
    const it = await repositoryWith(one);
    const { late, running, storage } = await interrupted(
      it,
      "put tarballs/foo-1.0.0",
      publishing(replacing(otherOne)),
    );
    const retirement = { reason: "security", message: null } as const;
    expect(await it.stub.retire("foo", "1.0.0", retirement, author)).toBeNull();
    await late.land();
    await ending(running, storage);
    expect((await storedPackage(it, "foo"))?.releases[0]?.retired).toEqual({ reason: "security" });
    await expectAtRest(it, "1.0.0");
  });
});

describe("slow names and versions", () => {
  it.each(["names", "versions"])(
    "do not keep a publish waiting, and lose when late: %s",
    async (file) => {
      const it = await repositoryWith(one);
      const storage = await injectFaults(it);
      expect(await publish(it, two)).toBe("done");
      storage.holds = [`put ${file}`];
      await beginAlarm(it);
      const late = await heldCall(storage);
      expect(await publish(it, three)).toBe("done");
      await crash(it);
      await runAlarm(it);
      await runAlarm(it);
      expect(await late.land()).toBeUndefined();
      await expectAtRest(it, "1.0.0", "2.0.0", "3.0.0");
    },
  );
});
