/** The bucket alone is enough: a ledger that is lost is made anew of it, and says again what it said. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { sha256 } from "../../src/hex/checksum.ts";
import { buildPackage } from "../../src/hex/registry.ts";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { writeBackup } from "../../src/repository/restore/backup.ts";
import type { PackageRecord } from "../../src/repository/types.ts";
import { asksForErlang, jsonBody, read } from "../support/answers.ts";
import {
  author,
  docsTarball,
  storedBytes,
  storedNames,
  storedPackage,
  upload,
} from "../support/direct.ts";
import { crash, finish, injectFaults } from "../support/faulty-storage.ts";
import { finishRestore, loseLedger, restoreSteps } from "../support/lost-ledger.ts";
import { user } from "../support/people.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";

const requirements = [{ name: "bar", requirement: "~> 0.1", optional: true }];
const uploads = await Promise.all([
  upload({ name: "bar", version: "0.1.0" }),
  upload({ name: "foo", version: "1.0.0", requirements }),
  upload({ name: "foo", version: "1.10.0-rc.1" }),
  upload({ name: "gone", version: "1.0.0" }),
]);
const docs = docsTarball("foo");
const checksum = await sha256(docs);

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

/** bar; foo 1.0.0 (with docs, needs bar) and 1.10.0-rc.1 (retired); a package was taken back; at rest. */
async function full(): Promise<World> {
  const it = await world();
  for (const { publication, tarball } of uploads) {
    await it.stub.publish(publication, tarball, author);
  }
  await it.stub.publishDocs("foo", "1.0.0", docs, checksum, author);
  await it.stub.retire("foo", "1.10.0-rc.1", { reason: "security", message: "old" }, author);
  await it.stub.revert("gone", "1.0.0", author);
  await finish(it);
  await expectSound(it);
  return it;
}

async function record(it: World, name: string): Promise<PackageRecord> {
  const found = await it.stub.package(name);
  if (!found) throw new Error(`${name} is not there`);
  return structuredClone(found);
}

/** What the bucket alone does not tell: see `backup.ts`. */
function withoutPeople({ owners: _owners, ...rest }: PackageRecord) {
  const releases = rest.releases.map(({ publisher: _publisher, updatedAt: _at, ...it }) => it);
  return { ...rest, releases, updatedAt: "", insertedAt: "" };
}

async function bytesOfAll(it: World): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const path of await storedFiles(it)) {
    all.set(path, ((await storedBytes(it, path)) ?? []).toString());
  }
  return all;
}

describe("a repository whose ledger was lost", () => {
  it("can be read as before, and changed by nobody", async () => {
    const it = await full();
    const before = await bytesOfAll(it);
    await loseLedger(it);
    const refused = await it.admin.publish({ name: "new", version: "1.0.0" });
    expect(refused.status).toBe(422);
    expect((await read(refused)).message).toContain(`check ${it.repository} --repair`);
    expect((await it.admin.file("/packages/foo")).status).toBe(200);
    // Neither the alarm nor the cron brings the bucket up to an empty ledger.
    await it.stub.recover();
    await it.stub.open();
    expect(await bytesOfAll(it)).toEqual(before);
    const { problems, cures } = await read(await it.admin.api("/check"));
    expect(problems).toEqual([expect.stringContaining("the ledger is empty")]);
    expect(cures).toEqual(["restore ledger"]);
  });

  it("is made anew of the bucket, and says again what it said", async () => {
    const it = await full();
    const before = { foo: await record(it, "foo"), bar: await record(it, "bar") };
    const files = await bytesOfAll(it);
    await loseLedger(it);
    expect(await restoreSteps(it)).toEqual({ packages: 2, releases: 3, defects: [] });
    expect(await read(await finishRestore(it))).toEqual({ packages: 2, releases: 3, backup: null });
    await finish(it);
    await expectSound(it);

    expect(withoutPeople(await record(it, "foo"))).toEqual(withoutPeople(before.foo));
    expect(withoutPeople(await record(it, "bar"))).toEqual(withoutPeople(before.bar));
    expect((await it.stub.details("bar")).dependants).toEqual(["foo"]);
    expect(await it.stub.package("gone")).toBeNull();
    // What the bucket told right is not even written anew.
    const after = await bytesOfAll(it);
    for (const path of ["names", "versions"]) files.delete(path) && after.delete(path);
    expect(after).toEqual(files);
    expect(await storedNames(it)).toEqual(["bar", "foo"]);
    const [latest] = await it.stub.auditLog({ limit: 1 });
    expect(latest).toMatchObject({ action: "repository.restore", params: { packages: 2 } });
  });

  it("goes on as if nothing had been", async () => {
    const it = await full();
    await loseLedger(it);
    await restoreSteps(it);
    await finishRestore(it);
    expect((await it.admin.publish({ name: "foo", version: "2.0.0" })).status).toBe(201);
    expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(422);
    const replaced = await it.admin.publish({ name: "bar", version: "0.1.0", replace: true });
    expect(replaced.status).toBe(200);
    const needed = await it.admin.revert("bar", "0.1.0");
    expect(needed.status).toBe(422);
    expect((await it.admin.revert("foo", "1.10.0-rc.1")).status).toBe(204);
    await finish(it);
    await expectSound(it);
    const versions = (await storedPackage(it, "foo"))?.releases.map(({ version }) => version);
    expect(versions).toEqual(["1.0.0", "2.0.0"]);
  });

  it("knows its people again by the backup", async () => {
    const it = await full();
    const ann = await user(it, "write");
    expect((await ann.publish({ name: "hers", version: "1.0.0" })).status).toBe(201);
    await it.stub.countDownloads([
      { package: "hers", version: "1.0.0", day: new Date().toISOString().slice(0, 10), count: 7 },
    ]);
    await finish(it);
    const before = await record(it, "hers");
    const gone = await user(it, "write");
    expect((await gone.publish({ name: "his", version: "1.0.0" })).status).toBe(201);
    await runInDurableObject(it.stub, ({ world: its }: Repository) => writeBackup(its));
    expect((await it.admin.fetch(`/api/users/${gone.name}`, { method: "DELETE" })).status).toBe(
      204,
    );
    // Newer than the backup.
    await ann.publish({ name: "hers", version: "1.1.0" });
    await finish(it);
    await loseLedger(it);
    await restoreSteps(it);
    expect(await read(await finishRestore(it))).toMatchObject({ packages: 4, backup: 4 });
    await finish(it);
    await expectSound(it);
    const after = await record(it, "hers");
    expect(after.owners).toEqual(before.owners);
    expect(after.insertedAt).toBe(before.insertedAt);
    expect(after.releases.at(-1)).toEqual(before.releases[0]);
    expect(after.releases[0]).toMatchObject({ version: "1.1.0", publisher: "unknown" });
    expect(after.downloads.all).toBe(7);
    expect((await record(it, "his")).owners).toEqual([]);
    expect(await env.BUCKET.head(`backups/${it.repository}.before-restore`)).not.toBeNull();
  });

  it("is restored without a backup that cannot be read, which is told", async () => {
    const it = await full();
    await env.BUCKET.put(`backups/${it.repository}`, "hello");
    await loseLedger(it);
    const { defects } = await restoreSteps(it);
    const why = expect.stringContaining("is damaged");
    expect(defects).toEqual([{ package: "", version: null, outcome: "backup", why }]);
    expect(await read(await finishRestore(it))).toMatchObject({ packages: 2, backup: null });
  });

  it("keeps a release that names and versions did not tell of yet", async () => {
    const it = await full();
    expect((await it.admin.publish({ name: "late", version: "1.0.0" })).status).toBe(201);
    const names = await storedNames(it);
    expect(names).not.toContain("late");
    await loseLedger(it);
    await restoreSteps(it);
    await finishRestore(it);
    await finish(it);
    await expectSound(it);
    expect(await storedNames(it)).toEqual([...names, "late"]);
  });

  it("is restored only once, and only if it was lost", async () => {
    const it = await full();
    const asked = () => it.admin.api("/restore", { method: "POST", ...jsonBody({}) });
    expect((await asked()).status).toBe(409);
    expect((await finishRestore(it)).status).toBe(409);
    await loseLedger(it);
    await restoreSteps(it);
    expect((await finishRestore(it)).status).toBe(200);
    expect((await finishRestore(it)).status).toBe(409);
    expect((await asked()).status).toBe(409);
  });

  it("is not taken for restored before all of it is, nor by two at once", async () => {
    const it = await full();
    await loseLedger(it);
    expect((await finishRestore(it)).status).toBe(422);
    const begin = async (after: unknown = null) =>
      read(await it.admin.api("/restore", { method: "POST", ...jsonBody({ after }) }));
    const { next: first } = await begin();
    expect((await finishRestore(it)).status).toBe(422);
    const { next: second } = await begin();
    // The first one has been overtaken.
    const late = await it.admin.api("/restore", { method: "POST", ...jsonBody({ after: first }) });
    expect(late.status).toBe(422);
    expect((await finishRestore(it)).status).toBe(422);
    const { next: last } = await begin(second);
    expect((await finishRestore(it)).status).toBe(422);
    expect((await begin(last)).next).toBeNull();
    expect(await read(await finishRestore(it))).toMatchObject({ packages: 2, releases: 3 });
  });

  it("is restored by nobody but an admin, who says what is right", async () => {
    const it = await full();
    await loseLedger(it);
    const ann = await user(it, "write");
    const post = (body: object) => ({ method: "POST", ...jsonBody(body) });
    expect((await ann.api("/restore", post({}))).status).toBe(403);
    expect((await it.guest.api("/restore", post({}))).status).toBe(401);
    expect((await it.admin.api("/restore", post({ after: "nowhere" }))).status).toBe(422);
    expect((await it.admin.api("/restore", post({ public_key: "no key" }))).status).toBe(422);
  });

  it("is still restored after the one who restored it died anywhere", async () => {
    const it = await full();
    await loseLedger(it);
    const [first] = ["packages/bar"];
    await it.admin.api("/restore", { method: "POST", ...jsonBody({}) });
    await crash(it);
    expect((await it.admin.publish({ name: "new", version: "1.0.0" })).status).toBe(422);
    await restoreSteps(it);
    await crash(it);
    const storage = await injectFaults(it);
    storage.fault = { at: 1, happens: false, kind: "outage" };
    expect((await finishRestore(it)).status).toBeGreaterThanOrEqual(500);
    await crash(it);
    // All was adopted: only the last step is done again.
    expect(await read(await finishRestore(it))).toMatchObject({ packages: 2, releases: 3 });
    await crash(it);
    await finish(it);
    await expectSound(it);
    expect(await storedFiles(it)).toContain(first);
  });
});

describe("what was asked of a repository whose ledger is lost", () => {
  it("is refused, whatever it is, in Erlang's terms too", async () => {
    const it = await full();
    await loseLedger(it);
    const release = "/packages/foo/releases/1.0.0";
    const answers = [
      await it.admin.publish({ name: "foo", version: "9.0.0" }),
      await it.admin.publish({ name: "foo", version: "1.0.0", replace: true }),
      await it.admin.retire("foo", "1.0.0", { reason: "other", message: "too old" }),
      await it.admin.unretire("foo", "1.0.0"),
      await it.admin.revert("foo", "1.0.0"),
      await it.admin.publishDocs("foo", "1.0.0", docs),
      await it.admin.api(`${release}/docs`, { method: "DELETE" }),
      await it.admin.api(`${release}`, { method: "DELETE", headers: asksForErlang }),
      await it.admin.api("/packages/foo/owners/somebody", { method: "DELETE" }),
    ];
    const told = await Promise.all(
      answers.map(async (it) => [it.status, String((await read(it)).message).slice(0, 13)]),
    );
    expect(told.slice(0, -1)).toEqual(told.slice(0, -1).map(() => [422, "The ledger of"]));
    expect(told.at(-1)?.[0]).toBe(404); // there is no such user
    expect((await it.admin.api("/check?prune=true&after=keys/", { method: "POST" })).status).toBe(
      200,
    );
    await restoreSteps(it);
    await finishRestore(it);
    await finish(it);
    await expectSound(it);
    expect(await storedFiles(it)).toContain("tarballs/foo-1.0.0.tar");
  });

  it("is in its health", async () => {
    const it = await full();
    await loseLedger(it);
    expect(await it.stub.checkState()).toMatchObject({ lost: true, last: null });
    expect(await it.stub.checkDue(Date.now())).toBeNull();
  });
});

describe("numbers of a damaged file", () => {
  it("are none of ours: a restored repository can be written", async () => {
    const it = await full();
    const path = `repos/${it.repository}/packages/bar`;
    await env.BUCKET.put(path, new Uint8Array(64).fill(255));
    const names = (await storedBytes(it, "names")) ?? new Uint8Array();
    // The date in the header of gzip is what no signature covers.
    names.fill(255, 4, 8);
    await env.BUCKET.put(`repos/${it.repository}/names`, names);
    await loseLedger(it);
    await restoreSteps(it);
    expect((await finishRestore(it)).status).toBe(200);
    expect((await it.admin.publish({ name: "bar", version: "3.0.0" })).status).toBe(201);
    await finish(it);
  });
});

describe("a repository that begins over an empty bucket", () => {
  it("is no lost one, also when it was opened before", async () => {
    const it = await world();
    await finish(it);
    await loseLedger(it);
    expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  });
});

describe("what is broken in the bucket", () => {
  it("is told, and left out", async () => {
    const it = await full();
    const path = (file: string) => `repos/${it.repository}/${file}`;
    await env.BUCKET.delete(path("tarballs/foo-1.10.0-rc.1.tar"));
    await env.BUCKET.put(path("tarballs/foo-3.0.0.tar"), "hello");
    await env.BUCKET.put(path("packages/bar"), "hello");
    await loseLedger(it);
    const { packages, releases, defects } = await restoreSteps(it);
    expect({ packages, releases }).toEqual({ packages: 2, releases: 1 });
    expect(defects.map(({ why: _why, ...rest }) => rest)).toEqual(
      expect.arrayContaining([
        { package: "bar", version: null, outcome: "broken" },
        { package: "foo", version: "1.10.0-rc.1", outcome: "missing" },
        { package: "foo", version: "3.0.0", outcome: "orphan" },
        { package: "bar", version: "0.1.0", outcome: "orphan" },
      ]),
    );
    expect((await finishRestore(it)).status).toBe(200);
    await finish(it);
    const versions = (await storedPackage(it, "foo"))?.releases.map(({ version }) => version);
    expect(versions).toEqual(["1.0.0"]);
    expect(await storedNames(it)).toEqual(["foo"]);
    // Nothing is deleted that somebody might miss.
    expect(await storedFiles(it)).toContain("tarballs/bar-0.1.0.tar");
  });
});

describe("a bucket that somebody else filled", () => {
  it("is taken over with their key, and signed with ours", async () => {
    const it = await full();
    const theirs = await parsePrivateKey(await generateSigningKey());
    const resource = await storedPackage(it, "foo");
    const bar = await storedPackage(it, "bar");
    if (!resource || !bar) throw new Error("foo and bar are there");
    const [release] = resource.releases;
    if (!release) throw new Error("foo has releases");
    const at = { mtimeSeconds: 0 };
    const put = async (file: string, bytes: Uint8Array) => {
      await env.BUCKET.put(`repos/${it.repository}/${file}`, bytes);
    };
    const doubled = { ...resource, releases: [...resource.releases, release] };
    await put("packages/foo", await buildPackage(doubled, theirs, at));
    await put("packages/bar", await buildPackage(bar, theirs, at));
    await loseLedger(it);
    expect((await restoreSteps(it)).releases).toBe(0);
    const public_key = await publicKeyPem(theirs);
    const { packages, releases, defects } = await restoreSteps(it, { public_key });
    expect({ packages, releases }).toEqual({ packages: 2, releases: 2 });
    expect(defects).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ package: "foo", version: "1.0.0", outcome: "duplicate" }),
      ]),
    );
    await finishRestore(it);
    await finish(it);
    // The doubled release's tarball is left as it is, and nobody tells of it.
    expect((await storedPackage(it, "foo"))?.releases.map((one) => one.version)).toEqual([
      "1.10.0-rc.1",
    ]);
    expect((await storedPackage(it, "bar"))?.releases).toHaveLength(1);
  });
});
