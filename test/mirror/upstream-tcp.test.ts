/** The client against sockets that do what no server should, with Node's fetch and with workerd's. */
import { createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildWorker } from "../../src/cli/build.ts";
import { toHex } from "../../src/hex/checksum.ts";
import keys from "../hex/vectors/keys.json" with { type: "json" };
import { type Job, type Outcome, run } from "./upstream-runner.ts";
import { fooFile, tarball, tarballChecksum } from "./upstream-world.ts";

let miniflare: Miniflare;
beforeAll(async () => {
  const contents = await buildWorker(`${import.meta.dirname}/upstream-runner.ts`);
  const modules = [{ type: "ESModule" as const, path: "worker.js", contents }];
  const worker = { name: "runner", modules, compatibilityDate: "2026-05-01" };
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{ host: "127.0.0.1", port: 0, cf: false, telemetry: { enabled: false } },
      workers: [{ ...worker, compatibilityFlags: ["nodejs_compat"] }],
    }),
  );
  await miniflare.ready;
});
afterAll(() => miniflare.dispose());

const inWorkerd = async (job: Job): Promise<Outcome> => {
  const answer = await miniflare.dispatchFetch("http://localhost/", {
    method: "POST",
    body: JSON.stringify(job),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  return (await answer.json()) as Outcome; // what `run` returns, of another process
};

/** What the server does with a connection on which a request has come. */
type Script = (socket: Socket, request: string) => unknown;

async function serve(script: Script) {
  const requests: string[] = [];
  const open = new Set<Socket>();
  let hungUp = 0;
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      hungUp++;
    });
    socket.on("data", (data) => {
      requests.push(data.toString("latin1"));
      script(socket, data.toString("latin1"));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const host = `127.0.0.1:${address.port}`;
  return { host, url: `http://${host}`, requests, hungUp: () => hungUp };
}

const head = (status: string, ...headers: string[]) =>
  `HTTP/1.1 ${status}\r\n${headers.map((it) => `${it}\r\n`).join("")}\r\n`;
const closing = "connection: close";
const raw = (start: string, body: Uint8Array | string = "") =>
  Buffer.concat([Buffer.from(start), Buffer.from(body)]);
const lengthOf = (bytes: Uint8Array) => `content-length: ${bytes.length}`;
const chunk = (bytes: Uint8Array) =>
  raw(`${bytes.length.toString(16)}\r\n`, Buffer.concat([bytes, Buffer.from("\r\n")]));

describe.each([
  ["Node", run],
  ["workerd", inWorkerd],
])("with the fetch of %s", (_runtime, runJob) => {
  const ask = (what: Job["what"], url: string, more: Partial<Job> = {}) =>
    runJob({
      ...{ what, url, publicKey: keys.spki, checksum: [...tarballChecksum], etag: null },
      ...{ allowedHosts: [], limits: { answerMs: 400, chunkMs: 400, wholeMs: 1500 } },
      ...more,
    });
  /** What comes of a script, for a registry file and for a tarball. */
  const both = async (script: Script, more: Partial<Job> = {}) => {
    const { url } = await serve(script);
    const outcomes = await Promise.all([ask("package", url, more), ask("tarball", url, more)]);
    for (const it of outcomes) {
      if (it.readerSawError !== undefined) expect(it.readerSawError).toBe(it.kind !== "complete");
      if (it.kind !== "complete") expect(it.bytes?.length ?? 0).toBeLessThan(tarball.length * 2);
    }
    return outcomes;
  };
  const expectBoth = async (script: Script, kind: string, why?: RegExp, more?: Partial<Job>) => {
    const outcomes = await both(script, more);
    expect(outcomes.map((it) => it.kind)).toEqual([kind, kind]);
    if (why) for (const it of outcomes) expect(it.why).toMatch(why);
  };

  it("gets what is right, by content-length, in chunks, and until the connection ends", async () => {
    for (const [what, bytes, kind] of [
      ["package", fooFile, "fetched"],
      ["tarball", tarball, "complete"],
    ] as const) {
      const pieces = [bytes.subarray(0, 100), bytes.subarray(100)];
      const chunked = Buffer.concat([...pieces.map(chunk), Buffer.from("0\r\n\r\n")]);
      for (const answer of [
        raw(head("200 OK", lengthOf(bytes), 'etag: "one"'), bytes),
        raw(head("200 OK", "transfer-encoding: chunked"), chunked),
        raw(head("200 OK", closing), bytes),
      ]) {
        const { url } = await serve((socket) => socket.end(answer));
        const outcome = await ask(what, url);
        expect(outcome.kind).toBe(kind);
        expect(outcome.bytes === toHex(bytes)).toBe(true);
      }
    }
  });

  it("sends what it must and nothing of ours besides", async () => {
    const { url, requests } = await serve((socket) =>
      socket.end(head("304 Not Modified", closing)),
    );
    const outcome = await ask("package", `${url}/a/`, { etag: 'W/"one"', authKey: "key" });
    expect(outcome).toEqual({ kind: "unchanged" });
    const [line, ...headers] = (requests[0] ?? "").trim().split("\r\n");
    expect(line).toBe("GET /a/packages/foo HTTP/1.1");
    const sent = new Headers(headers.map((it) => it.split(": ") as [string, string]));
    expect(sent.get("user-agent")).toBe("hexedge/0.1");
    expect(sent.get("if-none-match")).toBe('W/"one"');
    expect(sent.get("authorization")).toBe("key");
    expect(sent.get("accept-encoding")).toBe("identity");
    const known = ["user-agent", "if-none-match", "authorization", "accept-encoding", "host"];
    // What runtimes add by themselves.
    const added = [
      "connection",
      "accept",
      "accept-language",
      "sec-fetch-mode",
      "cf-connecting-ip",
      "cf-worker",
      "cache-control",
      "pragma",
    ];
    expect([...sent.keys()].filter((name) => ![...known, ...added].includes(name))).toEqual([]);
  });

  it("hears that it is not there", async () => {
    for (const status of ["404 Not Found", "403 Forbidden", "410 Gone"]) {
      await expectBoth((socket) => socket.end(head(status, closing)), "missing");
    }
  });

  it("hears that upstream is in trouble", async () => {
    for (const status of ["500 What", "503 Busy", "429 Slow Down", "401 Who"]) {
      const answer = raw(head(status, closing), "<html>");
      await expectBoth((socket) => socket.end(answer), "unavailable", /answers with status/);
    }
  });

  it("notices that nobody listens", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    await new Promise((done) => server.close(done));
    const port = typeof address === "object" ? address?.port : 0;
    const outcome = await ask("package", `http://127.0.0.1:${port}`);
    expect(outcome).toMatchObject({ kind: "unavailable", why: /cannot be reached|status/ });
  });

  it("does not wait for a server that never answers, or not to the end", {
    timeout: 60_000,
  }, async () => {
    const start = raw(head("200 OK", lengthOf(tarball)), tarball.subarray(0, 100_000));
    await expectBoth(() => {}, "unavailable", /gives no answer for 400 ms/);
    await expectBoth((socket) => socket.write("HTTP/1.1 200 OK\r\n"), "unavailable", /no answer/);
    const headers = head("200 OK", "transfer-encoding: chunked");
    await expectBoth((socket) => socket.write(headers), "unavailable", /stops .* for 400 ms/);
    await expectBoth((socket) => socket.write(start), "unavailable", /stops .* for 400 ms/);
  });

  it("does not wait for headers or bodies that dribble", { timeout: 60_000 }, async () => {
    const dribble = (socket: Socket, bytes: Buffer) => {
      let at = 0;
      const timer = setInterval(() => {
        if (socket.destroyed || at === bytes.length) clearInterval(timer);
        else socket.write(bytes.subarray(at, ++at));
      }, 50);
      socket.on("close", () => clearInterval(timer));
    };
    const answer = raw(head("200 OK", `content-length: ${tarball.length}`), tarball);
    await expectBoth((socket) => dribble(socket, answer), "unavailable", /gives no answer/);
    const start = head("200 OK", "content-length: 100000");
    const body = (socket: Socket) => {
      socket.write(start);
      dribble(socket, Buffer.from(tarball));
    };
    await expectBoth(body, "unavailable", /not done after 1500 ms/);
  });

  it("hangs up on a body that never ends", async () => {
    const server = await serve((socket) => {
      socket.write(head("200 OK", closing));
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384, 1)));
      };
      socket.on("drain", more);
      more();
    });
    const limits = { registryFileBytesMax: 1_000_000, tarballBytesMax: 1_000_000 };
    for (const what of ["package", "tarball"] as const) {
      const outcome = await ask(what, server.url, { limits });
      expect(outcome).toMatchObject({
        kind: "invalid",
        why: "The upstream sends more than 1000000 bytes",
      });
    }
    await expect.poll(server.hungUp).toBe(2);
  });

  it("believes no content-length: too big, too long, too short", async () => {
    const huge = head("200 OK", "content-length: 99999999999");
    await expectBoth((socket) => socket.write(huge), "invalid", /sends more than/);
    const short = (bytes: Uint8Array) =>
      raw(head("200 OK", `content-length: ${bytes.length + 1}`, closing), bytes);
    await expectBoth(
      (socket, request) => {
        socket.end(short(request.includes("tarballs") ? tarball : fooFile));
      },
      "unavailable",
      /broke off/,
    );
    // HTTP takes as many bytes as it was told, so what is left is cut off.
    const long = (bytes: Uint8Array) =>
      raw(head("200 OK", `content-length: ${bytes.length - 1}`, closing), bytes);
    const outcomes = await both((socket, request) => {
      socket.end(long(request.includes("tarballs") ? tarball : fooFile));
    });
    for (const it of outcomes) expect(it.kind).toMatch(/invalid|unavailable/);
  });

  it("believes nothing that is cut off, anywhere", { timeout: 120_000 }, async () => {
    const etag = 'etag: "one"';
    const answers = [
      raw(head("200 OK", etag, lengthOf(fooFile)), fooFile),
      raw(
        head("200 OK", etag, "transfer-encoding: chunked"),
        Buffer.concat([chunk(fooFile), Buffer.from("0\r\n\r\n")]),
      ),
      raw(head("200 OK", etag, closing), fooFile),
    ];
    for (const [which, answer] of answers.entries()) {
      // All of them but the last byte, which for the second is only a newline behind everything.
      const end = which === 1 ? answer.length - 7 : answer.length - 1;
      for (let length = 0; length <= end; length += length < 80 ? 9 : 31) {
        const { url } = await serve((socket) => {
          if (length === 0) socket.destroy();
          else socket.end(answer.subarray(0, length));
        });
        expect((await ask("package", url)).kind).toMatch(/^(unavailable|invalid)$/);
      }
    }
  });

  it("believes no tarball that is cut off by closing or resetting the connection", async () => {
    const answer = raw(head("200 OK", lengthOf(tarball)), tarball);
    for (const length of [0, 10, 60, 1000, 200_000, answer.length - 1]) {
      for (const how of ["end", "reset"] as const) {
        const { url } = await serve((socket) => {
          socket.write(answer.subarray(0, length), () => {
            if (how === "end") socket.end();
            else socket.resetAndDestroy();
          });
        });
        const outcome = await ask("tarball", url);
        expect(outcome.kind).toBe("unavailable");
        expect(outcome.bytes?.length ?? 0).toBeLessThan(tarball.length * 2);
      }
    }
  });

  it("is not impressed by garbage", async () => {
    await expectBoth((socket) => socket.end("SSH-2.0-OpenSSH_9.7\r\n"), "unavailable");
    const login = raw(head("200 OK", closing, "content-type: text/html"), "<html>log in</html>");
    await expectBoth((socket) => socket.end(login), "invalid", /gzip|checksum/);
    const empty = head("200 OK", "content-length: 0");
    await expectBoth((socket) => socket.end(empty), "invalid", /gzip|checksum/);
  });

  it("refuses a registry file whose gzip is called a content-encoding", async () => {
    const answer = raw(head("200 OK", "content-encoding: gzip", lengthOf(fooFile)), fooFile);
    const { url } = await serve((socket) => socket.end(answer));
    const outcome = await ask("package", url);
    expect(outcome.kind).toBe("invalid");
    expect(outcome.why).toMatch(/calls the file's own gzip a content-encoding/);
  });

  it("takes files that a proxy compressed once more", async () => {
    const { url } = await serve((socket, request) => {
      const file = request.includes("tarballs") ? tarball : fooFile;
      const body = gzipSync(file);
      // Not ended: Node 20, while it inflates, takes the end of the connection for that of the body.
      socket.write(raw(head("200 OK", "content-encoding: gzip", lengthOf(body)), body));
    });
    expect((await ask("package", url)).kind).toBe("fetched");
    const outcome = await ask("tarball", url);
    expect(outcome.why).toBeUndefined();
    expect(outcome.bytes === toHex(tarball)).toBe(true);
  });

  it("survives a bomb that calls itself a content-encoding", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const answer = raw(head("200 OK", "content-encoding: gzip", lengthOf(bomb)), bomb);
    await expectBoth((socket) => socket.end(answer), "invalid", /sends more than/, {
      limits: { registryFileBytesMax: 100_000, tarballBytesMax: 100_000, wholeMs: 20_000 },
    });
  });

  it("follows redirects to the same host with the key, to an allowed one without it", async () => {
    const right = raw(head("200 OK", lengthOf(fooFile)), fooFile);
    const cdn = await serve((socket) => socket.end(right));
    const server = await serve((socket, request) => {
      const location = request.startsWith("GET /packages") ? "/else" : `${cdn.url}/file`;
      socket.end(head("302 Found", `location: ${location}`, "content-length: 0", closing));
    });
    const more = { authKey: "sesame", allowedHosts: [cdn.host] };
    expect((await ask("package", server.url, more)).kind).toBe("fetched");
    expect(server.requests.map((it) => it.includes("sesame"))).toEqual([true, true]);
    expect(cdn.requests.map((it) => it.includes("sesame"))).toEqual([false]);
    expect(cdn.requests[0]).toMatch(/^GET \/file /);
  });

  it("follows redirects nowhere else, and not for ever", async () => {
    const elsewhere = await serve((socket) =>
      socket.end(raw(head("200 OK", lengthOf(fooFile)), fooFile)),
    );
    const away = head("302 Found", `location: ${elsewhere.url}/x`, closing);
    await expectBoth(
      (socket) => socket.end(away),
      "unavailable",
      /redirects to 127.0.0.1:\d+, which/,
    );
    expect(elsewhere.requests).toEqual([]);
    const loop = head("301 Moved", "location: /again", closing);
    await expectBoth((socket) => socket.end(loop), "unavailable", /redirects more than 3 times/);
  });
});
