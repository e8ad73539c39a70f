/** A deployment, asked from outside as clients do. */
import { Mistake } from "../mistake.ts";

export interface Site {
  /** Without a slash at its end. */
  url: string;
  key: string;
}

export interface Answered {
  path: string;
  status: number;
  bytes: Uint8Array;
  /** In one line, short enough to be shown. */
  text: string;
  date: string | null;
  /** Before the request and after the answer; milliseconds since 1970. */
  sentAt: number;
  receivedAt: number;
}

const answerMsMax = 30_000;
const bytesMax = 64 * 1024 * 1024;

export function siteGet(site: Site, path: string): Promise<Answered> {
  return siteSend(site, "GET", path);
}

/** @param site without a key nobody asks. @throws Mistake when there is no answer. */
export async function siteSend(
  { url, key }: Site,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: Uint8Array,
): Promise<Answered> {
  const sentAt = Date.now();
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(key === "" ? {} : { authorization: key }),
        ...(body ? { "content-type": "application/octet-stream" } : {}),
        ...{ accept: "application/json", "user-agent": "hexedge-doctor" },
      },
      body: body?.slice() ?? null,
      // Whoever redirects is somebody else than the key was meant for.
      redirect: "manual",
      signal: AbortSignal.timeout(answerMsMax),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const receivedAt = Date.now();
    if (bytes.length > bytesMax) throw new Mistake(`${path} is larger than any file of ours`);
    const { status } = answer;
    return {
      path,
      status,
      bytes,
      text: textOf(bytes, path),
      date: answer.headers.get("date"),
      sentAt,
      receivedAt,
    };
  } catch (error) {
    if (error instanceof Mistake) throw error;
    throw new Mistake(`${method} ${url}${path} gets no answer: ${whyOf(error)}`);
  }
}

export function whyOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return `none within ${answerMsMax / 1000} seconds`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return "code" in cause ? String(cause.code) : cause.message;
  return error instanceof Error ? error.message : String(error);
}

const shownMax = 400;

function textOf(bytes: Uint8Array, path: string): string {
  const text = new TextDecoder().decode(bytes);
  if (path.endsWith("/public_key")) return text;
  return text
    .slice(0, shownMax)
    .replace(/[\p{Cc}\p{Bidi_Control}]+/gu, " ")
    .trim();
}
