/** Mirrored repositories of git over HTTP: what is stored, when it can be seen, and by whom. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { folderOf, readState, type Update } from "../../src/git/state.ts";
import { goingMs, keptMs, storePackFile, updateMirror } from "../../src/git/update.ts";
import { fromHex, toHex } from "../../src/hex/checksum.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { jsonBody, read } from "../support/answers.ts";
import { type Fault, FaultyStorage, sleep } from "../support/faulty-storage.ts";
import { user } from "../support/people.ts";
import { Person } from "../support/world.ts";

/** ROOT_REPOSITORY of test/vitest.config.ts, which is private. */
const repository = "shut_000";
const admin = new Person(repository, env.ADMIN_KEY);
const storage = () => openStorage(env as Env, repository);
const commit = "0123456789abcdef0123456789abcdef01234567";
const later = commit.replaceAll("0", "f");
const nowhere = "0".repeat(40);
let used = 0;
const fresh = () => `git.test/owner/name${used++}`;

describe("GET /git/…", () => {
  it("answers what the dumb protocol asks for", async () => {
    const address = fresh();
    const pack = await makePack("one");
    await upload(address, pack);
    const git = (path: string, init?: RequestInit) =>
      admin.fetch(`/git/${address}.git${path}`, init);
    expect(await text(git("/info/refs"))).toBe(
      `${commit}\trefs/heads/main\n${later}\trefs/tags/v1\n${commit}\trefs/tags/v1^{}\n`,
    );
    expect(await text(git("/HEAD"))).toBe("ref: refs/heads/main\n");
    expect(await text(git("/objects/info/packs"))).toBe(`P ${pack.name}.pack\n\n`);
    const response = await git(`/objects/pack/${pack.name}.pack`);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(pack.pack);
    const etag = response.headers.get("etag") ?? "";
    const part = await git(`/objects/pack/${pack.name}.pack`, { headers: { range: "bytes=0-3" } });
    expect([part.status, await part.text()]).toEqual([206, "PACK"]);
    const same = await git(`/objects/pack/${pack.name}.pack`, {
      headers: { "if-none-match": etag },
    });
    expect(same.status).toBe(304);
    // With `.git` or without, as people write it.
    expect((await admin.fetch(`/git/${address}/info/refs`)).status).toBe(200);
  });

  it("answers the question for the smart protocol so that git takes the dumb one", async () => {
    const address = fresh();
    await upload(address, await makePack("one"));
    const path = `/git/${address}.git/info/refs?service=git-`;
    const fetching = await admin.fetch(`${path}upload-pack`);
    expect(fetching.status).toBe(200);
    expect(fetching.headers.get("content-type")).toBe("application/octet-stream");
    const pushing = await admin.fetch(`${path}receive-pack`);
    expect([pushing.status, await pushing.text()]).toEqual([
      403,
      "This is a mirror: push to where it comes from\n",
    ]);
    const posted = await admin.fetch(`/git/${address}.git/git-receive-pack`, { method: "POST" });
    expect(posted.status).toBe(405);
  });

  it("says the same of what is not there and of what may not be seen, and asks guests for a key", async () => {
    const address = fresh();
    await upload(address, await makePack("one"));
    const stranger = await user({ repository });
    const reader = await user({ repository }, "read");
    const guest = new Person(repository, undefined);
    const path = `/git/${address}.git/info/refs`;
    const missing = "/git/git.test/owner/nowhere.git/info/refs";
    const say = async (who: Person, where: string) => {
      const response = await who.fetch(where);
      const asks = response.headers.get("www-authenticate");
      return [response.status, asks, response.ok ? "" : await response.text()];
    };
    expect(await say(reader, path)).toEqual([200, null, ""]);
    expect(await say(stranger, path)).toEqual([404, null, "Page not found\n"]);
    expect(await say(reader, missing)).toEqual([404, null, "Page not found\n"]);
    const asked = [401, "Basic realm=hex", "missing authentication information\n"];
    expect(await say(guest, path)).toEqual(asked);
    expect(await say(guest, missing)).toEqual(asked);
  });

  it("takes a key as password or as the user's name of Basic, and no wrong one", async () => {
    const address = fresh();
    await upload(address, await makePack("one"));
    const { key } = await user({ repository }, "read");
    const status = async (shown: string) => {
      const headers = { authorization: `Basic ${btoa(shown)}` };
      return (await admin.fetch(`/git/${address}.git/HEAD`, { headers })).status;
    };
    const wrong = `hex_${"0".repeat(40)}`;
    expect(await Promise.all([`git:${key}`, `${key}:`, `:${key}`].map(status))).toEqual([
      200, 200, 200,
    ]);
    expect(await Promise.all([`git:${wrong}`, `${wrong}:`, ":", "git:"].map(status))).toEqual([
      401, 401, 401, 401,
    ]);
  });

  it.each([
    ...["/git/", "/git/git.test/info/refs", "/git/git.test/a/objects/aa/bb", "/git/a..b/c/HEAD"],
    ...["/git/git.test/%2e%2e/c/HEAD", "/git/git.test/a%2fb/HEAD", "/git/git.test/a.git/config"],
    ...[
      "/git/git.test/a.git/objects/pack/state.json",
      "/git/git.test/a.git/objects/info/alternates",
    ],
  ])("has nothing at %s", async (path) => {
    expect((await admin.fetch(path)).status).toBe(404);
  });
});

describe("PUT /api/git/…", () => {
  it("is for whoever may write", async () => {
    const address = fresh();
    const pack = await makePack("one");
    const [reader, writer] = [
      await user({ repository }, "read"),
      await user({ repository }, "write"),
    ];
    const put = (who: Person) =>
      who.fetch(`/api/git/${address}.git/packs/${pack.name}.pack`, {
        method: "PUT",
        body: pack.pack,
      });
    expect((await put(reader)).status).toBe(403);
    expect((await put(new Person(repository, undefined))).status).toBe(401);
    expect((await put(writer)).status).toBe(201);
    expect((await put(writer)).status).toBe(200);
  });

  it("refuses a pack that was damaged, cut off, or is another", async () => {
    const address = fresh();
    const [pack, other] = [await makePack("one"), await makePack("two")];
    const put = async (file: string, body: Uint8Array) => {
      const path = `/api/git/${address}.git/packs/${file}`;
      const response = await admin.fetch(path, { method: "PUT", body });
      const { errors } = await read(response);
      return [response.status, ...Object.values((errors as object) ?? {})];
    };
    const damaged = pack.pack.with(14, 1);
    const why = "was damaged on its way: its checksum differs";
    expect(await put(`${pack.name}.pack`, damaged)).toEqual([422, why]);
    expect(await put(`${pack.name}.pack`, pack.pack.slice(0, -1))).toEqual([422, why]);
    expect(await put(`${pack.name}.idx`, pack.idx.with(1040, 9))).toEqual([422, why]);
    expect(await put(`${pack.name}.pack`, other.pack)).toEqual([422, "belongs to another pack"]);
    expect(await put(`${pack.name}.idx`, other.idx)).toEqual([422, "belongs to another pack"]);
    expect(await put(`${pack.name}.pack`, pack.idx)).toEqual([422, "is no pack"]);
    expect(await put(`${pack.name}.idx`, pack.pack)).toEqual([422, "is no index of a pack"]);
    expect(await put(`${pack.name}.pack`, new Uint8Array())).toEqual([422, "is no pack"]);
    const [status] = await put("state.json", pack.pack);
    expect(status).toBe(422);
    expect(await keysOf(address)).toEqual([]);
  });

  it.each([
    ["a ref with a line break", { refs: [{ name: "refs/heads/a\nb", sha: commit, peeled: null }] }],
    ["a ref that leads out", { refs: [{ name: "refs/heads/../b", sha: commit, peeled: null }] }],
    ["what is no hash", { refs: [{ name: "refs/heads/a", sha: "abc", peeled: null }] }],
    ["a HEAD that is neither", { head: "main\n" }],
    ["no packs", { packs: [] }],
    ["a pack with a path", { packs: ["pack-../../x"] }],
    [
      "a branch that leads nowhere",
      { refs: [{ name: "refs/heads/a", sha: nowhere, peeled: null }] },
    ],
    ["a tag that leads nowhere", { refs: [{ name: "refs/tags/a", sha: commit, peeled: nowhere }] }],
    ["a HEAD that leads nowhere", { head: nowhere }],
    ["a pack that is not there", { packs: [`pack-${commit}`] }],
  ])("refuses %s", async (_what, wrong) => {
    const address = fresh();
    const pack = await makePack("one");
    await upload(address, pack);
    const update = { ...updateTo(pack, 1), ...wrong };
    const path = `/api/git/${address}.git`;
    const response = await admin.fetch(path, { method: "PUT", ...jsonBody(update) });
    expect(response.status).toBe(422);
    expect(await read(await admin.fetch(path))).toMatchObject({ revision: 1 });
  });
});

describe("an update", () => {
  it("is seen at once, keeps what it replaced for a day, and then removes it", async () => {
    const address = fresh();
    const [one, two, three] = [await makePack("1"), await makePack("2"), await makePack("3")];
    let time = Date.now();
    const now = () => time;
    await store(storage(), address, one, now);
    await updateMirror(storage(), address, updateTo(one, null), now);
    time += 1000;
    await store(storage(), address, two, now);
    await updateMirror(storage(), address, updateTo(two, 1), now);
    expect(await packsOf(address)).toEqual([one.name, two.name].toSorted());
    expect(await text(admin.fetch(`/git/${address}.git/objects/info/packs`))).toBe(
      `P ${one.name}.pack\nP ${two.name}.pack\n\n`,
    );
    time += keptMs + 1;
    await store(storage(), address, three, now);
    await updateMirror(storage(), address, updateTo(three, 2), now);
    expect(await packsOf(address)).toEqual([two.name, three.name].toSorted());
    // The same content again, which a late delete could still meet.
    expect(await storePackFile(storage(), address, `${one.name}.pack`, one.pack, now)).toEqual({
      refused: { reason: "pack_going", pack: one.name },
    });
    time += goingMs;
    await store(storage(), address, one, now);
    expect(await updateMirror(storage(), address, updateTo(one, 3), now)).toMatchObject({
      state: { revision: 4, packs: [one.name] },
    });
  });

  it("removes packs that nobody named within a day, and none that somebody may be uploading", async () => {
    const address = fresh();
    const [one, left] = [await makePack("1"), await makePack("left behind")];
    await store(storage(), address, left, Date.now);
    await store(storage(), address, one, Date.now);
    await updateMirror(storage(), address, updateTo(one, null), Date.now);
    expect(await packsOf(address)).toEqual([one.name, left.name].toSorted());
    const tomorrow = () => Date.now() + keptMs + 5000;
    const changed = { ...updateTo(one, 1), head: "refs/heads/other" };
    await updateMirror(storage(), address, changed, tomorrow);
    expect(await packsOf(address)).toEqual([one.name]);
  });

  it("is one of two at once, and the other starts again", async () => {
    const address = fresh();
    const [one, two] = [await makePack("1"), await makePack("2")];
    await store(storage(), address, one, Date.now);
    await store(storage(), address, two, Date.now);
    const put = (pack: Pack) =>
      admin.fetch(`/api/git/${address}.git`, { method: "PUT", ...jsonBody(updateTo(pack, null)) });
    const statuses = (await Promise.all([put(one), put(two)])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409]);
    await expectWhole(address);
  });

  it("is refused when whoever removes packs came between", async () => {
    const address = fresh();
    const [one, old] = [await makePack("1"), await makePack("old")];
    await store(storage(), address, one, Date.now);
    await updateMirror(storage(), address, updateTo(one, null), Date.now);
    await store(storage(), address, old, Date.now);
    // It has looked, and waits at its put; another removes the pack that it names.
    const slow = new FaultyStorage("", storage(), noIndex);
    slow.holds = ["put"];
    const naming = updateMirror(slow, address, updateTo(old, 1), Date.now);
    while (slow.held.length === 0) await sleep(2);
    const tomorrow = () => Date.now() + keptMs + 5000;
    await updateMirror(storage(), address, { ...updateTo(one, 1), head: commit }, tomorrow);
    expect(await packsOf(address)).toEqual([one.name]);
    await slow.held[0]?.land();
    expect(await naming).toEqual({ refused: { reason: "git_changed" } });
    await expectWhole(address);
  });

  // Each file: get, put. Then get, list, the index, put, delete twice.
  it.each(
    Array.from({ length: 10 }, (_, at) => at + 1).flatMap((at) =>
      [true, false].flatMap((happens) =>
        (["once", "outage", "death"] as const).map((kind): Fault => ({ at, happens, kind })),
      ),
    ),
  )(
    "leaves a whole mirror behind when call $at fails ($kind, happens: $happens)",
    async (fault) => {
      const address = fresh();
      const [one, two] = [await makePack("1"), await makePack("2")];
      const old = Date.now() - keptMs - 5000;
      await store(storage(), address, one, Date.now);
      await updateMirror(storage(), address, updateTo(one, null), () => old);
      await store(storage(), address, two, Date.now);
      await updateMirror(storage(), address, updateTo(two, 1), () => old);
      const three = await makePack("3");
      const faulty = new FaultyStorage("", storage(), noIndex);
      faulty.fault = fault;
      const uploading = (async () => {
        await store(faulty, address, three, Date.now);
        return updateMirror(faulty, address, updateTo(three, 2), Date.now);
      })().then(
        () => "done",
        () => "failed",
      );
      while ((await Promise.race([uploading, sleep(5)])) === undefined && !faulty.isDead);
      await expectWhole(address);
      // The command again, from the start; ten minutes later, should a pack be going.
      const { revision } = (await readState(storage(), address))?.state ?? { revision: null };
      const afterwards = () => Date.now() + goingMs + 1;
      await store(storage(), address, three, afterwards);
      const again = await updateMirror(storage(), address, updateTo(three, revision), afterwards);
      expect(again).toMatchObject({ state: { packs: [three.name] } });
      await expectWhole(address);
    },
  );

  it("changes nothing when it is sent again because its answer was lost", async () => {
    const address = fresh();
    const pack = await makePack("1");
    await store(storage(), address, pack, Date.now);
    const first = await updateMirror(storage(), address, updateTo(pack, null), Date.now);
    expect(await updateMirror(storage(), address, updateTo(pack, null), Date.now)).toEqual(first);
  });
});

describe("[vars.GIT]", () => {
  const named = (GIT: unknown, ROOT_REPOSITORY = "shut_000") =>
    readConfig({ ...(env as Env), GIT, ROOT_REPOSITORY }).gitRepository;

  it("names the repository whose readers may clone; without it that is the root repository", () => {
    expect(named({ repository: "open_001" })).toBe("open_001");
    expect(named(undefined)).toBe("shut_000");
    // A group has no permissions of its own.
    expect(named(undefined, "group_000")).toBeUndefined();
  });

  it.each([
    [
      { repository: "nowhere" },
      "GIT.repository names nowhere, which REPOSITORIES does not declare",
    ],
    [
      { repository: "group_000" },
      "GIT.repository names group_000, a group: name one of its members",
    ],
    [{ repository: 1 }, "GIT.repository must be the name of a repository"],
    [{ repository: "open_001", public: true }, "GIT.public is no option of GIT"],
    ["open_001", 'GIT is a table with repository = "NAME"'],
    [{}, 'GIT.repository is a table with repository = "NAME"'],
  ])("refuses %j", (GIT, sentence) => {
    expect(() => named(GIT)).toThrow(sentence);
  });
});

interface Pack {
  name: string;
  pack: Uint8Array;
  idx: Uint8Array;
}

/** With the checksums of a pack, and some text for objects: nothing here looks at those. */
async function makePack(content: string): Promise<Pack> {
  const body = new TextEncoder().encode(`PACK\0\0\0\x02\0\0\0\x01${content}`);
  const pack = await signed(body);
  const checksum = pack.slice(-20);
  const names = [commit, later].map((sha) => fromHex(sha) ?? new Uint8Array());
  const table = new Uint8Array(1032 + 3 * 20);
  table.set([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]);
  for (let byte = 0; byte < 256; byte++) {
    table[8 + 4 * byte + 3] = names.filter(([first = 0]) => first <= byte).length;
  }
  for (const [at, name] of names.entries()) table.set(name, 1032 + at * 20);
  table.set(checksum, 1032 + 2 * 20);
  return { name: `pack-${toHex(checksum)}`, pack, idx: await signed(table) };
}

async function signed(bytes: Uint8Array): Promise<Uint8Array> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes.slice()));
  const all = new Uint8Array(bytes.length + digest.length);
  all.set(bytes);
  all.set(digest, bytes.length);
  return all;
}

function updateTo({ name }: Pack, revision: number | null): Update {
  return {
    ...{ revision, head: "refs/heads/main", packs: [name] },
    refs: [
      { name: "refs/tags/v1", sha: later, peeled: commit },
      { name: "refs/heads/main", sha: commit, peeled: null },
    ],
  };
}

/** As the command does it, over HTTP. */
async function upload(address: string, pack: Pack): Promise<void> {
  const path = `/api/git/${address}.git`;
  for (const kind of ["pack", "idx"] as const) {
    const file = `${path}/packs/${pack.name}.${kind}`;
    expect((await admin.fetch(file, { method: "PUT", body: pack[kind] })).status).toBe(201);
  }
  const { revision } = await read(await admin.fetch(path));
  const update = updateTo(pack, revision as number | null);
  expect((await admin.fetch(path, { method: "PUT", ...jsonBody(update) })).status).toBe(200);
}

async function store(into: Storage, address: string, it: Pack, now: () => number): Promise<void> {
  for (const kind of ["pack", "idx"] as const) {
    const stored = await storePackFile(into, address, `${it.name}.${kind}`, it[kind], now);
    if ("refused" in stored) throw new Error(JSON.stringify(stored.refused));
  }
}

/** Every pack that a reader is told of is there. */
async function expectWhole(address: string): Promise<void> {
  const keys = await keysOf(address);
  const listed = await text(admin.fetch(`/git/${address}.git/objects/info/packs`));
  const names = [...listed.matchAll(/P (pack-\w+)\.pack/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names)
    expect(keys).toEqual(expect.arrayContaining([`${name}.pack`, `${name}.idx`]));
}

async function keysOf(address: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of storage().list(folderOf(address))) {
    keys.push(key.slice(folderOf(address).length));
  }
  return keys;
}

async function packsOf(address: string): Promise<string[]> {
  const keys = await keysOf(address);
  return keys.filter((key) => key.endsWith(".pack")).map((key) => key.slice(0, -".pack".length));
}

async function text(response: Promise<Response>): Promise<string> {
  return new TextDecoder().decode(await (await response).arrayBuffer());
}

const noIndex = { put: async () => {}, delete: async () => {} };
