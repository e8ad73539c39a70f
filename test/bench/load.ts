/** Load from this machine, bounded in number and time. */
import { execFile } from "node:child_process";
import { Agent, request } from "node:http";
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
  const at = (part: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
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

/**
 * Requests per second of one URL: 32 connections, `seconds` long, from wrk. A load generator in Node
 * needs more time for a 50 KB answer than the server does.
 */
export async function readRate(
  url: string,
  seconds: number,
  headers: Record<string, string> = {},
): Promise<Rate> {
  const args = ["-t1", "-c32", `-d${seconds}s`, "--latency"];
  for (const [name, value] of Object.entries(headers)) args.push("-H", `${name}: ${value}`);
  const { stdout } = await promisify(execFile)("wrk", [...args, url]).catch((error) => {
    if (error.code === "ENOENT")
      throw new Error("reads are measured with wrk: apt-get install wrk");
    throw error;
  });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url}: ${stdout}`);
  const figure = (pattern: RegExp) => pattern.exec(stdout)?.[1] ?? "";
  return {
    perSecond: Number(figure(/Requests\/sec: +([\d.]+)/)),
    p50Ms: milliseconds(figure(/50% +([\d.]+\w+)/)),
    p99Ms: milliseconds(figure(/99% +([\d.]+\w+)/)),
  };
}

/** `123.45us`, `1.23ms` or `1.23s`. */
function milliseconds(time: string): number {
  const unit = { us: 0.001, ms: 1, s: 1000 }[time.replace(/[\d.]/g, "")] ?? Number.NaN;
  return Number.parseFloat(time) * unit;
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
