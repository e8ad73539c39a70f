import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { asksForErlang, erlangType, read } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";
import { registryWith } from "./registry.ts";

const tarballBytesMax = 16 * 1024 * 1024;
const foo = "/packages/foo/releases/1.0.0";
/** Every route that takes a body, and how much it takes. */
const uploads: [string, number][] = [
  ["/publish", tarballBytesMax],
  ["/packages/foo/releases", tarballBytesMax],
  [`${foo}/docs`, tarballBytesMax],
  [`${foo}/retire`, 64 * 1024],
];

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a body that is too large", () => {
  it.each(uploads)(
    "by its declared length is refused before a byte of it is read: %s",
    async (path, bytesMax) => {
      const it = await worldWithFoo();
      const before = await storedFiles(it);
      const upload = bodyOf(bytesMax + 1);
      const headers = { ...asksForErlang, "content-length": String(bytesMax + 1) };
      const response = await post(it, path, upload.stream, headers);
      expect(upload.piecesRead()).toBe(0);
      await expectTooLarge(response, bytesMax);
      expect(await storedFiles(it)).toEqual(before);
      await expectSound(it);
    },
  );

  it.each(uploads)(
    "and of no declared length is refused where it passes the limit: %s",
    async (path, bytesMax) => {
      const it = await worldWithFoo();
      const before = await storedFiles(it);
      const upload = bodyOf(Number.POSITIVE_INFINITY);
      const response = await post(it, path, upload.stream, asksForErlang);
      expect(upload.piecesRead()).toBe(bytesMax / pieceBytes + 1);
      expect(upload.isCancelled()).toBe(true);
      await expectTooLarge(response, bytesMax);
      expect(await storedFiles(it)).toEqual(before);
      await expectSound(it);
    },
  );

  it.each(uploads)(
    "and is longer than it declared is refused all the same: %s",
    async (path, bytesMax) => {
      const it = await worldWithFoo();
      const upload = bodyOf(Number.POSITIVE_INFINITY);
      const headers = { ...asksForErlang, "content-length": "10" };
      await expectTooLarge(await post(it, path, upload.stream, headers), bytesMax);
    },
  );

  it("is not read at all for whoever may not upload, or where nothing is", async () => {
    const it = await worldWithFoo();
    for (const [path, authorization, status] of [
      ["/publish", "", 401],
      ["/publish", "wrong", 401],
      [`${foo}/docs`, "", 401],
      [`${foo}/retire`, "", 401],
      ["/nothing", env.ADMIN_KEY, 404],
      ["/packages/foo", env.ADMIN_KEY, 405],
      ["/packages/Foo/releases/1.0.0/docs", env.ADMIN_KEY, 404],
      ["/packages/foo/releases/1.0/retire", env.ADMIN_KEY, 400],
    ] as const) {
      const upload = bodyOf(Number.POSITIVE_INFINITY);
      const headers = { ...asksForErlang, authorization, "cf-connecting-ip": "nobody reads" };
      const response = await post(it, path, upload.stream, headers);
      expect([path, response.status, upload.piecesRead()]).toEqual([path, status, 0]);
    }
  });
});

describe("more calls of the API in a minute than [vars.LIMITS] allows", () => {
  const ask = registryWith({ LIMITS: { api_per_minute: 3 } });
  const minute = Date.UTC(2026, 0, 1);
  const at = (ms: number) => vi.spyOn(Date, "now").mockReturnValue(minute + ms);
  const leftOf = ({ headers }: Response) =>
    ["limit", "remaining", "reset"].map((name) => Number(headers.get(`x-ratelimit-${name}`)));
  const reset = minute / 1000 + 60;

  it("are refused until the next one, and each answer says how many are left", async () => {
    const it = await worldWithFoo();
    const ann = await user(it, "read");
    const path = `/api/repos/${it.repository}/packages/foo`;
    at(1000);
    for (const remaining of [2, 1, 0]) {
      const response = await ask(path, { key: ann.key });
      expect([response.status, ...leftOf(response)]).toEqual([200, 3, remaining, reset]);
    }
    const refused = await ask(path, { key: ann.key, headers: asksForErlang });
    expect([refused.status, ...leftOf(refused)]).toEqual([429, 3, 0, reset]);
    expect(refused.headers.get("retry-after")).toBe("59");
    const message = `API rate limit exceeded for user ${ann.name}`;
    expect(await read(refused)).toEqual({ status: 429, message });
    at(60_000);
    expect((await ask(path, { key: ann.key })).status).toBe(200);
  });

  it("are counted by account, whichever of its keys, and without one by address", async () => {
    const it = await worldWithFoo({ public: true });
    const [ann, bob] = [await user(it, "read"), await user(it, "read")];
    const another = await ann.with("api:read");
    const path = `/api/repos/${it.repository}/packages/foo`;
    at(120_000);
    const call = async (who: { key?: string; headers?: Record<string, string> }) =>
      (await ask(path, who)).status;
    const statuses = async (who: Parameters<typeof call>[0]) => [await call(who), await call(who)];
    expect(await statuses({ key: ann.key })).toEqual([200, 200]);
    expect(await statuses({ key: another.key })).toEqual([200, 429]);
    expect(await call({ key: bob.key })).toBe(200);
    const from = (address: string) => ({ headers: { "cf-connecting-ip": address } });
    expect(await statuses(from("198.51.100.1"))).toEqual([200, 200]);
    expect(await statuses(from("198.51.100.1"))).toEqual([200, 429]);
    expect(await call(from("198.51.100.2"))).toBe(200);
  });

  it("are 422 to uploads, because rebar3 prints Published after a 429", async () => {
    const it = await worldWithFoo();
    const ann = await user(it, "write");
    at(180_000);
    const before = await storedFiles(it);
    const upload = async (path: string) => {
      const body = await packageTarball({ name: "foo", version: "2.0.0" });
      const url = `/api/repos/${it.repository}${path}`;
      return ask(url, { method: "POST", key: ann.key, body });
    };
    for (let calls = 0; calls < 3; calls++) {
      await ask(`/api/repos/${it.repository}${foo}`, { key: ann.key });
    }
    for (const path of ["/publish?replace=true", "/packages/foo/releases", `${foo}/docs`]) {
      const response = await upload(path);
      const message = `API rate limit exceeded for user ${ann.name}`;
      expect([path, await read(response)]).toEqual([path, { status: 422, message }]);
    }
    expect((await upload(`${foo}/retire`)).status).toBe(429);
    expect(await storedFiles(it)).toEqual(before);
    at(240_000);
    expect((await upload("/publish")).status).toBe(201);
    await expectSound(it);
  });

  it("do not keep out the admin, nor anyone from files", async () => {
    const it = await worldWithFoo();
    const ann = await user(it, "read");
    at(300_000);
    for (let calls = 0; calls < 5; calls++) {
      const path = `/repos/${it.repository}/packages/foo`;
      const admin = await ask(`/api${path}`, { key: env.ADMIN_KEY });
      expect([admin.status, admin.headers.get("x-ratelimit-limit")]).toEqual([200, null]);
      expect((await ask(path, { key: ann.key })).status).toBe(200);
    }
  });
});

describe("a body of the largest size", () => {
  it("is read, and judged by what is in it", async () => {
    const it = await worldWithFoo();
    for (const [path, bytesMax] of uploads.slice(0, 3)) {
      for (const headers of [{}, { "content-length": String(bytesMax) }]) {
        const response = await post(it, path, bodyOf(bytesMax).stream, {
          ...headers,
          ...asksForErlang,
        });
        expect([path, response.status]).toEqual([path, 422]);
        expect(Object.keys((await read(response)).errors ?? {})).toEqual(["tar"]);
      }
    }
    await expectSound(it);
  });

  it("is published when it is a release", async () => {
    const it = await world();
    const small = await packageTarball({ contents: await contentsOf(0) });
    const tarball = await packageTarball({
      contents: await contentsOf(tarballBytesMax - small.length),
    });
    expect(tarball.length).toBeGreaterThan(tarballBytesMax - 64 * 1024);
    expect(tarball.length).toBeLessThanOrEqual(tarballBytesMax);
    expect((await it.admin.upload(tarball)).status).toBe(201);
    await expectSound(it);
  });
});

describe("too many uploads at once", () => {
  it("are told to come back in a moment, and nothing is kept of them", async () => {
    const it = await worldWithFoo();
    const before = await storedFiles(it);
    const waiting = [endless(), endless(), endless()];
    const answers = waiting.map(({ stream }) => post(it, "/publish", stream));
    await vi.waitFor(() => expect(waiting.every(({ isRead }) => isRead())).toBe(true));

    for (const [path] of uploads) {
      const upload = bodyOf(Number.POSITIVE_INFINITY);
      const response = await post(it, path, upload.stream, asksForErlang);
      expect([path, response.status, upload.piecesRead()]).toEqual([path, 503, 0]);
      expect(response.headers.get("retry-after")).toBe("2");
      expect(await read(response)).toEqual({
        status: 503,
        message: "Too many uploads at once: try again in a moment",
      });
    }
    // Nothing but uploads waits for them.
    expect((await it.admin.api("/packages/foo")).status).toBe(200);
    expect((await it.admin.unretire("foo", "1.0.0")).status).toBe(204);

    for (const { close } of waiting) close();
    for (const answer of answers) expect((await answer).status).toBe(422);
    expect(await storedFiles(it)).toEqual(before);
    expect((await it.admin.publish({ version: "1.1.0" })).status).toBe(201);
    await expectSound(it);
  });

  it("leave room again however they end", async () => {
    const it = await worldWithFoo();
    for (let round = 0; round < 5; round++) {
      const [broken, silent] = [endless(), endless()];
      const answers = [post(it, "/publish", broken.stream), post(it, "/publish", silent.stream)];
      await vi.waitFor(() => expect(broken.isRead() && silent.isRead()).toBe(true));
      broken.fail();
      silent.close();
      for (const answer of answers) expect((await answer).status).toBe(422);
      const tooLarge = await post(it, "/publish", bodyOf(Number.POSITIVE_INFINITY).stream);
      expect(tooLarge.status).toBe(413);
      const faulty = { ...env, REPOSITORY: {} as unknown as Env["REPOSITORY"] };
      vi.spyOn(console, "error").mockImplementation(() => {});
      const body = (await packageTarball()) as BodyInit;
      expect((await post(it, "/publish", body, {}, faulty)).status).toBe(500);
    }
  });

  it("count no longer than ten minutes: of some, the end is never heard", async () => {
    const it = await worldWithFoo();
    vi.useFakeTimers({ toFake: ["Date"] });
    const waiting = [endless(), endless(), endless()];
    const answers = waiting.map(({ stream }) => post(it, "/publish", stream));
    await vi.waitFor(() => expect(waiting.every(({ isRead }) => isRead())).toBe(true));
    const next = () => post(it, "/publish", bodyOf(tarballBytesMax).stream);
    vi.setSystemTime(Date.now() + 9 * 60_000);
    expect((await next()).status).toBe(503);
    vi.setSystemTime(Date.now() + 2 * 60_000);
    expect((await next()).status).toBe(422);
    for (const { close } of waiting) close();
    await Promise.all(answers);
  });
});

describe("a body that never ends", () => {
  it("is given up after half a minute of silence", async () => {
    const it = await worldWithFoo();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    for (const [path] of uploads) {
      const upload = endless();
      const answer = post(it, path, upload.stream, asksForErlang);
      while (!upload.isRead()) await new Promise((resolve) => queueMicrotask(() => resolve(0)));
      await vi.advanceTimersByTimeAsync(29_000);
      upload.send();
      await vi.advanceTimersByTimeAsync(29_000);
      upload.send();
      await vi.advanceTimersByTimeAsync(31_000);
      const response = await answer;
      expect([path, response.status]).toEqual([path, 422]);
      expect((await read(response)).message).toContain("send it again");
      expect(upload.isCancelled()).toBe(true);
    }
  });

  it("because the line broke is refused, and not logged as a fault of ours", async () => {
    const it = await worldWithFoo();
    const before = await storedFiles(it);
    const log = vi.spyOn(console, "error");
    for (const [path] of uploads) {
      const upload = endless();
      const answer = post(it, path, upload.stream, asksForErlang);
      await vi.waitFor(() => expect(upload.isRead()).toBe(true));
      upload.fail();
      const response = await answer;
      expect([path, response.status]).toEqual([path, 422]);
      expect((await read(response)).message).toContain("send it again");
    }
    expect(log).not.toHaveBeenCalled();
    expect(await storedFiles(it)).toEqual(before);
    await expectSound(it);
  });
});

describe("a body that grows when it is opened", () => {
  const zeros = (bytes: number) => gzipSync(tar([{ path: "zeros", bytes: new Uint8Array(bytes) }]));

  it("is refused as a package", async () => {
    const it = await world();
    const response = await it.admin.publish({ contents: zeros(60_000_000) });
    expect(response.status).toBe(422);
    expect(Object.keys((await read(response)).errors ?? {})).toEqual(["tar"]);
    expect(await storedFiles(it)).toEqual([]);
  });

  it("is refused as docs", async () => {
    const it = await worldWithFoo();
    const before = await storedFiles(it);
    expect((await it.admin.publishDocs("foo", "1.0.0", zeros(60_000_000))).status).toBe(422);
    expect(await storedFiles(it)).toEqual(before);
  });

  it.each([
    ["JSON of nothing but brackets", "application/json", "[".repeat(32_000) + "]".repeat(32_000)],
    [
      "a map in a map in a map",
      "application/json",
      `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
    ],
    ["a form of nothing but names", "application/x-www-form-urlencoded", "a&".repeat(32_000)],
    [
      "terms in terms",
      erlangType,
      Uint8Array.from({ length: 60_000 }, (_, at) =>
        at === 0 ? 131 : ([108, 0, 0, 0, 1][(at - 1) % 5] ?? 0),
      ),
    ],
    ["a list that claims to be long", erlangType, Uint8Array.of(131, 108, 255, 255, 255, 255)],
    ["a binary that claims to be long", erlangType, Uint8Array.of(131, 109, 255, 255, 255, 255)],
    [
      "a number of 60 KB",
      erlangType,
      Uint8Array.from({ length: 60_000 }, (_, at) => [131, 111, 0, 0, 234, 90, 0][at] ?? 255),
    ],
  ])("is refused as parameters: %s", async (_title, type, body) => {
    const it = await worldWithFoo();
    const headers = { "content-type": type };
    const response = await it.admin.api(`${foo}/retire`, { method: "POST", headers, body });
    expect([400, 422]).toContain(response.status);
    expect((await read(await it.admin.api(foo))).retirement).toBeNull();
  });
});

describe("anything strange in a request", () => {
  const strange = [
    "%00",
    "%0d%0a",
    "%",
    "%2",
    "%u0041",
    "%ff%fe",
    "%ed%a0%80",
    "\u202e",
    "💥",
    "a".repeat(8_000),
  ].concat([
    "..",
    "...",
    ";",
    "?",
    "??",
    "#",
    "\\",
    "%5c",
    "//",
    "'",
    '"',
    "<script>",
    "{{7*7}}",
    "$(id)",
    "__proto__",
  ]);

  it.each(strange)("is answered with less than 500, wherever it stands: %j", async (text) => {
    const it = await worldWithFoo();
    const before = await storedFiles(it);
    const log = vi.spyOn(console, "error");
    for (const path of [
      `/${text}`,
      `/api/${text}`,
      `/api/repos/${text}/packages/foo`,
      `/api/repos/${it.repository}/${text}`,
      `/api/repos/${it.repository}/repos/${text}/packages/foo`,
      `/api/repos/${it.repository}/packages/${text}`,
      `/api/repos/${it.repository}/packages/foo${text}`,
      `/api/repos/${it.repository}/packages/foo/releases/${text}`,
      `/api/repos/${it.repository}/packages/foo/releases/1.0.0${text}`,
      `/api/repos/${it.repository}/packages/foo/releases/1.0.0/${text}`,
      `/api/repos/${it.repository}/packages/foo?${text}=${text}`,
      `/repos/${text}/names`,
      `/repos/${it.repository}/${text}`,
      `/repos/${it.repository}/packages/${text}`,
      `/repos/${it.repository}/tarballs/${text}`,
      `/repos/${it.repository}/tarballs/foo-${text}.tar`,
      `/repos/${it.repository}/docs/${text}-1.0.0.tar.gz`,
    ]) {
      for (const method of ["GET", "HEAD", "DELETE"] as const) {
        // What deletes, deletes nothing that is there: the path is never exactly that of foo 1.0.0.
        const response = await it.admin.fetch(path, { method, headers: asksForErlang });
        expect([path, method, response.status < 500]).toEqual([path, method, true]);
        expect(response.headers.get("x-request-id")).not.toBeNull();
        await response.arrayBuffer();
      }
    }
    expect(log).not.toHaveBeenCalled();
    const stored = await storedFiles(it);
    expect(stored.filter((file) => before.includes(file))).toEqual(
      // These two are spelled such that the path is that of the release itself.
      ["?", "??", "#"].includes(text) ? expect.anything() : before,
    );
  });

  it("is answered with less than 500 in headers too", async () => {
    const it = await worldWithFoo();
    const log = vi.spyOn(console, "error");
    for (const value of [
      "\u00ff\u0080",
      "x".repeat(10_000),
      ",,,;;;===",
      '()<>@,;:\\"/[]?={}',
      "0",
      "-1",
      "1e9",
    ]) {
      for (const header of [
        ...["accept", "user-agent", "if-none-match", "if-modified-since", "if-range", "range"],
        ...[
          "content-type",
          "host",
          "x-forwarded-for",
          "cf-connecting-ip",
          "expect",
          "te",
          "cookie",
        ],
      ]) {
        for (const path of ["/packages/foo", "/names"]) {
          const headers = { range: "bytes=0-1", [header]: value };
          const [api, file] = [
            await it.admin.api(path, { headers }),
            await it.admin.file(path, { headers }),
          ];
          expect([header, value, api.status < 500, file.status < 500]).toEqual([
            header,
            value,
            true,
            true,
          ]);
        }
        const headers = { [header]: value };
        const response = await it.admin.api(`${foo}/retire`, { method: "DELETE", headers });
        expect([header, value, response.status < 500]).toEqual([header, value, true]);
      }
    }
    expect(log).not.toHaveBeenCalled();
  });
});

const pieceBytes = 16 * 1024;

type Env = typeof env;

/** A body in pieces, which are made when they are asked for. */
function bodyOf(sizeBytes: number) {
  let [pieces, left, cancelled] = [0, sizeBytes, false];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left <= 0) return controller.close();
        pieces++;
        controller.enqueue(new Uint8Array(Math.min(left, pieceBytes)));
        left -= pieceBytes;
      },
      cancel: () => {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, piecesRead: () => pieces, isCancelled: () => cancelled };
}

/** A body that is under way until somebody ends it. */
function endless() {
  let [read, cancelled] = [false, false];
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      pull: () => {
        read = true;
      },
      cancel: () => {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    isRead: () => read,
    isCancelled: () => cancelled,
    send: () => controller?.enqueue(new Uint8Array(1)),
    close: () => controller?.close(),
    fail: () => controller?.error(new Error("Network connection lost.")),
  };
}

/** Straight to the Worker, so that nothing in between reads ahead or corrects what is declared. */
async function post(
  { repository }: World,
  path: string,
  body: BodyInit,
  headers: Record<string, string> = {},
  bindings: Env = env,
): Promise<Response> {
  const request = new Request(`http://hexedge.test/api/repos/${repository}${path}`, {
    method: "POST",
    headers: { authorization: env.ADMIN_KEY, ...headers },
    body,
  });
  return createApp().fetch(request, bindings, createExecutionContext());
}

async function expectTooLarge(response: Response, bytesMax: number): Promise<void> {
  expect(response.status).toBe(413);
  expect(await read(response)).toEqual({
    status: 413,
    message: `Payload too large: at most ${bytesMax} bytes`,
  });
}

/** A gzipped tar of about so many bytes, which do not compress. */
async function contentsOf(sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, sizeBytes - 16 * 1024));
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return gzipSync(tar([{ path: "mix.exs" }, { path: "noise", bytes }]), { level: 1 });
}

async function worldWithFoo(options: { public?: boolean } = {}): Promise<World> {
  const it = await world(options);
  expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  return it;
}
