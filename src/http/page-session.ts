/** Who is looking at a page: whoever the cookie says, or the key in the request's header. */
import type { Context, Next } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { identifySession } from "../accounts/edge.ts";
import { may } from "../accounts/may.ts";
import { hashKeySecret } from "../accounts/secret.ts";
import { signIn } from "../accounts/sign-in.ts";
import { pageTokens } from "../accounts/token.ts";
import type { Credential, Refused } from "../accounts/types.ts";
import type { App } from "./app-type.ts";
import { authenticateIn, edgeOf, type Identity, isAdminKey, nobody } from "./authenticate.ts";
import { accountsOf, addressOf, requestOf, urlsOf } from "./context.ts";
import { answerTo, refuseInText } from "./refusals.ts";

const byHeader = authenticateIn(refuseInText, { passwords: false });

/** A cookie that is over is none: the page says what whoever is not signed in may see. */
export async function authenticatePage(c: Context<App>, next: Next): Promise<Response | undefined> {
  if (c.req.header("authorization")) return byHeader(c, next);
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  c.set("renew", async () => (await identityOfCookie(c, true)) ?? nobody);
  c.set("identity", (await identityOfCookie(c, !isRead)) ?? nobody);
  await next();
  return undefined;
}

/** @param isFresh ask the Accounts object, whatever is remembered. */
async function identityOfCookie(c: Context<App>, isFresh: boolean): Promise<Identity | undefined> {
  const cookie = getCookie(c, cookieName(c));
  if (cookie === undefined) return undefined;
  const found = await identifySession(edgeOf(c), cookie, pageTokens, isFresh);
  if (!found) return undefined;
  const actor = found.isAdmin ? ({ kind: "admin" } as const) : found.holder;
  return { actor, credential: found, isFresh };
}

/**
 * Signs somebody in who shows a password or a key, and gives them their cookie.
 * @returns what is wrong, as a sentence, when something is.
 */
export async function startSession(
  c: Context<App>,
  shown: { name: string; password: string; key: string },
): Promise<string | undefined> {
  const by = await identify(c, shown);
  if (typeof by === "string") return by;
  const owner = by?.holder.owner;
  const author = {
    ...{ name: owner?.name ?? "admin", userId: owner?.kind === "user" ? owner.id : null },
    ...{ credential: by?.label ?? "admin key", ...requestOf(c) },
  };
  const cookie = await accountsOf(c).startPageSession(by, author);
  if (cookie === null) return "This was revoked just now.";
  // The browser forgets its old cookie now, so nobody could sign out of that login any more.
  await endLogin(c);
  setCookie(c, cookieName(c), cookie, { ...cookieOptions(c), maxAge: pageTokens.seconds });
  // So that what answers this very request knows who it is.
  const found = await identifySession(edgeOf(c), cookie, pageTokens, true);
  const actor = found?.isAdmin ? ({ kind: "admin" } as const) : found?.holder;
  if (found && actor) c.set("identity", { actor, credential: found, isFresh: true });
  return undefined;
}

export async function endSession(c: Context<App>): Promise<void> {
  deleteCookie(c, cookieName(c), cookieOptions(c));
  await endLogin(c);
}

/** Of whoever the request's cookie names. */
async function endLogin(c: Context<App>): Promise<void> {
  const { credential, actor } = c.get("identity");
  if (!credential?.sessionId) return;
  const { owner } = credential.holder;
  const userId = actor.kind === "holder" && owner.kind === "user" ? owner.id : null;
  const author = { name: owner.name, userId, credential: credential.label, ...requestOf(c) };
  await accountsOf(c).endPageSession(credential.sessionId, author);
}

/** Not to be sent over HTTP, nor to be set by a neighbour below the same domain. */
function cookieName(c: Context<App>): string {
  return isSecure(c) ? "__Host-hexedge" : "hexedge";
}

function cookieOptions(c: Context<App>) {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: isSecure(c) } as const;
}

function isSecure(c: Context<App>): boolean {
  return urlsOf(c).origin.startsWith("https:");
}

/** @returns null for the admin key. */
async function identify(
  c: Context<App>,
  { name, password, key }: { name: string; password: string; key: string },
): Promise<Credential | null | string> {
  if (key !== "" && isAdminKey(c, key.trim())) return null;
  const found = await (key === ""
    ? signIn(accountsOf(c), name.trim(), password, addressOf(c))
    : byKey(c, key.trim()));
  if ("refused" in found) {
    const { reason } = found.refused;
    if (reason === "password_wrong") return "User name and password do not go together.";
    if (reason === "credential_unknown") return "There is no such key.";
    if (reason === "credential_revoked") return "This key was revoked, or has expired.";
    return `${answerTo(found.refused).message}.`;
  }
  if (found.holder.owner.kind !== "user") {
    return "This is a key of an organization: sign in with one of your own.";
  }
  if (may(found.holder, "read", { kind: "self" }) !== "yes") {
    return "This key cannot see pages: it needs the permission api, or api:read.";
  }
  return found;
}

async function byKey(c: Context<App>, key: string): Promise<Credential | Refused> {
  const hash = await hashKeySecret(c.get("config").accountsSecret, key);
  return accountsOf(c).credentialOfKey(hash, addressOf(c));
}
