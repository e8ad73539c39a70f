/** Load from this machine, bounded in number and time. */
import { execFile } from "node:child_process";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Rate {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Runs `jobs`, `atOnce` of them at a time, each as soon as one before it is done. */
export async function runAtOnce(jobs: (() => Promise<void>)[], atOnce: number): Promise<Rate> {
  const times: number[] = [];
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let job = jobs[next++]; job; job = jobs[next++]) {
        const start = performance.now();
        await job();
        times.push(performance.now() - start);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  times.sort((one, other) => one - other);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
  return { perSecond: jobs.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** @throws when the answer is not `status`. */
export async function send(
  method: string,
  url: string,
  status: number,
  options: { key?: string; body?: Uint8Array } = {},
): Promise<Buffer> {
  const headers = {
    ...(options.key ? { authorization: options.key } : {}),
    ...(options.body ? { "content-length": options.body.length } : {}),
  };
  return new Promise((done, fail) => {
    const sent = request(url, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        const body = Buffer.concat(chunks);
        if (response.statusCode === status) done(body);
        else fail(new Error(`${method} ${url}: ${response.statusCode} ${body}`));
      });
    });
    sent.on("error", fail);
    sent.end(options.body);
  });
}

/** Requests per second of one URL in a process of its own: 32 connections, `seconds` long. */
export async function readRate(
  url: string,
  seconds: number,
  headers: Record<string, string> = {},
): Promise<Rate> {
  const program = join(import.meta.dirname, "../../node_modules/.bin/autocannon");
  const args = ["--json", "-c", "32", "-d", String(seconds)];
  for (const [name, value] of Object.entries(headers)) args.push("-H", `${name}=${value}`);
  const { stdout } = await promisify(execFile)(program, [...args, url], { maxBuffer: 1 << 24 });
  const result = JSON.parse(stdout);
  if (result.errors > 0 || result["4xx"] > 0 || result["5xx"] > 0) {
    throw new Error(`${url}: ${result["4xx"]} 4xx, ${result["5xx"]} 5xx, ${result.errors} errors`);
  }
  return {
    perSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The round whose rate is the median one. */
export function medianRate(rounds: Rate[]): Rate {
  const middle = median(rounds.map((round) => round.perSecond));
  return rounds.find((round) => round.perSecond === middle) ?? { perSecond: 0, p50Ms: 0, p99Ms: 0 };
}
