import { gzipSync as zlibGzip } from "node:zlib";
import fc from "fast-check";
import { gzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concatBytes } from "../../src/hex/checksum.ts";
import { GzipError, gunzip, inflate } from "../../src/hex/gunzip.ts";
import { gzip } from "../../src/hex/gzip.ts";

const plenty = { inflatedBytesMax: 1024 * 1024 };
const hello = new TextEncoder().encode("hello hello hello hello");
/** A file that ends where a piece of 8 KiB ends: 10 bytes before the noise, 5 of deflate, 8 behind. */
const fullPiece = gzipSync(noise(8192 - 23));

/** What Node would print, and a Worker log, when a promise is left alone with its error. */
const unhandled: unknown[] = [];
const remember = (reason: unknown) => unhandled.push(reason);
beforeAll(() => {
  process.on("unhandledRejection", remember);
});
afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.off("unhandledRejection", remember);
  expect(unhandled).toEqual([]);
});

describe("gunzip", () => {
  it("inflates what fflate, zlib and we ourselves compress", async () => {
    const files = [gzipSync(hello), new Uint8Array(zlibGzip(hello)), await gzip(hello, 1)];
    for (const file of files) expect(await gunzip(file, plenty)).toEqual(hello);
  });

  it("inflates a file that is exactly one piece", async () => {
    expect(fullPiece).toHaveLength(8192);
    expect(await gunzip(fullPiece, plenty)).toHaveLength(8192 - 23);
  });

  it("inflates nothing to nothing", async () => {
    expect(await gunzip(gzipSync(new Uint8Array(0)), plenty)).toEqual(new Uint8Array(0));
  });

  it("inflates any bytes, also where its pieces end", async () => {
    const sizes = fc.integer({ min: 0, max: 70_000 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer(), async (size, seed) => {
        const bytes = noise(size, seed);
        expect(await gunzip(gzipSync(bytes), plenty)).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
  });

  it("reads a view without looking beyond it, and leaves it as it was", async () => {
    const file = gzipSync(hello);
    const view = concatBytes([Uint8Array.of(1, 2, 3), file, Uint8Array.of(4)]).subarray(3, -1);
    expect(await gunzip(view, plenty)).toEqual(hello);
    expect(new Uint8Array(view)).toEqual(new Uint8Array(file));
  });

  it("refuses a file that is cut off, at every byte", async () => {
    const file = gzipSync(hello);
    for (let length = 0; length < file.length; length++) {
      expect(await refusal(file.subarray(0, length)), `${length} bytes`).toBe("not_gzip");
    }
  });

  it.each([
    ["a byte behind the end", concatBytes([gzipSync(hello), Uint8Array.of(0)])],
    ["a second member", concatBytes([gzipSync(hello), gzipSync(hello)])],
    ["a byte behind the end, in a piece of its own", concatBytes([fullPiece, Uint8Array.of(0)])],
    ["a second member, in a piece of its own", concatBytes([fullPiece, gzipSync(hello)])],
    ["much behind the end", concatBytes([gzipSync(hello), noise(100_000)])],
    ["no gzip", noise(100)],
    ["a wrong checksum", flipped(gzipSync(hello), -8)],
    ["a wrong length", flipped(gzipSync(hello), -1)],
    ["a damaged middle", flipped(gzipSync(noise(50_000)), 20_000)],
  ])("refuses %s", async (_, bytes) => {
    expect(await refusal(bytes)).toBe("not_gzip");
  });

  it("says why, as a sentence", async () => {
    await expect(gunzip(noise(100), plenty)).rejects.toThrow(/^is not exactly one gzip file: \S+/);
    await expect(gunzip(gzipSync(hello), { inflatedBytesMax: 22 })).rejects.toThrow(
      "inflates to more than 22 bytes",
    );
  });

  it("allows the limit itself, and not one byte more", async () => {
    expect(await gunzip(gzipSync(hello), { inflatedBytesMax: 23 })).toEqual(hello);
    expect(await refusal(gzipSync(hello), 22)).toBe("too_big");
  });

  it("stops a bomb long before its end", async () => {
    const bomb = gzipSync(new Uint8Array(100 * 1024 * 1024));
    const before = process.memoryUsage().rss;
    expect(await refusal(bomb, 1024 * 1024)).toBe("too_big");
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  });
});

describe("inflate", () => {
  it("gives the pieces one after the other", async () => {
    const bytes = noise(200_000);
    const pieces: Uint8Array[] = [];
    for await (const piece of inflate(gzipSync(bytes))) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(1);
    expect(concatBytes(pieces)).toEqual(bytes);
  });

  it("may be left early, by break, by throwing and before it began", async () => {
    const file = gzipSync(noise(500_000));
    for await (const piece of inflate(file)) if (piece.length > 0) break;
    const thrown = async () => {
      for await (const piece of inflate(file)) throw new Error(`after ${piece.length} bytes`);
    };
    await expect(thrown()).rejects.toThrow(/^after \d+ bytes$/);
    await inflate(file).return();
  });

  it("leaves nothing behind when it is left early a thousand times", async () => {
    const file = gzipSync(noise(100_000));
    const open = () => process.getActiveResourcesInfo().filter((name) => /zlib/i.test(name)).length;
    for (let time = 0; time < 1000; time++) for await (const _ of inflate(file)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open()).toBe(0);
  });
});

describe("gzip", () => {
  it("carries its date, so that two builds of one content differ", async () => {
    const [one, same, later] = await Promise.all([gzip(hello, 1), gzip(hello, 1), gzip(hello, 2)]);
    expect(one).toEqual(same);
    expect(one).not.toEqual(later);
    expect([...one.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 1, 0, 0, 0, one[8], 255]);
    const last = await gzip(hello, 0xffff_fffe);
    expect([...last.subarray(4, 8)]).toEqual([0xfe, 0xff, 0xff, 0xff]);
  });

  it.each([-1, 0.5, 2 ** 32, Number.NaN])("has no room for %d as a date", async (seconds) => {
    await expect(gzip(hello, seconds)).rejects.toThrow(RangeError);
  });

  it("leaves the caller's bytes as they were", async () => {
    const bytes = hello.slice();
    await gzip(bytes, 1);
    expect(bytes).toEqual(hello);
  });
});

async function refusal(bytes: Uint8Array, inflatedBytesMax = plenty.inflatedBytesMax) {
  const error = await gunzip(bytes, { inflatedBytesMax }).catch((thrown: unknown) => thrown);
  return error instanceof GzipError ? error.reason : error;
}

/** Bytes that do not compress, the same ones for the same seed. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    return state >>> 24;
  });
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at < 0 ? bytes.length + at : at, (bytes.at(at) ?? 0) ^ 1);
}
