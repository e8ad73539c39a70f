/** Who is asking. A raw key, `Bearer KEY`, or Basic with the key as password (clients.md 1.1). */
import { createHash, timingSafeEqual } from "node:crypto";
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
  if (sameSecret(key, c.var.config.adminKey)) return { kind: "admin" };
  const address = c.req.header("cf-connecting-ip") ?? "local";
  const counted = await c.env.GUESSES?.limit({ key: address });
  const reason = counted?.success === false ? "too_many_guesses" : "credential_unknown";
  return { refused: { reason } };
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

/** In constant time: the digests have one length, so nothing about the secret shows in the time. */
function sameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
