/** What a mirror costs: hits against the hosted repository that it follows, misses against asking that itself. */
import { createServer, type Server } from "node:http";
import { median, medianRate, type Rate, readRate } from "./load.ts";

export const mirrorRepository = "bench_mirror";

export async function benchMirror(
  {
    origin,
    upstream,
    rounds,
    seconds,
  }: {
    origin: string;
    /** The hosted repository's files. */
    upstream: string;
    rounds: number;
    seconds: number;
  },
  /** Publishes so many packages upstream and answers with their names. */
  publishSome: (count: number) => Promise<string[]>,
  record: (name: string, rate: Rate, note: string) => void,
): Promise<void> {
  const mirror = `${origin}/repos/${mirrorRepository}`;
  for (const file of ["packages/secured", "tarballs/secured-1.0.0.tar"]) {
    await (await fetch(`${mirror}/${file}`)).arrayBuffer();
    const measured: { hosted: Rate[]; mirrored: Rate[] } = { hosted: [], mirrored: [] };
    for (let round = 0; round < rounds; round++) {
      measured.hosted.push(await readRate(`${upstream}/${file}`, seconds, {}));
      measured.mirrored.push(await readRate(`${mirror}/${file}`, seconds, {}));
    }
    const [hosted, mirrored] = [medianRate(measured.hosted), medianRate(measured.mirrored)];
    record(`${file}, hosted`, hosted, "1.00 × hosted");
    const ratio = mirrored.perSecond / hosted.perSecond;
    record(`${file}, mirrored`, mirrored, `${ratio.toFixed(2)} × hosted`);
  }

  const names = await publishSome(40);
  const [direct, missed] = [await times(upstream, names), await times(mirror, names)];
  const ratio = median(missed) / median(direct);
  record("fetch package and tarball from upstream", rateOf(direct), "1.00 × direct");
  record("the same, missed by the mirror", rateOf(missed), `${ratio.toFixed(2)} × as long`);
}

/** A hundred who miss one tarball at once: how often upstream was asked. */
export async function benchHerd(origin: string, name: string, counter: Counter): Promise<number> {
  const before = counter.requests;
  const url = `${origin}/repos/${mirrorRepository}/tarballs/${name}-1.0.0.tar`;
  const read = async () => (await fetch(url)).arrayBuffer();
  await Promise.all(Array.from({ length: 100 }, read));
  return counter.requests - before;
}

/** A lock file of these packages: how long the mirror takes to hold it, and to see that it does; ms. */
export async function benchLockfile(
  origin: string,
  key: string,
  names: readonly string[],
  repository: string,
): Promise<[number, number]> {
  const entry = (name: string) =>
    `  "${name}": {:hex, :${name}, "1.0.0", nil, [:mix], [], "${repository}", nil},\n`;
  const body = `%{\n${names.map(entry).join("")}}\n`;
  const url = `${origin}/api/repos/${mirrorRepository}/mirror`;
  const taken: number[] = [];
  for (const _ of ["first", "second"]) {
    const began = performance.now();
    const response = await fetch(url, { method: "POST", headers: { authorization: key }, body });
    if (response.status !== 200) throw new Error(await response.text());
    await response.arrayBuffer();
    taken.push(performance.now() - began);
  }
  return [taken[0] ?? 0, taken[1] ?? 0];
}

export interface Counter {
  requests: number;
  server: Server;
}

/** Stands between the mirror and its upstream, and counts. */
export function countRequests(origin: string, port: number): Promise<Counter> {
  const counter: Counter = { requests: 0, server: createServer() };
  counter.server.on("request", async (request, response) => {
    counter.requests++;
    const { host: _, connection: __, ...headers } = request.headers;
    const answer = await fetch(`${origin}${request.url}`, { headers: headers as HeadersInit });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const etag = answer.headers.get("etag");
    response.writeHead(answer.status, {
      "content-length": bytes.length,
      ...(etag ? { etag } : {}),
    });
    response.end(bytes);
  });
  return new Promise((done) => {
    counter.server.listen(port, "127.0.0.1", () => done(counter));
  });
}

/** Milliseconds for each name's two files, one after the other. */
async function times(files: string, names: readonly string[]): Promise<number[]> {
  const taken: number[] = [];
  for (const name of names) {
    const began = performance.now();
    for (const path of [`packages/${name}`, `tarballs/${name}-1.0.0.tar`]) {
      const response = await fetch(`${files}/${path}`);
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      await response.arrayBuffer();
    }
    taken.push(performance.now() - began);
  }
  return taken;
}

function rateOf(ms: readonly number[]): Rate {
  const sorted = [...ms].sort((one, other) => one - other);
  const p50Ms = median([...ms]);
  return { perSecond: 1000 / p50Ms, p50Ms, p99Ms: sorted.at(-1) ?? 0 };
}
