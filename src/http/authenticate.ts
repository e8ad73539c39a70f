/**
 * Who is asking. A raw key, `Bearer KEY` or `Bearer TOKEN`, Basic with a key as password, and in the API
 * Basic with user and password (clients.md 1.1).
 */
import type { Context, Next } from "hono";
import { type Edge, identify, Memory, recall } from "../accounts/edge.ts";
import type { Actor } from "../accounts/may.ts";
import { isKeySecret } from "../accounts/secret.ts";
import { signIn } from "../accounts/sign-in.ts";
import type { Credential } from "../accounts/types.ts";
import { utf8Text } from "../hex/erlang/term.ts";
import { count, seriesOf } from "../metrics/tally.ts";
import type { App } from "./app-type.ts";
import { accountsOf, addressOf } from "./context.ts";
import type { Refusal, refuse } from "./refusals.ts";

/** A credential that was looked at: the actor, and for accounts how they showed it. */
export interface Identity {
  actor: Actor;
  credential: Credential | null;
  /** Asked of the Accounts object for this very request, not remembered. */
  isFresh: boolean;
}

export const nobody: Identity = { actor: { kind: "anonymous" }, credential: null, isFresh: true };

/** What this isolate remembers of credentials. */
const memory = new Memory();

/**
 * A credential that is present but wrong is refused, never ignored. Reads believe what is remembered
 * here, for as long as changes.ts allows; everything else asks.
 */
export function authenticateIn(says: typeof refuse, options: { passwords: boolean }) {
  return async function authenticated(c: Context<App>, next: Next): Promise<Response | undefined> {
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    const identity = await authenticate(c, !isRead, options);
    if ("refused" in identity) {
      const { reason } = identity.refused;
      count(seriesOf("hexedge_refused_credentials_total", { reason }));
      // rebar3 takes a 429 to its uploads for success, so those hear again that the key is wrong.
      const isUpload = c.req.method === "POST" && identity.refused.reason === "too_many_failures";
      return says(c, isUpload ? { reason: "credential_unknown" } : identity.refused);
    }
    c.set("identity", identity);
    await next();
    return undefined;
  };
}

/** Where it adds something, and nothing else does. */
export function showsAdminKey(c: Context<App>): boolean {
  const shown = shownIn(c.req.header("authorization") ?? "");
  return shown !== undefined && isAdminKey(c, shown.secret);
}

export function isAdminKey(c: Context<App>, secret: string): boolean {
  return sameSecret(secret, c.get("config").adminKey);
}

/** Asks the Accounts object who this is, if that was only remembered. @returns whether it was, or its no. */
export async function renewIdentity(c: Context<App>): Promise<boolean | { refused: Refusal }> {
  const { isFresh } = c.get("identity");
  if (isFresh) return false;
  const ofCookie = c.get("renew");
  const identity = await (ofCookie ? ofCookie() : authenticate(c, true, { passwords: true }));
  if ("refused" in identity) return identity;
  c.set("identity", identity);
  return true;
}

async function authenticate(
  c: Context<App>,
  isFresh: boolean,
  options: { passwords: boolean },
): Promise<Identity | { refused: Refusal }> {
  const header = c.req.header("authorization");
  if (header === undefined || header === "") return nobody;
  const recalled = isFresh ? undefined : recall(memory, header, Date.now());
  if (recalled) {
    noteUse(c, recalled);
    return { actor: recalled.holder, credential: recalled, isFresh: false };
  }
  const shown = shownIn(header);
  if (shown === undefined) return { refused: { reason: "credential_malformed" } };
  if (isAdminKey(c, shown.secret)) {
    return { actor: { kind: "admin" }, credential: null, isFresh: true };
  }
  const { user, secret } = shown;
  const isPassword = user !== "" && user !== undefined && !isKeySecret(secret);
  if (isPassword && !options.passwords) return { refused: { reason: "password_for_files" } };
  const found = await (isPassword
    ? signIn(accountsOf(c), user, secret, addressOf(c))
    : identify(edgeOf(c), secret, addressOf(c), isFresh));
  if ("refused" in found) return found;
  // A password is computed each time.
  if (!isPassword) memory.remember(header, found);
  noteUse(c, found);
  return { actor: found.holder, credential: found, isFresh: isFresh || isPassword };
}

/** What the edge works with, for the length of this request. */
export function edgeOf(c: Context<App>): Edge {
  return {
    memory,
    replica: c.env.INDEX,
    truth: accountsOf(c),
    secret: c.get("config").accountsSecret,
    pageSecret: c.get("config").pageSecret,
    now: () => Date.now(),
    later: (work) => c.executionCtx.waitUntil(work),
  };
}

const notedMsMin = 5 * 60_000;
const notedMax = 5000;
const noted = new Map<number, number>();

/** Tells the Accounts object where a key is used, once in a while and beside the answer. */
function noteUse(c: Context<App>, { keyId }: Credential): void {
  const at = Date.now();
  if (keyId === null || at - (noted.get(keyId) ?? 0) < notedMsMin) return;
  if (noted.size > notedMax) noted.clear();
  noted.set(keyId, at);
  const ip = c.req.header("cf-connecting-ip") ?? null;
  const userAgent = c.req.header("user-agent")?.slice(0, 255) ?? null;
  const told = accountsOf(c).keysUsed([{ keyId, at, ip, userAgent }]);
  c.executionCtx.waitUntil(Promise.resolve(told).catch(() => noted.delete(keyId)));
}

/** @returns undefined when it is a scheme that we know, and cannot be read. */
function shownIn(header: string): { user?: string; secret: string } | undefined {
  const [, scheme, credential] = /^(bearer|basic) +(\S+) *$/i.exec(header) ?? [];
  if (scheme === undefined || credential === undefined) return { secret: header.trim() };
  if (scheme.toLowerCase() === "bearer") return { secret: credential };
  const text = decodeBase64(credential);
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0) return undefined;
  return { user: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** Names and passwords are UTF-8. */
function decodeBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return utf8Text(bytes);
  } catch {
    return undefined;
  }
}

/** Longer than any key that there is: both sides are compared at this size. */
const secretBytesMax = 256;
const encoder = new TextEncoder();

/** In constant time, padded to one size; hashing both to get there took a tenth of a read. */
function sameSecret(one: string, other: string): boolean {
  const [left, right] = [padded(one), padded(other)];
  return left !== undefined && right !== undefined && crypto.subtle.timingSafeEqual(left, right);
}

/** With zeros, which no header can hold. @returns undefined when it is longer than any key. */
function padded(secret: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(secretBytesMax);
  return encoder.encodeInto(secret, bytes).read === secret.length ? bytes : undefined;
}
