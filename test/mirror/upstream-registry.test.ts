/** Registry files from upstreams of every kind. The fetch is a double; upstream-tcp.test.ts has real sockets. */
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/hex/checksum.ts";
import { gzip } from "../../src/hex/gzip.ts";
import { buildPackage } from "../../src/hex/registry.ts";
import { generateSigningKey, parsePrivateKey } from "../../src/hex/sign.ts";
import {
  fetchRegistryFile,
  type RegistryPath,
  type Upstream,
  type UpstreamLimits,
} from "../../src/mirror/upstream.ts";
import {
  fooFile,
  impatient,
  mtime,
  namesFile,
  packageOf,
  privateKey,
  release,
  upstream,
  versionsFile,
} from "./upstream-world.ts";

interface Asked {
  url: string;
  headers: Record<string, string>;
  redirect: string | undefined;
  signal: AbortSignal | null | undefined;
}

type Answers = (url: string, at: number) => Response | Promise<Response>;

async function get(
  path: RegistryPath,
  answers: Answers,
  more: { etag?: string; upstream?: Partial<Upstream>; limits?: Partial<UpstreamLimits> } = {},
) {
  const asked: Asked[] = [];
  const outcome = await fetchRegistryFile(
    { ...upstream, ...more.upstream },
    path,
    { etag: more.etag ?? null },
    {
      fetch: async (url, { headers, redirect, signal }) => {
        asked.push({ url, headers: Object.fromEntries(new Headers(headers)), redirect, signal });
        return answers(url, asked.length);
      },
      now: Date.now,
      limits: { ...impatient, ...more.limits },
    },
  );
  return { outcome, asked };
}

const foo = "packages/foo";
const ok = (bytes: Uint8Array | ReadableStream, headers: Record<string, string> = {}) =>
  new Response(bytes as BodyInit, { headers });
const status = (code: number, headers: Record<string, string> = {}) =>
  new Response(code === 304 ? null : "what", { status: code, headers });
const never = () => new Promise<never>(() => {});
const invalid = (why: RegExp) => ({ kind: "invalid", why: expect.stringMatching(why) });
const unavailable = (why: RegExp) => ({ kind: "unavailable", why: expect.stringMatching(why) });

describe("a file that is what it should be", () => {
  it("is returned as it was sent, decoded and with its ETag", async () => {
    const { outcome } = await get(foo, () => ok(fooFile, { etag: '"one"' }));
    expect(outcome).toMatchObject({ kind: "fetched", etag: '"one"', bytes: fooFile });
    expect(outcome).toMatchObject({ resource: { name: "foo", releases: [{ version: "1.0.0" }] } });
  });

  it("is found for names and versions too", async () => {
    const names = await get("names", () => ok(namesFile));
    expect(names.outcome).toMatchObject({ etag: null, resource: { packages: [{ name: "foo" }] } });
    const versions = await get("versions", () => ok(versionsFile));
    expect(versions.outcome).toMatchObject({ resource: { packages: [{ versions: ["1.0.0"] }] } });
    expect(versions.asked.map(({ url }) => url)).toEqual(["https://hex.example/base/versions"]);
  });

  it("may come in pieces of one byte", async () => {
    const { outcome } = await get(foo, () => ok(bytewise(fooFile)));
    expect(outcome).toMatchObject({ kind: "fetched", bytes: fooFile });
  });
});

describe("the request", () => {
  it("has our user agent, the key and nothing else, and does not follow redirects by itself", async () => {
    const { asked } = await get(foo, () => ok(fooFile));
    expect(asked).toMatchObject([
      {
        url: "https://hex.example/base/packages/foo",
        headers: {
          "user-agent": "hexedge/0.1",
          "accept-encoding": "identity",
          authorization: "secret",
        },
        redirect: "manual",
      },
    ]);
    expect(Object.keys(asked[0]?.headers ?? {})).toHaveLength(3);
  });

  it("asks whether an ETag still holds, as it was given, when there is one", async () => {
    const { outcome, asked } = await get(foo, () => status(304), { etag: 'W/"one"' });
    expect(outcome).toEqual({ kind: "unchanged" });
    expect(asked[0]?.headers["if-none-match"]).toBe('W/"one"');
  });

  it("has no authorization without a key, and trims the newline of one", async () => {
    const none = await get(foo, () => ok(fooFile), { upstream: { authKey: undefined } });
    expect(none.asked[0]?.headers).not.toHaveProperty("authorization");
    const newline = await get(foo, () => ok(fooFile), { upstream: { authKey: "key\n" } });
    expect(newline.asked[0]?.headers.authorization).toBe("key");
  });

  it("never tells the key that fits into no header", async () => {
    const asking = get(foo, () => ok(fooFile), { upstream: { authKey: "hid\nden" } });
    await expect(asking).rejects.toThrow("The key for the upstream fits into no header");
  });

  it.each([
    ["https://hex.example", "https://hex.example/packages/foo"],
    ["https://hex.example///", "https://hex.example/packages/foo"],
    ["https://hex.example/repos/acme", "https://hex.example/repos/acme/packages/foo"],
    ["https://hex.example:8443/a/?query#hash", "https://hex.example:8443/a/packages/foo"],
  ])("goes under the base URL %s", async (url, expected) => {
    const { asked } = await get(foo, () => status(404), { upstream: { url } });
    expect(asked.map((it) => it.url)).toEqual([expected]);
  });

  it.each([
    ["packages/a/b?c#d%2e", "https://hex.example/base/packages/a%2Fb%3Fc%23d%252e"],
    ["packages/ä é", "https://hex.example/base/packages/%C3%A4%20%C3%A9"],
    ["packages/../names", "https://hex.example/base/packages/..%2Fnames"],
  ] as const)("encodes the name in %s", async (path, expected) => {
    const { asked } = await get(path, () => status(404));
    expect(asked.map((it) => it.url)).toEqual([expected]);
  });

  it.each(["packages/", "packages/.", "packages/..", "packages/\ud800"] as const)(
    "is not made for %j, which no upstream can have",
    async (path) => {
      const { outcome, asked } = await get(path, () => ok(fooFile));
      expect(outcome).toEqual({ kind: "missing" });
      expect(asked).toEqual([]);
    },
  );
});

describe("statuses", () => {
  it.each([403, 404, 410, 451])("%d means that it is not there", async (code) => {
    expect((await get(foo, () => status(code))).outcome).toEqual({ kind: "missing" });
  });

  it.each([204, 206, 300, 400, 401, 407, 418, 429, 500, 502, 503, 504])(
    "%d means that upstream cannot say",
    async (code) => {
      const answer = () => (code === 204 ? new Response(null, { status: 204 }) : status(code));
      const { outcome } = await get(foo, answer);
      expect(outcome).toEqual(unavailable(new RegExp(`answers with status ${code}`)));
    },
  );

  it("304 means nothing when no ETag was sent, or one that no header can carry", async () => {
    expect((await get(foo, () => status(304))).outcome).toEqual(unavailable(/status 304/));
    const odd = await get(foo, () => status(304), { etag: '"o\ndd"' });
    expect(odd.outcome).toEqual(unavailable(/status 304/));
    expect(odd.asked[0]?.headers).not.toHaveProperty("if-none-match");
  });

  it("keeps no ETag that is endless", async () => {
    const { outcome } = await get(foo, () => ok(fooFile, { etag: `"${"x".repeat(1000)}"` }));
    expect(outcome).toMatchObject({ kind: "fetched", etag: null });
  });
});

describe("a file that is not what it should be", () => {
  const other = async (resource: Parameters<typeof buildPackage>[0], key = privateKey) =>
    buildPackage(resource, key, mtime);
  const expectInvalid = async (bytes: Uint8Array, why: RegExp, path: RegistryPath = foo) => {
    const { outcome } = await get(path, () => ok(bytes, { etag: '"one"' }));
    expect(outcome).toEqual(invalid(why));
    expect(Object.keys(outcome).sort()).toEqual(["kind", "why"]);
  };

  it("is refused when another key signed it", async () => {
    const stranger = await parsePrivateKey(await generateSigningKey());
    await expectInvalid(await other(packageOf(release("1.0.0")), stranger), /expected key/);
  });

  it("is refused when it is signed well for another package", async () => {
    await expectInvalid(await other({ ...packageOf(), name: "bar" }), /about bar, not foo/);
  });

  it("is refused when it is signed well for another repository", async () => {
    const bytes = await other({ ...packageOf(), repository: "evil" });
    await expectInvalid(bytes, /speaks for the repository evil, not for acme/);
  });

  it("is refused when it is another kind of file, signed well", async () => {
    await expectInvalid(fooFile, /speaks for the repository foo/, "names");
    await expectInvalid(namesFile, /package/);
    await expectInvalid(namesFile, /another signed file as versions/, "versions");
    const namesake = await other({ ...packageOf(release("1.0.0", 1000)), name: "acme" });
    await expectInvalid(namesake, /another signed file as names/, "names");
    await expectInvalid(namesake, /another signed file as versions/, "versions");
  });

  it("is refused when it is garbage, empty, or cut off at any byte", async () => {
    await expectInvalid(new TextEncoder().encode("<html>log in</html>"), /not exactly one gzip/);
    await expectInvalid(new Uint8Array(), /not exactly one gzip/);
    for (let length = 1; length < fooFile.length; length += 7) {
      await expectInvalid(fooFile.subarray(0, length), /gzip/);
    }
    await expectInvalid(concatBytes([fooFile, fooFile]), /gzip/);
    await expectInvalid(await gzip(new Uint8Array(50), 0), /./);
  });

  it("is refused when any byte of it is changed, or is what was sent", async () => {
    for (let at = 10; at < fooFile.length; at += 13) {
      const bytes = fooFile.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      const { outcome } = await get(foo, () => ok(bytes));
      expect(outcome.kind).toBe("invalid");
    }
  });

  it("is refused when it inflates to more than the limit", async () => {
    const bomb = await gzip(new Uint8Array(17 * 1024 * 1024), 0);
    expect(bomb.length).toBeLessThan(20_000);
    await expectInvalid(bomb, /inflates to more than 16777216/);
  });

  it("is refused with a reason when its own gzip was called a content-encoding", async () => {
    const inflated = new Uint8Array(
      await new Response(
        streamOf(fooFile).pipeThrough(new DecompressionStream("gzip")),
      ).arrayBuffer(),
    );
    // As fetch hands it over: without the gzip, with the headers of before.
    const length = String(fooFile.length);
    const answer = ok(inflated);
    const headers = new Headers({ "content-encoding": "gzip", "content-length": length });
    const { outcome } = await get(foo, () => spoil(answer, { headers }));
    expect(outcome).toEqual(invalid(/calls the file's own gzip a content-encoding \(gzip\)/));
  });

  it("is taken when a proxy compressed it once more, whatever content-length then says", async () => {
    const headers = new Headers({ "content-encoding": "gzip", "content-length": "7" });
    const { outcome } = await get(foo, () => spoil(ok(fooFile), { headers }));
    expect(outcome).toMatchObject({ kind: "fetched", bytes: fooFile });
  });
});

describe("length", () => {
  const saying = (bytes: Uint8Array | ReadableStream, length: number | string) =>
    spoil(ok(bytes), { headers: new Headers({ "content-length": String(length) }) });
  const endless = () =>
    new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve));
        controller.enqueue(new Uint8Array(100));
      },
    });

  it("is looked at before anything is read", async () => {
    let read = false;
    const pull = () => {
      read = true;
    };
    const untouched = new ReadableStream({ pull }, { highWaterMark: 0 });
    const limits = { registryFileBytesMax: 1000 };
    const { outcome, asked } = await get(foo, () => saying(untouched, 1001), { limits });
    expect(outcome).toEqual(invalid(/sends more than 1000 bytes/));
    expect(read).toBe(false);
    expect(asked[0]?.signal?.aborted).toBe(true);
  });

  it("is counted when nobody says it, and reading stops there", async () => {
    const limits = { registryFileBytesMax: 1000 };
    const { outcome, asked } = await get(foo, () => ok(endless()), { limits });
    expect(outcome).toEqual(invalid(/sends more than 1000 bytes/));
    expect(asked[0]?.signal?.aborted).toBe(true);
  });

  it("may not be more than content-length says", async () => {
    const { outcome } = await get(foo, () => saying(fooFile, fooFile.length - 1));
    expect(outcome).toEqual(invalid(/says that it sends \d+ bytes, and sends more/));
    const forEver = await get(foo, () => saying(endless(), 150));
    expect(forEver.outcome).toEqual(invalid(/sends 150 bytes, and sends more/));
  });

  it("may not be less than content-length says", async () => {
    const { outcome } = await get(foo, () => saying(fooFile, fooFile.length + 1));
    expect(outcome).toEqual(unavailable(/broke off after \d+ of \d+ bytes/));
  });

  it("is anything when content-length is no number", async () => {
    for (const length of ["-5", "many", "1e3"]) {
      const { outcome } = await get(foo, () => saying(fooFile, length));
      expect(outcome.kind).toBe("fetched");
    }
  });
});

describe("time and the connection", () => {
  it("is not waited for when nothing comes", async () => {
    const { outcome, asked } = await get(foo, never);
    expect(outcome).toEqual(unavailable(/gives no answer for 150 ms/));
    expect(asked[0]?.signal?.aborted).toBe(true);
  });

  it("is not waited for when the body never begins, or stops", async () => {
    const silent = new ReadableStream({ pull: never });
    expect((await get(foo, () => ok(silent))).outcome).toEqual(unavailable(/stops .* 150 ms/));
    const half = new ReadableStream({
      start: (controller) => controller.enqueue(fooFile.slice(0, 50)),
      pull: never,
    });
    expect((await get(foo, () => ok(half))).outcome).toEqual(unavailable(/stops .* 150 ms/));
  });

  it("is not waited for when bytes dribble for longer than all may take", async () => {
    const dribble = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        controller.enqueue(new Uint8Array(1));
      },
    });
    const { outcome } = await get(foo, () => ok(dribble));
    expect(outcome).toEqual(unavailable(/not done after 600 ms/));
  });

  it("counts the redirects into the time that all may take", async () => {
    const slow = async (url: string) => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      return status(302, { location: url });
    };
    const { outcome } = await get(foo, slow, { limits: { wholeMs: 200 } });
    expect(outcome).toEqual(unavailable(/not done after 200 ms/));
  });

  it("says why upstream cannot be reached", async () => {
    const { outcome } = await get(foo, () => {
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    });
    expect(outcome).toEqual(unavailable(/cannot be reached: connect ECONNREFUSED/));
  });

  it("is broken off in the middle", async () => {
    let count = 0;
    const broken = new ReadableStream({
      pull(controller) {
        if (count++ === 0) controller.enqueue(fooFile.slice(0, 50));
        else controller.error(new Error("Network connection lost."));
      },
    });
    const { outcome } = await get(foo, () => ok(broken));
    expect(outcome).toEqual(unavailable(/broke off: Network connection lost/));
  });
});

describe("redirects", () => {
  const to = (location: string, code = 302) =>
    ((_url, at) => (at === 1 ? status(code, { location }) : ok(fooFile))) satisfies Answers;

  it.each([301, 302, 303, 307, 308])("are followed to the same host, with %d", async (code) => {
    const { outcome, asked } = await get(foo, to("/else/where", code));
    expect(outcome.kind).toBe("fetched");
    expect(asked[1]).toMatchObject({
      url: "https://hex.example/else/where",
      headers: { authorization: "secret" },
    });
  });

  it.each(["https://cdn.example/x", "https://files.example:8443/x"])(
    "are followed to the allowed %s, without the key",
    async (location) => {
      const { outcome, asked } = await get(foo, to(location), { etag: '"one"' });
      expect(outcome.kind).toBe("fetched");
      expect(asked[1]?.headers).not.toHaveProperty("authorization");
      expect(asked[1]?.headers["if-none-match"]).toBe('"one"');
    },
  );

  it("give the key again to upstream itself, when an allowed host sends us back", async () => {
    const { asked } = await get(foo, (_url, at) =>
      at === 1
        ? status(302, { location: "https://cdn.example/x" })
        : at === 2
          ? status(302, { location: "https://hex.example/y" })
          : ok(fooFile),
    );
    expect(asked.map((it) => it.headers.authorization)).toEqual(["secret", undefined, "secret"]);
  });

  it("may make the connection safer, and then the key is not sent, for it is another origin", async () => {
    const url = "http://hex.example";
    const { outcome, asked } = await get(foo, to("https://hex.example/x"), { upstream: { url } });
    expect(outcome.kind).toBe("fetched");
    expect(asked[1]?.headers).not.toHaveProperty("authorization");
  });

  it.each([
    ["https://evil.example/x", /to evil.example, which is not allowed/],
    ["//evil.example/x", /to evil.example/],
    ["https://hex.example:444/x", /to hex.example:444/],
    ["https://hex.example.evil.example/x", /not allowed/],
    ["https://hex.example@evil.example/x", /with a password/],
    ["https://user:pass@hex.example/x", /with a password/],
    ["https://files.example/x", /to files.example/],
    ["http://hex.example/x", /from https: to http:/],
    ["http://cdn.example/x", /from https: to http:/],
    ["http://169.254.169.254/latest", /from https: to http:/],
    ["file:///etc/passwd", /to file:/],
    ["data:text/plain,hello", /to data:/],
    ["http://[", /to nowhere/],
  ])("are not followed to %s", async (location, why) => {
    const { outcome, asked } = await get(foo, to(location));
    expect(outcome).toEqual(unavailable(why));
    expect(asked).toHaveLength(1);
  });

  it("are not followed without an address", async () => {
    expect((await get(foo, () => status(302))).outcome).toEqual(unavailable(/to nowhere/));
  });

  it("are followed three times, not four, and not for ever", async () => {
    const hops =
      (count: number): Answers =>
      (url, at) =>
        at <= count ? status(302, { location: `${url}x` }) : ok(fooFile);
    expect((await get(foo, hops(3))).outcome.kind).toBe("fetched");
    expect((await get(foo, hops(4))).outcome).toEqual(unavailable(/more than 3 times/));
    const loop = await get(foo, (url) => status(302, { location: url }));
    expect(loop.outcome).toEqual(unavailable(/more than 3 times/));
    expect(loop.asked).toHaveLength(4);
  });

  it("may have a body that never ends", async () => {
    const body = () => new ReadableStream({ pull: never, cancel: never });
    const { outcome } = await get(foo, (_url, at) =>
      at === 1 ? new Response(body(), { status: 302, headers: { location: "/x" } }) : ok(fooFile),
    );
    expect(outcome.kind).toBe("fetched");
  });
});

/** The same body under headers that a Response would not take with it. */
function spoil(answer: Response, { headers }: { headers: Headers }): Response {
  return new Proxy(answer, {
    get: (target, key) => (key === "headers" ? headers : Reflect.get(target, key, target)),
  });
}

function streamOf(bytes: Uint8Array): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.slice());
      controller.close();
    },
  });
}

function bytewise(bytes: Uint8Array): ReadableStream {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, ++at));
      else controller.close();
    },
  });
}
