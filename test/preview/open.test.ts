import { describe, expect, it } from "vitest";
import { openLimits, openRelease } from "../../src/preview/open.ts";
import { packageTarball, put, tar } from "../support/tarball.ts";
import { bucketWith, contentsOf, file } from "./archive.ts";

const contents = contentsOf(file("mix.exs", "hello"));
const tarball = await packageTarball({ contents, metadataText: '{<<"name">>,<<"foo">>}.\n' });

function inPieces(bytes: Uint8Array, pieceBytes: number, onCancel = () => {}) {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
    },
    cancel: onCancel,
  });
}

async function opened(...args: Parameters<typeof openRelease>) {
  const release = await openRelease(...args);
  if (!release || !("contents" in release)) throw new Error(JSON.stringify(release));
  return release;
}

describe("a release that is opened", () => {
  it.each([
    ["bytes", tarball],
    ["a stream", inPieces(tarball, 700)],
  ])("is taken apart, from %s", async (_, body) => {
    const release = await opened(bucketWith(tarball, { body }), "key");
    expect(release.contents).toEqual(contents);
    expect(new TextDecoder().decode(release.metadata)).toBe('{<<"name">>,<<"foo">>}.\n');
    release.close();
  });

  it("is not there when nothing is", async () => {
    expect(await openRelease(bucketWith(tarball), "other")).toBeUndefined();
  });

  it("is refused when it is larger than any may be, and its stream is let go", async () => {
    let cancelled = false;
    const body = inPieces(tarball, 100, () => {
      cancelled = true;
    });
    const limits = { ...openLimits, tarballBytesMax: tarball.length - 1 };
    expect(await openRelease(bucketWith(tarball, { body }), "key", limits)).toEqual({
      refused: "too_big",
      sizeBytes: tarball.length,
    });
    expect(cancelled).toBe(true);
  });

  it("is refused while too many are open, and not any more when one was closed", async () => {
    const limits = { ...openLimits, bytesAtOnceMax: 2 * tarball.length };
    const bucket = bucketWith(tarball);
    const [one, two] = [await opened(bucket, "key", limits), await opened(bucket, "key", limits)];
    expect(await openRelease(bucket, "key", limits)).toEqual({ refused: "busy" });
    one.close();
    one.close();
    const three = await opened(bucket, "key", limits);
    expect(await openRelease(bucket, "key", limits)).toEqual({ refused: "busy" });
    two.close();
    three.close();
  });

  it("leaves room for those who take a moment, however many readers are slow", async () => {
    const all = { bytesAtOnceMax: 3 * tarball.length, bytesStreamedMax: 2 * tarball.length };
    const bucket = bucketWith(tarball);
    const open = () => opened(bucket, "key", { ...openLimits, ...all });
    const [one, two] = [await open(), await open()];
    expect([one.stream(), two.stream()]).toEqual([true, true]);
    const three = await open();
    expect(three.stream()).toBe(false);
    one.close();
    expect(three.stream()).toBe(true);
    for (const it of [two, three]) it.close();
  });

  it("does not count for ever when nobody closes it", async () => {
    const limits = { ...openLimits, bytesAtOnceMax: tarball.length, heldMsMax: 20 };
    const bucket = bucketWith(tarball);
    await opened(bucket, "key", limits);
    expect(await openRelease(bucket, "key", limits)).toEqual({ refused: "busy" });
    await new Promise((resolve) => setTimeout(resolve, 40));
    (await opened(bucket, "key", limits)).close();
  });

  it.each<[string, Uint8Array, string]>([
    ["is cut off", tarball.slice(0, 2000), "unexpected end of file"],
    ["is no tar", new Uint8Array(1024).fill(7), "not a ustar header"],
    ["is empty", new Uint8Array(), "unexpected end of file"],
    ["has no contents", tar([file("metadata.config")]), "files are missing in it"],
    [
      "has a wrong checksum in a header",
      tar([{ ...file("metadata.config"), spoil: put(257, "?") }]),
      "not a ustar header",
    ],
  ])("says so when it %s, and counts no more", async (_, bytes, damaged) => {
    const limits = { ...openLimits, bytesAtOnceMax: bytes.length };
    for (let times = 0; times < 2; times++) {
      expect(await openRelease(bucketWith(bytes), "key", limits)).toEqual({ damaged });
    }
  });

  it.each([-1, 1])("says so when its stream is %i bytes longer than its size", async (more) => {
    const sizeBytes = tarball.length - more;
    const body = inPieces(tarball, 700);
    expect(await openRelease(bucketWith(tarball, { body, sizeBytes }), "key")).toEqual({
      damaged: "not as long as its size says",
    });
  });

  it("counts no more when storage breaks off", async () => {
    const limits = { ...openLimits, bytesAtOnceMax: tarball.length };
    const body = new ReadableStream<Uint8Array>({
      pull: () => Promise.reject(new Error("storage is gone")),
    });
    const bucket = bucketWith(tarball, { body });
    await expect(openRelease(bucket, "key", limits)).rejects.toThrow("storage is gone");
    (await opened(bucketWith(tarball), "key", limits)).close();
  });
});
