/** Asks the HTTP API in JSON; every no and every fault becomes a sentence that says what to do. */
import * as v from "valibot";
import { Mistake } from "./mistake.ts";
import type { Registry } from "./registry.ts";

export interface Request {
  method?: "POST" | "PUT" | "DELETE";
  /** Text goes as it is, all else as JSON. */
  body?: string | { [name: string]: unknown };
}

/** A no of the API. */
export class Refused extends Mistake {
  readonly status: number;
  /** All that it said. */
  readonly answer: unknown;

  constructor(status: number, message: string, answer?: unknown) {
    super(message);
    this.status = status;
    this.answer = answer;
  }
}

/** No answer, or none in time: perhaps there is one another time. */
export class Unreachable extends Mistake {
  /** Does nobody listen there at all? */
  readonly isRefused: boolean;

  constructor(message: string, isRefused = false) {
    super(message);
    this.isRefused = isRefused;
  }
}

const answerMsMax = 60_000;

/** @returns the API's answer, and null when it has nothing to say but yes. */
export async function ask(
  registry: Registry,
  path: string,
  { method, body }: Request = {},
): Promise<unknown> {
  const response = await send(`${registry.url}/api${path}`, {
    method: method ?? "GET",
    headers: {
      accept: "application/json",
      authorization: registry.key,
      "user-agent": "hexedge-cli",
      ...(typeof body === "object" ? { "content-type": "application/json" } : {}),
    },
    body: typeof body === "object" ? JSON.stringify(body) : (body ?? null),
    // Whoever redirects is somebody else than the key was meant for.
    redirect: "manual",
    signal: AbortSignal.timeout(answerMsMax),
  }).catch((error: unknown) => {
    throw unreachable(registry, error);
  });
  const { status, text, location } = response;
  if (status >= 300 && status < 400) {
    throw new Mistake(`${registry.url} leads on to ${location}: use that address with --url`);
  }
  if (status === 204) return null;
  const answer = parse(text);
  if (answer === undefined) {
    const what = `${status} without JSON`;
    const message = `${registry.url} answers ${what}: is that the address of a Hexedge?`;
    // A proxy's 502 may be over in a moment.
    throw status >= 500 ? new Unreachable(message) : new Mistake(message);
  }
  if (status >= 400) {
    throw new Refused(status, refusal(registry, status, answer), answer);
  }
  return answer;
}

/** `/users/${name}`, made safe. */
export function path(parts: TemplateStringsArray, ...names: string[]): string {
  return String.raw(parts, ...names.map(segment));
}

/** "." and ".." are taken out of URLs, and the rest would mean something else: all keys, not one. */
function segment(name: string): string {
  if (["", ".", ".."].includes(name)) throw new Mistake(`"${name}" is no name: give another`);
  return encodeURIComponent(name);
}

async function send(url: string, init: RequestInit) {
  const response = await fetch(url, init);
  const location = response.headers.get("location");
  return { status: response.status, location, text: await response.text() };
}

function unreachable({ url }: Registry, error: unknown): Unreachable {
  if (error instanceof Error && error.name === "TimeoutError") {
    return new Unreachable(`${url} gave no answer within ${answerMsMax / 1000} seconds: try again`);
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why = code === undefined ? "" : ` (${code})`;
  const message = `cannot reach ${url}${why}: start it, or name another with --url`;
  return new Unreachable(message, code === "ECONNREFUSED");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const refusalAnswer = v.object({
  message: v.string(),
  errors: v.optional(v.record(v.string(), v.unknown())),
});

function refusal({ url, keySource }: Registry, status: number, answer: unknown): string {
  const read = v.safeParse(refusalAnswer, answer);
  if (!read.success) return `${url} answers ${status}: is that the address of a Hexedge?`;
  const { message, errors } = read.output;
  if (errors) return fieldErrors(errors).join("; ");
  if (status === 401) return `${message}: the key from ${keySource} is not good for this`;
  if (status === 403) return `${message}: ask with a key that is, such as the admin key`;
  return message;
}

/** `email has invalid format`, each by itself; some fields have fields. */
function fieldErrors(errors: object): string[] {
  return Object.entries(errors).flatMap(([field, error]: [string, unknown]) =>
    typeof error === "object" && error !== null
      ? fieldErrors(error).map((inner) => `${field}: ${inner}`)
      : `${field} ${error}`,
  );
}
