/**
 * `mix hex.user auth` in the browser (RFC 8628, 3.3): enter the code, sign in, choose what the terminal may
 * do, approve or deny. Plain forms; what stands in them is checked at every step anew.
 */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Device, normalCode } from "../accounts/devices.ts";
import { may } from "../accounts/may.ts";
import { covers, parseScopes } from "../accounts/permission.ts";
import type { AccountsRefusal, Credential } from "../accounts/types.ts";
import type { App } from "../http/app-type.ts";
import { accountsOf, addressOf, authorOf } from "../http/context.ts";
import { startSession } from "../http/page-session.ts";
import { answerTo } from "../http/refusals.ts";
import { Approval, CodeEntry, Decided, SignIn } from "./device-pages.tsx";
import { renderPage } from "./page.tsx";
import { readForm } from "./sign-in.tsx";

type Answer = Response | Promise<Response>;

const title = "Connect a terminal";
const noSuchCode = "No terminal waits with this code: look again, or start anew in the terminal.";

/** `GET /oauth/device`, with the code if the client opened the page itself */
export function showDevice(c: Context<App>): Answer {
  const code = codeOf(c.req.query("user_code"));
  return render(c, 200, <CodeEntry code={code} />);
}

/** `POST /oauth/device`: a code, and with `step` also who it is. */
export async function enterCode(c: Context<App>): Promise<Response> {
  const form = await readForm(c);
  const code = codeOf(form.get("user_code"));
  const device = await findDevice(c, code, approver(c)?.userName ?? null);
  if ("refused" in device) return codeAgain(c, code, device.refused);
  const signedIn = approver(c);
  if (signedIn) return approval(c, code, device, signedIn);
  const name = form.get("username") ?? "";
  if (form.get("step") !== "sign_in") {
    return render(c, 200, <SignIn code={code} name="" />);
  }
  const shown = { name, password: form.get("password") ?? "", key: form.get("key") ?? "" };
  const wrong = await startSession(c, shown);
  const started = approver(c);
  if (wrong === undefined && started) return approval(c, code, device, started);
  const why = wrong ?? "This key cannot give access to anything: it needs the permission api.";
  return render(c, 401, <SignIn code={code} name={name} wrong={why} />);
}

/** `POST /oauth/device/decision` */
export async function decide(c: Context<App>): Promise<Response> {
  const form = await readForm(c);
  const code = codeOf(form.get("user_code"));
  const signedIn = approver(c);
  if (!signedIn || form.get("form") !== signedIn.sessionId) {
    const wrong = "You are not signed in any more: sign in again.";
    return render(c, 401, <SignIn code={code} name="" wrong={wrong} />);
  }
  const { userId, userName, sessionId, credential } = signedIn;
  const isApproved = form.get("decision") === "approve";
  const scopes = parseScopes(form.getAll("scope").join(" ")) ?? [];
  const granted = scopes.filter((scope) => covers(credential.holder.permissions, scope));
  if (isApproved && granted.length === 0) {
    const device = await findDevice(c, code, userName);
    if ("refused" in device) return codeAgain(c, code, device.refused);
    const wrong = "Choose at least one thing that it may do, or deny.";
    return approval(c, code, device, signedIn, wrong);
  }
  const accounts = accountsOf(c);
  const user = { id: userId, keyId: await accounts.keyOfSession(sessionId) };
  const answer = isApproved ? granted : null;
  const isDone = await accounts.decideDevice(code, user, answer, authorOf(c));
  if (!isDone) return render(c, 404, <CodeEntry code="" wrong={noSuchCode} />);
  return render(c, 200, <Decided isApproved={isApproved} />);
}

/** Somebody who is signed in, and whose login may give access to others. */
interface Approver {
  userId: number;
  userName: string;
  sessionId: string;
  credential: Credential;
}

function approver(c: Context<App>): Approver | undefined {
  const { actor, credential } = c.get("identity");
  if (actor.kind !== "holder" || actor.owner.kind !== "user" || !credential?.sessionId)
    return undefined;
  if (may(actor, "make_keys", { kind: "account" }) !== "yes") return undefined;
  const { id: userId, name: userName } = actor.owner;
  return { userId, userName, sessionId: credential.sessionId, credential };
}

function approval(
  c: Context<App>,
  code: string,
  device: Device,
  { userName, credential, sessionId }: Approver,
  wrong?: string,
): Answer {
  const shown = { code, device, credential, userName, formId: sessionId };
  const page = <Approval {...shown} {...(wrong === undefined ? {} : { wrong })} />;
  return render(c, wrong === undefined ? 200 : 422, page);
}

function codeAgain(c: Context<App>, code: string, refused: AccountsRefusal | null): Answer {
  const wrong = refused === null ? noSuchCode : answerTo(refused).message;
  const status: ContentfulStatusCode = refused === null ? 404 : 429;
  return render(c, status, <CodeEntry code={code} wrong={wrong} />);
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

function render(c: Context<App>, status: ContentfulStatusCode, content: Child): Answer {
  return renderPage(c, status, title, content, { narrow: true });
}

function codeOf(text: string | null | undefined): string {
  return normalCode(text ?? "").slice(0, 8);
}
