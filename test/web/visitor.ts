/** Somebody with a browser: they keep their cookie, and send forms as browsers do. */
import { expect } from "vitest";
import { type Ask, registry } from "../http/registry.ts";

export class Visitor {
  readonly #ask: Ask;
  readonly origin: string;
  cookie: string | undefined;

  constructor(ask: Ask = registry, origin = "http://hexedge.test") {
    this.#ask = ask;
    this.origin = origin;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const cookie = this.cookie === undefined ? {} : { cookie: this.cookie };
    return this.#ask(path, { headers: { accept: "text/html", ...cookie, ...headers } });
  }

  /** @param headers one that is empty is not sent. */
  async post(
    path: string,
    fields: Record<string, string | string[]> = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const pairs = Object.entries(fields).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    );
    const sent = { accept: "text/html", origin: this.origin, ...this.#cookieHeader(), ...headers };
    const init = { method: "POST", body: new URLSearchParams(pairs) };
    const kept = Object.entries(sent).filter(([, value]) => value !== "");
    return this.#ask(path, { ...init, headers: Object.fromEntries(kept) });
  }

  /** With a password or a key; the cookie is kept. */
  async signIn(fields: Record<string, string>, headers: Record<string, string> = {}) {
    const response = await this.post("/sign-in", fields, headers);
    const cookie = response.headers.get("set-cookie")?.split(";")[0];
    if (response.status === 303) this.cookie = cookie;
    return response;
  }

  #cookieHeader(): Record<string, string> {
    return this.cookie === undefined ? {} : { cookie: this.cookie };
  }
}

/** Somebody who is signed in. */
export async function visitor(fields: Record<string, string>): Promise<Visitor> {
  const it = new Visitor();
  expect((await it.signIn(fields)).status).toBe(303);
  return it;
}

export function signInPage(response: Response): boolean {
  return (
    response.status === 303 && response.headers.get("location")?.startsWith("/sign-in") === true
  );
}
