/**
 * `mix hex.user auth` in the browser (RFC 8628, 3.3): enter the code, sign in, choose what the terminal may
 * do, approve or deny. Plain forms; what stands in them is checked at every step anew.
 */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Device, normalCode } from "../accounts/devices.ts";
import { may } from "../accounts/may.ts";
import {
  type PageSession,
  pageSessionSeconds,
  readPageSession,
  signPageSession,
} from "../accounts/page-session.ts";
import { covers, parseScopes } from "../accounts/permission.ts";
import { hashKeySecret } from "../accounts/secret.ts";
import { signIn } from "../accounts/sign-in.ts";
import type { AccountsRefusal, Credential, Refused } from "../accounts/types.ts";
import type { App } from "../http/app-type.ts";
import { accountsOf, addressOf, requestOf, urlsOf } from "../http/context.ts";
import { answerTo } from "../http/refusals.ts";
import { Approval, CodeEntry, Decided, SignIn } from "./device-pages.tsx";
import { renderPage } from "./page.tsx";

type Answer = Response | Promise<Response>;

const title = "Connect a terminal";
const cookieName = "hexedge_page";
const path = "/oauth/device";
const noSuchCode = "No terminal waits with this code: look again, or start anew in the terminal.";

/** `GET /oauth/device`, with the code if the client opened the page itself */
export function showDevice(c: Context<App>): Answer {
  const code = codeOf(c.req.query("user_code"));
  return renderPage(c, 200, title, <CodeEntry code={code} />);
}

/** `POST /oauth/device`: a code, and with `step` also who it is. */
export async function enterCode(c: Context<App>): Promise<Response> {
  const form = await readForm(c);
  const code = codeOf(form.get("user_code"));
  const session = await sessionOf(c);
  const device = await findDevice(c, code, session?.session.userName ?? null);
  if ("refused" in device) return codeAgain(c, code, device.refused);
  if (session) return approval(c, code, device, session.session, session.credential);
  const name = form.get("username") ?? "";
  if (form.get("step") !== "sign_in") {
    return renderPage(c, 200, title, <SignIn code={code} name="" />);
  }
  const credential = await identify(c, name, form.get("password") ?? "", form.get("key") ?? "");
  if (typeof credential === "string") {
    return renderPage(c, 401, title, <SignIn code={code} name={name} wrong={credential} />);
  }
  const started = await startSession(c, credential);
  return approval(c, code, device, started, credential);
}

/** `POST /oauth/device/decision` */
export async function decide(c: Context<App>): Promise<Response> {
  const form = await readForm(c);
  const code = codeOf(form.get("user_code"));
  const signedIn = await sessionOf(c);
  if (!signedIn || form.get("form") !== signedIn.session.id) {
    const wrong = "You are not signed in any more: sign in again.";
    return renderPage(c, 401, title, <SignIn code={code} name="" wrong={wrong} />);
  }
  const { session, credential } = signedIn;
  const isApproved = form.get("decision") === "approve";
  const scopes = parseScopes(form.getAll("scope").join(" ")) ?? [];
  const granted = scopes.filter((scope) => covers(credential.holder.permissions, scope));
  if (isApproved && granted.length === 0) {
    const device = await findDevice(c, code, session.userName);
    if ("refused" in device) return codeAgain(c, code, device.refused);
    const wrong = "Choose at least one thing that it may do, or deny.";
    return approval(c, code, device, session, credential, wrong);
  }
  const author = {
    ...{ name: session.userName, userId: session.userId, credential: credential.label },
    ...requestOf(c),
  };
  const user = { id: session.userId, keyId: session.keyId };
  const answer = isApproved ? granted : null;
  const isDone = await accountsOf(c).decideDevice(code, user, answer, author);
  deleteCookie(c, cookieName, { path });
  if (!isDone) return renderPage(c, 404, title, <CodeEntry code="" wrong={noSuchCode} />);
  return renderPage(c, 200, title, <Decided isApproved={isApproved} />);
}

function approval(
  c: Context<App>,
  code: string,
  device: Device,
  session: PageSession,
  credential: Credential,
  wrong?: string,
): Answer {
  const shown = { code, device, credential, userName: session.userName, formId: session.id };
  const page = <Approval {...shown} {...(wrong === undefined ? {} : { wrong })} />;
  return renderPage(c, wrong === undefined ? 200 : 422, title, page);
}

function codeAgain(c: Context<App>, code: string, refused: AccountsRefusal | null): Answer {
  const wrong = refused === null ? noSuchCode : answerTo(refused).message;
  const status: ContentfulStatusCode = refused === null ? 404 : 429;
  return renderPage(c, status, title, <CodeEntry code={code} wrong={wrong} />);
}

/** Guesses are counted. @returns a refusal of null for a code that nobody waits with. */
async function findDevice(
  c: Context<App>,
  code: string,
  account: string | null,
): Promise<Device | { refused: AccountsRefusal | null }> {
  const found = await accountsOf(c).findDevice(code, addressOf(c), account);
  return found ?? { refused: null };
}

/** @returns what is wrong, when it is. */
async function identify(
  c: Context<App>,
  name: string,
  password: string,
  key: string,
): Promise<Credential | string> {
  const found = key === "" ? await byPassword(c, name, password) : await byKey(c, key.trim());
  if ("refused" in found) {
    const { reason } = found.refused;
    if (reason === "password_wrong") return "User name and password do not go together.";
    if (reason === "credential_unknown") return "There is no such key.";
    if (reason === "credential_revoked") return "This key was revoked, or has expired.";
    return `${answerTo(found.refused).message}.`;
  }
  const { owner } = found.holder;
  if (owner.kind !== "user")
    return "This is a key of an organization: sign in with one of your own.";
  if (may(found.holder, "make_keys", { kind: "account" }) !== "yes") {
    return "This key cannot give access to anything: it needs the permission api.";
  }
  return found;
}

async function byPassword(c: Context<App>, name: string, password: string) {
  return signIn(accountsOf(c), name.trim(), password, addressOf(c));
}

async function byKey(c: Context<App>, key: string): Promise<Credential | Refused> {
  const hash = await hashKeySecret(c.get("config").accountsSecret, key);
  return accountsOf(c).credentialOfKey(hash, addressOf(c));
}

async function startSession(c: Context<App>, credential: Credential): Promise<PageSession> {
  const { holder, keyId, sequence } = credential;
  const userId = holder.owner.kind === "user" ? holder.owner.id : 0;
  const userName = holder.owner.name;
  const session = { id: crypto.randomUUID(), userId, userName, keyId, sequence };
  setCookie(c, cookieName, await signPageSession(c.get("config").accountsSecret, session), {
    ...{ path, httpOnly: true, sameSite: "Strict", maxAge: pageSessionSeconds },
    secure: urlsOf(c).origin.startsWith("https:"),
  });
  return session;
}

/** Whoever signed in a moment ago, as far as they still may. */
async function sessionOf(
  c: Context<App>,
): Promise<{ session: PageSession; credential: Credential } | undefined> {
  const cookie = getCookie(c, cookieName);
  if (cookie === undefined) return undefined;
  const session = await readPageSession(c.get("config").accountsSecret, cookie);
  if (!session) return undefined;
  const credential = await accountsOf(c).credentialOfPage(session);
  return "refused" in credential ? undefined : { session, credential };
}

function codeOf(text: string | null | undefined): string {
  return normalCode(text ?? "").slice(0, 8);
}

/** Small: `limitForm` has seen to that. */
async function readForm(c: Context<App>): Promise<URLSearchParams> {
  return new URLSearchParams(await c.req.text());
}
