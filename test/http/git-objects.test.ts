/** Which objects a pack holds, by an index that comes in pieces. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { objectsNotIn } from "../../src/git/objects.ts";
import { folderOf } from "../../src/git/state.ts";
import { updateMirror } from "../../src/git/update.ts";
import { fromHex } from "../../src/hex/checksum.ts";
import type { Storage } from "../../src/storage/storage.ts";

const lengths = [
  ["SHA-1", 40],
  ["SHA-256", 64],
] as const;

describe.each(lengths)("an index of %s", (_algorithm, shaLength) => {
  const pack = `pack-${"5".repeat(shaLength)}`;
  /** Some begin alike, one is the least and one the greatest that there can be. */
  const held = ["0".repeat(shaLength), "f".repeat(shaLength)].concat(
    Array.from({ length: 300 }, (_, at) => sha(at, shaLength)),
  );
  const others = Array.from({ length: 300 }, (_, at) => sha(at + 1000, shaLength));
  const file = indexOf(held, shaLength);

  it.each([1, 7, 1031, 1032, 1033, 4096, 1_000_000])(
    "says in pieces of %i bytes what the pack holds",
    async (pieceBytes) => {
      expect(await objectsNotIn(pack, inPieces(file, pieceBytes), held)).toEqual([]);
      expect(await objectsNotIn(pack, inPieces(file, pieceBytes), others)).toEqual(others);
      const mixed = [others[3], held[7], others[1], held[2]].flatMap((it) => it ?? []);
      const missing = [mixed[0], mixed[2]];
      expect(await objectsNotIn(pack, inPieces(file, pieceBytes), mixed)).toEqual(missing);
    },
  );

  it("says it as a whole, too, and of one object, and of an empty pack", async () => {
    expect(await objectsNotIn(pack, file, [...others, ...held])).toEqual(others);
    for (const one of held) expect(await objectsNotIn(pack, file, [one])).toEqual([]);
    for (const one of others) expect(await objectsNotIn(pack, file, [one])).toEqual([one]);
    expect(await objectsNotIn(pack, indexOf([], shaLength), held)).toEqual(held);
  });

  it("holds nothing whose hash is of another kind, and nothing that was cut off", async () => {
    const other = shaLength === 40 ? "0".repeat(64) : "0".repeat(40);
    expect(await objectsNotIn(pack, file, [other])).toEqual([other]);
    const whole = held.toSorted();
    const cut = file.slice(0, 1032 + (10 * shaLength) / 2 + 5);
    expect(await objectsNotIn(pack, cut, whole)).toEqual(whole.slice(10));
    expect(await objectsNotIn(pack, file.slice(0, 1000), whole)).toEqual(whole);
  });
});

describe("an update", () => {
  it("holds no index as a whole, and reads no further than the last branch", async () => {
    const address = "git.test/large/index";
    const name = `pack-${"5".repeat(40)}`;
    const commit = `00${"1".repeat(38)}`;
    const storage = openStorage(env as Env, "shut_000");
    for (const kind of ["pack", "idx"]) {
      const key = `${folderOf(address)}${name}.${kind}`;
      await storage.put(key, new Uint8Array(), { kind: "create" });
    }
    // A gigabyte, would somebody read it. The names of others come behind that of the commit.
    const piece = 64 * 1024;
    let sentBytes = 0;
    const index = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const start = sentBytes === 0 ? indexOf([commit], 40, 50_000_000) : new Uint8Array(piece);
          sentBytes += start.length;
          if (sentBytes > 64 * piece) controller.error(new Error("so much does nobody need"));
          else controller.enqueue(start);
        },
      },
      { highWaterMark: 0 },
    );
    const get: Storage["get"] = async (key, range) => {
      const found = await storage.get(key, range);
      return found && key.endsWith(".idx") ? { ...found, body: index } : found;
    };
    const large: Storage = {
      get,
      head: (key) => storage.head(key),
      put: (key, bytes, condition) => storage.put(key, bytes, condition),
      delete: (key) => storage.delete(key),
      list: (prefix, after) => storage.list(prefix, after),
    };
    const refs = [{ name: "refs/heads/main", sha: commit, peeled: null }];
    const update = { revision: null, head: "refs/heads/main", refs, packs: [name] };
    expect(await updateMirror(large, address, update, Date.now)).toMatchObject({
      state: { revision: 1 },
    });
    expect(sentBytes).toBeLessThan(2 * piece);
  });
});

/** Spread over all first bytes; neighbours differ in the last. */
function sha(at: number, length: number): string {
  const first = (at * 7) % 256;
  return `${first.toString(16).padStart(2, "0")}${"a".repeat(length - 8)}${String(at).padStart(6, "0")}`;
}

/** As far as it is read. @param count as it says, if not so many as there are. */
function indexOf(shas: readonly string[], shaLength: number, count = shas.length): Uint8Array {
  const table = new Uint8Array(1032 + (shas.length * shaLength) / 2 + 100);
  table.set([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]);
  new DataView(table.buffer).setUint32(1028, count);
  for (const [at, name] of shas.toSorted().entries()) {
    table.set(fromHex(name) ?? [], 1032 + (at * shaLength) / 2);
  }
  // Of checksums and offsets, which are no names.
  table.fill(0xff, 1032 + (shas.length * shaLength) / 2);
  return table;
}

function inPieces(bytes: Uint8Array, pieceBytes: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}
