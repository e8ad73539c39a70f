/** Who is asking. A raw key, `Bearer KEY`, or Basic with the key as password (clients.md 1.1). */
import type { Context } from "hono";
import type { Actor } from "../accounts/may.ts";
import type { App } from "./app-type.ts";
import type { HttpRefusal } from "./refusals.ts";

/** @returns the actor; a credential that is present but wrong is refused, never ignored. */
export async function authenticate(c: Context<App>): Promise<Actor | { refused: HttpRefusal }> {
  const header = c.req.header("authorization");
  if (header === undefined || header === "") return { kind: "anonymous" };
  const key = presentedKey(header);
  if (key === undefined) return { refused: { reason: "credential_malformed" } };
  if (sameSecret(key, c.get("config").adminKey)) return { kind: "admin" };
  const address = c.req.header("cf-connecting-ip") ?? "local";
  const counted = await c.env.GUESSES?.limit({ key: address });
  // rebar3 takes a 429 to its uploads for success, so those hear again that the key is wrong.
  const slowedDown = counted?.success === false && c.req.method !== "POST";
  return { refused: { reason: slowedDown ? "too_many_guesses" : "credential_unknown" } };
}

function presentedKey(header: string): string | undefined {
  const [, scheme, credential] = /^(bearer|basic) +(\S+) *$/i.exec(header) ?? [];
  if (scheme === undefined || credential === undefined) return header.trim();
  if (scheme.toLowerCase() === "bearer") return credential;
  const text = decodeBase64(credential);
  const colon = text?.indexOf(":") ?? -1;
  return colon < 0 ? undefined : text?.slice(colon + 1);
}

function decodeBase64(text: string): string | undefined {
  try {
    return atob(text);
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
