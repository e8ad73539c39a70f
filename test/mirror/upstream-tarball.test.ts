/** Tarballs and docs from upstreams of every kind, and readers of every kind. */
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { concatBytes, sameBytes, sha256 } from "../../src/hex/checksum.ts";
import {
  fetchDocs,
  fetchTarball,
  type TarballEnd,
  type TarballFetch,
  type Upstream,
  type UpstreamLimits,
} from "../../src/mirror/upstream.ts";
import { tar } from "../support/tarball.ts";
import { impatient, noise, tarball, tarballChecksum, upstream } from "./upstream-world.ts";

interface More {
  name?: string;
  version?: string;
  checksum?: Uint8Array;
  limits?: Partial<UpstreamLimits>;
  upstream?: Partial<Upstream>;
}

const options = (answer: (url: string) => Response | Promise<Response>, more: More) => ({
  fetch: async (url: string) => answer(url),
  now: Date.now,
  limits: { ...impatient, ...more.limits },
});

const get = (answer: (url: string) => Response | Promise<Response>, more: More = {}) =>
  fetchTarball(
    { ...upstream, ...more.upstream },
    more.name ?? "foo",
    more.version ?? "1.0.0",
    more.checksum ?? tarballChecksum,
    options(answer, more),
  );

const docs = (answer: (url: string) => Response | Promise<Response>, more: More = {}) =>
  fetchDocs(upstream, more.name ?? "foo", more.version ?? "1.0.0", options(answer, more));

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const never = () => new Promise<never>(() => {});

/** An answer that comes in these pieces, and then ends as `end` does. */
function sending(
  pieces: Iterable<Uint8Array>,
  more: { end?: () => Promise<unknown>; length?: number; pauseMs?: number; status?: number } = {},
): Response {
  const iterator = pieces[Symbol.iterator]();
  const body = new ReadableStream({
    async pull(controller) {
      if (more.pauseMs !== undefined) await pause(more.pauseMs);
      const { done, value } = iterator.next();
      if (!done) return controller.enqueue(value.slice());
      await more.end?.();
      controller.close();
    },
  });
  const headers = more.length === undefined ? {} : { "content-length": String(more.length) };
  const answer = new Response(body, { status: more.status ?? 200 });
  const seen = new Headers(headers);
  return new Proxy(answer, {
    get: (target, key) => (key === "headers" ? seen : Reflect.get(target, key, target)),
  });
}

function* chunksOf(bytes: Uint8Array, sizeBytes = 10_000) {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}

function streaming(fetched: TarballFetch) {
  if (fetched.kind !== "streaming") throw new Error(`is ${JSON.stringify(fetched)}`);
  return fetched;
}

function complete(end: TarballEnd): Uint8Array {
  if (end.kind !== "complete") throw new Error(`is ${JSON.stringify(end)}`);
  return end.bytes;
}

/** Else a difference is printed byte by byte. */
function expectBytes(got: Uint8Array | undefined, expected: Uint8Array): void {
  expect(got?.length).toBe(expected.length);
  expect(sameBytes(got ?? new Uint8Array(), expected)).toBe(true);
}

/** All that a reader gets, and what it then sees. */
async function read(body: ReadableStream<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { bytes: concatBytes(chunks), error };
}

async function restOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
  }
  return concatBytes(chunks);
}

/** What came of it for both who look; the reader never has all that was sent. */
async function expectSpoiled(answer: Response, kind: string, why: RegExp, more: More = {}) {
  const { body, done } = streaming(await get(() => answer, more));
  const [got, end] = await Promise.all([read(body), done]);
  expect(end).toEqual({ kind, why: expect.stringMatching(why) });
  expect(got.error).toBeInstanceOf(Error);
  expect(got.bytes.length).toBeLessThanOrEqual(tarball.length - 64 * 1024);
  return got;
}

describe("a tarball that is right", () => {
  it("goes through whole, and is there to be kept", async () => {
    const answer = sending(chunksOf(tarball), { length: tarball.length });
    const { body, sizeBytes, done } = streaming(await get(() => answer));
    expect(sizeBytes).toBe(tarball.length);
    const got = await read(body);
    expect(got.error).toBeUndefined();
    expectBytes(got.bytes, tarball);
    expectBytes(complete(await done), tarball);
  });

  it("goes through without content-length, in one piece, and in pieces of any size", async () => {
    for (const size of [tarball.length, 100_000, 65_536, 777]) {
      const fetched = streaming(await get(() => sending(chunksOf(tarball, size))));
      expect(fetched.sizeBytes).toBeNull();
      expectBytes((await read(fetched.body)).bytes, tarball);
      expect((await fetched.done).kind).toBe("complete");
    }
  });

  it("is read while it is still coming in, but for its last 64 KiB", async () => {
    const { promise: rest, resolve: sendRest } = Promise.withResolvers<void>();
    const answer = sending([tarball.subarray(0, 200_000)], { end: () => rest });
    const { body, done } = streaming(
      await get(() => answer, { checksum: await sha256(tarball.subarray(0, 200_000)) }),
    );
    const reader = body.getReader();
    let gotBytes = 0;
    while (gotBytes < 200_000 - 65_536) gotBytes += (await reader.read()).value?.length ?? 0;
    expect(gotBytes).toBe(200_000 - 65_536);
    const next = reader.read();
    expect(await Promise.race([next, pause(50)])).toBeUndefined();
    sendRest();
    gotBytes += (await next).value?.length ?? 0;
    gotBytes += (await restOf(reader)).length;
    expect(gotBytes).toBe(200_000);
    expect((await done).kind).toBe("complete");
  });

  it("goes out only when all of it is right, if it has no more than 64 KiB", async () => {
    const bytes = noise(65_536);
    const answer = sending(chunksOf(bytes), { end: () => pause(100) });
    const { body, done } = streaming(await get(() => answer, { checksum: await sha256(bytes) }));
    const reader = body.getReader();
    const first = reader.read();
    expect(await Promise.race([first, pause(50)])).toBeUndefined();
    expectBytes(
      concatBytes([(await first).value ?? new Uint8Array(), await restOf(reader)]),
      bytes,
    );
    expect((await done).kind).toBe("complete");
  });

  it("may be empty, if the registry says so", async () => {
    const checksum = await sha256(new Uint8Array());
    const { body, done } = streaming(await get(() => sending([]), { checksum }));
    expect(await read(body)).toEqual({ bytes: new Uint8Array(), error: undefined });
    expect(await done).toEqual({ kind: "complete", bytes: new Uint8Array() });
  });

  it("is asked for under its encoded name", async () => {
    const urls: string[] = [];
    const answer = (url: string) => {
      urls.push(url);
      return new Response(null, { status: 404 });
    };
    expect(await get(answer, { version: "1.0.0-rc.1+a/b" })).toEqual({ kind: "missing" });
    expect(await docs(answer, { version: "1.0.0+x" })).toEqual({ kind: "missing" });
    expect(urls).toEqual([
      "https://hex.example/base/tarballs/foo-1.0.0-rc.1%2Ba%2Fb.tar",
      "https://hex.example/base/docs/foo-1.0.0%2Bx.tar.gz",
    ]);
  });
});

describe("a reader", () => {
  const right = () => sending(chunksOf(tarball), { length: tarball.length });

  it("that never reads does not keep it from being kept", async () => {
    const { done } = streaming(await get(right));
    expect((await done).kind).toBe("complete");
  });

  it("that goes away at once, or in the middle, does not either", async () => {
    const gone = streaming(await get(right));
    await gone.body.cancel();
    expect((await gone.done).kind).toBe("complete");

    const left = streaming(await get(right));
    const reader = left.body.getReader();
    await reader.read();
    await reader.cancel("enough");
    expect((await left.done).kind).toBe("complete");
  });

  it("that goes away while it waits does not either", async () => {
    const { body, done } = streaming(
      await get(() => sending(chunksOf(tarball), { end: () => pause(80) })),
    );
    const reader = body.getReader();
    let gotBytes = 0;
    while (gotBytes < tarball.length - 65_536) gotBytes += (await reader.read()).value?.length ?? 0;
    const waiting = reader.read();
    await reader.cancel();
    expect((await waiting).done).toBe(true);
    expect((await done).kind).toBe("complete");
  });

  it("that is slow does not slow the keeping, and still gets everything", async () => {
    const { body, done } = streaming(await get(right));
    expect((await done).kind).toBe("complete");
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) {
      await pause(5);
      chunks.push(chunk);
    }
    expectBytes(concatBytes(chunks), tarball);
  });

  it("may bring its own buffer", async () => {
    const { body } = streaming(await get(right));
    const reader = body.getReader({ mode: "byob" });
    const chunks: Uint8Array[] = [];
    while (true) {
      const { done, value } = await reader.read(new Uint8Array(50_000));
      if (done) break;
      chunks.push(value.slice());
    }
    expectBytes(concatBytes(chunks), tarball);
  });

  it("may be a Response", async () => {
    const { body } = streaming(await get(right));
    expectBytes(new Uint8Array(await new Response(body).arrayBuffer()), tarball);
  });

  it("that comes after it went wrong sees an error and not one byte", async () => {
    const { body, done } = streaming(await get(() => sending(chunksOf(tarball.subarray(1)))));
    expect((await done).kind).toBe("invalid");
    const got = await read(body);
    expect(got.bytes.length).toBe(0);
    expect(got.error).toBeInstanceOf(Error);
  });
});

describe("a tarball that is wrong", () => {
  const brokenOff = () => Promise.reject(new Error("Network connection lost."));

  it("never reaches a reader whole: another one", async () => {
    const other = tarball.slice();
    other[150_000] = (other[150_000] ?? 0) ^ 1;
    await expectSpoiled(sending(chunksOf(other)), "invalid", /checksum is .*registry says/);
    await expectSpoiled(sending([other]), "invalid", /checksum/);
  });

  it("one that is wrong in its last byte alone", async () => {
    const other = tarball.slice();
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    const got = await expectSpoiled(sending(chunksOf(other)), "invalid", /checksum/);
    expectBytes(got.bytes, tarball.subarray(0, got.bytes.length));
  });

  it("one that is empty", async () => {
    await expectSpoiled(sending([]), "invalid", /checksum/);
    await expectSpoiled(new Response(null), "invalid", /checksum/);
  });

  it("one that ends early, with and without content-length", async () => {
    for (const length of [1, 1000, tarball.length - 1]) {
      const pieces = () => chunksOf(tarball.subarray(0, length));
      await expectSpoiled(sending(pieces()), "invalid", /checksum/);
      const said = sending(pieces(), { length: tarball.length });
      await expectSpoiled(said, "unavailable", /broke off after \d+ of 300000 bytes/);
    }
  });

  it("one that is longer, with and without content-length", async () => {
    const longer = concatBytes([tarball, Uint8Array.of(0)]);
    const { body, done } = streaming(await get(() => sending(chunksOf(longer))));
    const got = await read(body);
    expect(got.error).toBeInstanceOf(Error);
    expect(got.bytes.length).toBeLessThan(tarball.length);
    expect(await done).toMatchObject({ kind: "invalid", why: expect.stringMatching(/checksum/) });
    const said = sending(chunksOf(longer), { length: tarball.length });
    await expectSpoiled(said, "invalid", /says that it sends 300000 bytes, and sends more/);
  });

  it("one that is broken off", async () => {
    const half = () => sending(chunksOf(tarball.subarray(0, 150_000)), { end: brokenOff });
    await expectSpoiled(half(), "unavailable", /broke off: Network connection lost/);
    await expectSpoiled(sending([], { end: brokenOff }), "unavailable", /broke off/);
    const whole = sending(chunksOf(tarball), { end: brokenOff });
    await expectSpoiled(whole, "unavailable", /broke off/);
  });

  it("one that stops", async () => {
    await expectSpoiled(sending([], { end: never }), "unavailable", /stops .* for 150 ms/);
    const half = sending(chunksOf(tarball.subarray(0, 150_000)), { end: never });
    await expectSpoiled(half, "unavailable", /stops .* for 150 ms/);
  });

  it("one that dribbles", async () => {
    const dribble = sending(chunksOf(tarball, 100), { pauseMs: 40 });
    await expectSpoiled(dribble, "unavailable", /not done after 600 ms/);
  });

  it("one that is too big, before or while it is read", async () => {
    const limits = { tarballBytesMax: 100_000 };
    const said = await get(() => sending([], { length: 100_001 }), { limits });
    expect(said).toEqual({ kind: "invalid", why: expect.stringMatching(/more than 100000 bytes/) });
    const unsaid = sending(chunksOf(tarball));
    await expectSpoiled(unsaid, "invalid", /more than 100000 bytes/, { limits });
    function* endless() {
      while (true) yield tarball.subarray(0, 10_000);
    }
    const never = await get(() => sending(endless()), { limits: { wholeMs: 20_000 } });
    const { body, done } = streaming(never);
    expect((await read(body)).error).toBeInstanceOf(Error);
    expect(await done).toMatchObject({ why: expect.stringMatching(/more than 16777216 bytes/) });
  });
});

describe("no tarball at all", () => {
  const unavailable = (why: RegExp) => ({ kind: "unavailable", why: expect.stringMatching(why) });

  it("is missing, or upstream cannot say", async () => {
    for (const status of [403, 404, 410]) {
      expect(await get(() => sending([], { status }))).toEqual({ kind: "missing" });
    }
    for (const status of [304, 401, 429, 500, 503]) {
      const answer = () => new Response(null, { status });
      expect(await get(answer)).toEqual(unavailable(new RegExp(`status ${status}`)));
    }
    expect(await get(never)).toEqual(unavailable(/no answer for 150 ms/));
    const refused = () => Promise.reject(new Error("ECONNREFUSED"));
    expect(await get(refused)).toEqual(unavailable(/cannot be reached: ECONNREFUSED/));
  });

  it("is looked for where an allowed redirect says, and nowhere else", async () => {
    const at = (location: string) => (url: string) =>
      url.startsWith("https://hex.example/base/")
        ? new Response(null, { status: 302, headers: { location } })
        : sending(chunksOf(tarball));
    const followed = streaming(await get(at("https://cdn.example/x")));
    expect((await followed.done).kind).toBe("complete");
    expect(await get(at("https://evil.example/x"))).toEqual(unavailable(/evil.example/));
  });
});

describe("docs", () => {
  const right = gzipSync(tar([{ path: "index.html", bytes: noise(100_000) }]), { mtime: 0 });
  const spoiled = async (bytes: Uint8Array, why: RegExp) => {
    const { body, done } = streaming(await docs(() => sending(chunksOf(bytes))));
    expect((await read(body)).error).toBeInstanceOf(Error);
    expect(await done).toEqual({ kind: "invalid", why: expect.stringMatching(why) });
  };

  it("go through when they are whole", async () => {
    const { body, done } = streaming(await docs(() => sending(chunksOf(right))));
    expectBytes((await read(body)).bytes, right);
    expectBytes(complete(await done), right);
  });

  it("do not, when they end early, by content-length or by their own end", async () => {
    const half = right.subarray(0, right.length - 9);
    await spoiled(half, /The docs are refused/);
    const { done } = streaming(await docs(() => sending(chunksOf(half), { length: right.length })));
    expect(await done).toMatchObject({ kind: "unavailable", why: expect.stringMatching(/off/) });
  });

  it("do not, when they are garbage, longer, or a weapon", async () => {
    await spoiled(new TextEncoder().encode("<html>"), /The docs are refused/);
    await spoiled(new Uint8Array(), /The docs are refused/);
    await spoiled(concatBytes([right, right]), /The docs are refused/);
    await spoiled(gzipSync(tar([{ path: "../../etc/passwd" }])), /The docs are refused/);
    await spoiled(gzipSync(new Uint8Array(140 * 1024 * 1024)), /The docs are refused/);
  });
});
