/** Fetches files of a repository and sends some, patiently: a fault may be over at the next try. */
import { setTimeout as sleep } from "node:timers/promises";
import { Mistake } from "./mistake.ts";

export interface Place {
  /** Without a slash at its end. */
  url: string;
  /** None for what is open to everybody. */
  key: string | undefined;
  /** What helps there; else it is a Hexedge that --url names. */
  help?: Help;
}

interface Help {
  /** How the key is given that is shown there. */
  key: string;
  /** What to do when nobody answers there. */
  away: string;
}

const hexedgeHelp: Help = {
  key: "--key, or better HEXEDGE_KEY",
  away: "start it, or name another with --url",
};

export interface Answer {
  status: number;
  bytes: Uint8Array;
  etag: string | null;
}

const answerMsMax = 60_000;
const bytesMax = 128 * 1024 * 1024;
/** Before the next try, each time. */
const pausesMs = [250, 1000, 4000];
/** What a limit of requests may ask us to wait, and how often. */
const retryAfterSecondsMax = 120;
const limitedMax = 10;

/** @returns any answer that is final: 429 and 5xx are not, before they have been met several times. */
export async function transfer(
  place: Place,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: Uint8Array | string } = {},
): Promise<Answer> {
  const { url, key } = place;
  let [tries, limited] = [0, 0];
  for (;;) {
    const pauseMs = pausesMs[tries];
    try {
      const answer = await once(`${url}${path}`, key, init);
      if (answer.status === 429 && limited < limitedMax) {
        limited++;
        await sleep(answer.retryAfterMs);
        continue;
      }
      if (answer.status < 500 || pauseMs === undefined) return answer;
    } catch (error) {
      if (error instanceof Mistake) throw error;
      if (pauseMs === undefined) throw new Mistake(unreachable(place, path, error));
    }
    tries++;
    await sleep(pauseMs);
  }
}

/** The file; undefined when there is none. Any other answer is a Mistake. */
export async function getFile(place: Place, path: string): Promise<Uint8Array | undefined> {
  const { status, bytes } = await transfer(place, path);
  if (status === 200) return bytes;
  if (status === 404) return undefined;
  throw new Mistake(unexpected(place, path, status));
}

export function unexpected(place: Place, path: string, status: number): string {
  const { key } = place.help ?? hexedgeHelp;
  const answers = `${place.url}${path} answers ${status}`;
  if (status === 401) return `${answers}: it takes a key, or another one than this: ${key}`;
  if (status === 403) return `${answers}: it takes a key that may read it: ${key}`;
  if (status === 504) {
    return (
      `${answers}: a mirror that does not hold it cannot ask its upstream now: try again when it can; ` +
      "`hexedge mirror LOCKFILE --repository NAME` brings all that an export takes later, without upstream"
    );
  }
  return `${answers}: try again later`;
}

async function once(
  url: string,
  key: string | undefined,
  { method = "GET", headers = {}, body }: Parameters<typeof transfer>[2] & object,
) {
  const response = await fetch(url, {
    method,
    headers: {
      "user-agent": "hexedge-cli",
      ...(key === undefined ? {} : { authorization: key }),
      ...headers,
    },
    // Never a SharedArrayBuffer, which the types would allow.
    body: (body ?? null) as BodyInit | null,
    // Whoever redirects a request with a key is somebody else than the key was meant for.
    redirect: key === undefined && method === "GET" ? "follow" : "manual",
    signal: AbortSignal.timeout(answerMsMax),
  });
  const { status } = response;
  if (status >= 300 && status < 400 && status !== 304) {
    await response.body?.cancel();
    const location = response.headers.get("location");
    throw new Mistake(`${url} leads on to ${location}, which is not followed with a key`);
  }
  const asked = Number(response.headers.get("retry-after") ?? 1);
  const seconds = Number.isFinite(asked) ? Math.min(Math.max(asked, 1), retryAfterSecondsMax) : 1;
  return {
    ...{ status, etag: response.headers.get("etag"), bytes: await readBody(url, response) },
    retryAfterMs: seconds * 1000,
  };
}

async function readBody(url: string, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) throw new Mistake(`${url} has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function unreachable(place: Place, path: string, error: unknown): string {
  const url = `${place.url}${path}`;
  if (error instanceof Error && error.name === "TimeoutError") {
    return `${url} gave no answer within ${answerMsMax / 1000} seconds: try again`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const why = cause instanceof Error && "code" in cause ? ` (${cause.code})` : "";
  const { away } = place.help ?? hexedgeHelp;
  return `cannot reach ${url}${why}: ${away}; run again, it goes on where it stopped`;
}
