/**
 * What an upload may cost: small tarballs that inflate beyond all bounds, and the largest legal ones,
 * eight at a time. Peak memory is what Linux says of workerd.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { constants, deflateRawSync } from "node:zlib";
import { gzipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { tarballLimits } from "../../src/hex/tarball.ts";
import { type Server, startServer } from "../support/server.ts";
import { packageTarball, tar } from "../support/tarball.ts";

const mebibyte = 1024 * 1024;
const atOnce = 8;
const rounds = 3;
/**
 * Measured: 90 MiB when idle, 315 after the bombs, 490 after the giants, and no more in six rounds. One
 * bomb that is inflated as a whole takes a gibibyte.
 */
const peakBytesMax = 768 * mebibyte;
/** After this, mix gives up. */
const answerMsMax = 15_000;

const isLinux = process.platform === "linux";
const title = "uploading bombs and giants, eight at a time";

describe.skipIf(!isLinux)(isLinux ? title : `${title} (skipped: /proc is only on Linux)`, () => {
  const bombs: number[] = [];
  const giants: number[] = [];
  const others: string[] = [];
  const readsMs: number[] = [];
  let server: Server;

  beforeAll(async () => {
    server = await startServer();
    // The one is found out by its ratio, the other only when it has inflated to 128 MiB.
    const eager = await bomb(900, 0);
    const patient = await bomb(136, 5500);
    for (const it of [eager, patient]) expect(it.length).toBeLessThan(mebibyte);
    let done = false;
    const reading = readUntil(() => done);
    for (let round = 0; round < rounds; round++) {
      const people = Array.from({ length: atOnce }, async (_, at) => {
        const isBomb = round === 0 || (round > 1 && at % 2 === 0);
        if (isBomb) bombs.push(await upload(at % 4 < 2 ? eager : patient));
        else giants.push(await upload(await giant(`1.${round}.${at}`)));
      });
      await Promise.all(people);
    }
    done = true;
    await reading;
  });

  /** Tries again when it is told to. */
  async function upload(tarball: Uint8Array): Promise<number> {
    for (;;) {
      const { status, retryAfterSeconds, text } = await uploadAsMixDoes(server, tarball);
      if (status !== 503 || !(retryAfterSeconds > 0)) {
        if (![201, 422].includes(status)) others.push(`${status} ${text}`);
        return status;
      }
      await sleep(retryAfterSeconds * 1000);
    }
  }

  async function readUntil(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const begun = performance.now();
      const response = await server.fetch("/repos/test_repo/names");
      await response.arrayBuffer();
      if (response.status !== 200) others.push(`names: ${response.status}`);
      readsMs.push(performance.now() - begun);
      await sleep(100);
    }
  }

  it("refuses every bomb with 422", () => {
    expect(bombs).toEqual(Array.from(bombs, () => 422));
    expect(bombs.length).toBeGreaterThanOrEqual(atOnce);
  });

  it("takes every legal giant in, if need be when it comes again", () => {
    expect(giants).toEqual(Array.from(giants, () => 201));
    expect(giants.length).toBeGreaterThanOrEqual(atOnce);
  });

  it("answers nothing else, and serves others meanwhile", () => {
    expect(others).toEqual([]);
    expect(Math.max(...readsMs)).toBeLessThan(answerMsMax);
  });

  it("keeps its memory bounded", () => {
    expect(peakBytes(server)).toBeLessThan(peakBytesMax);
  });

  it("finds nothing wrong with itself", async () => {
    expect(await server.problems()).toEqual([]);
  });
});

/** mix and rebar3 ask first whether the server wants the body: what is refused is never sent. */
async function uploadAsMixDoes(server: Server, tarball: Uint8Array) {
  const asking = request(`${server.api()}/publish`, {
    method: "POST",
    headers: {
      ...{ authorization: server.adminKey, "content-type": "application/octet-stream" },
      ...{ "content-length": tarball.length, expect: "100-continue", connection: "close" },
    },
  });
  asking.once("continue", () => asking.end(tarball));
  asking.flushHeaders();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  asking.destroy();
  const retryAfterSeconds = Number(response.headers["retry-after"]);
  return { status: response.statusCode ?? 0, retryAfterSeconds, text };
}

/** The most that workerd ever held. */
function peakBytes(server: Server): number {
  const status = readFileSync(`/proc/${server.run.workerd()}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/**
 * A tarball of less than a mebibyte whose contents inflate to `mebibytes`, of which each has so many
 * bytes that cannot be compressed: with none it is 1,000 times as large, with 5,500 some 150 times.
 */
async function bomb(mebibytes: number, randomBytesEach: number): Promise<Uint8Array> {
  const size = mebibytes * mebibyte;
  const header = tar([{ path: "zeros", spoil: (it) => it.set(octal(size), 124) }]);
  const block = Buffer.alloc(mebibyte);
  randomBytes(randomBytesEach).copy(block);
  const pieces = [
    Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
    deflated(header.subarray(0, 512)),
    ...Array<Buffer>(mebibytes).fill(deflated(block)),
    // It never comes to the end, where the checksum would be.
  ];
  return packageTarball({ name: "bomb", version: "1.0.0", contents: Buffer.concat(pieces) });
}

/** A piece of a deflate stream to which another one can be added. */
function deflated(bytes: Uint8Array): Buffer {
  return deflateRawSync(bytes, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
}

function octal(number: number): Uint8Array {
  return new TextEncoder().encode(number.toString(8).padStart(11, "0"));
}

let incompressible: Uint8Array | undefined;

/** As large as a tarball may be, to within some kilobytes. */
async function giant(version: string): Promise<Uint8Array> {
  incompressible ??= gzipSync(
    tar([{ path: "data", bytes: randomBytes(tarballLimits.tarballBytesMax - 16 * 1024) }]),
    { level: 0 },
  );
  return packageTarball({ name: "giant", version, contents: incompressible });
}
