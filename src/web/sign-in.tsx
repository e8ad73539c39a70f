/** Signing in on the pages, and out. */
import type { Context } from "hono";
import type { App } from "../http/app-type.ts";
import { renewIdentity } from "../http/authenticate.ts";
import { endSession, startSession } from "../http/page-session.ts";
import { renderPage, Wrong } from "./page.tsx";

const title = "Sign in";

/** `GET /sign-in?to=PATH` */
export async function showSignIn(c: Context<App>): Promise<Response> {
  const to = pathOf(c.req.query("to"));
  // A login that has just ended would send them to and fro.
  await renewIdentity(c);
  if (c.get("identity").actor.kind !== "anonymous") return c.redirect(to, 303);
  return renderPage(c, 200, title, <SignInForm to={to} name="" />, { narrow: true });
}

/** `POST /sign-in` */
export async function signIn(c: Context<App>): Promise<Response> {
  const form = await readForm(c);
  const to = pathOf(form.get("to"));
  const name = form.get("username") ?? "";
  const shown = { name, password: form.get("password") ?? "", key: form.get("key") ?? "" };
  const wrong = await startSession(c, shown);
  if (wrong === undefined) return c.redirect(to, 303);
  const page = <SignInForm to={to} name={name} wrong={wrong} />;
  return renderPage(c, 401, title, page, { narrow: true });
}

/** `POST /sign-out` */
export async function signOut(c: Context<App>): Promise<Response> {
  await endSession(c);
  return c.redirect("/", 303);
}

/** A form of ours. Small: `limitForm` has seen to that. */
export async function readForm(c: Context<App>): Promise<URLSearchParams> {
  return new URLSearchParams(await c.req.text());
}

/** User name and password, or a key: the fields that every form has which lets somebody in. */
export function CredentialFields({ name }: { name: string }) {
  return (
    <>
      <label for="username">User name or e-mail</label>
      <input
        type="text"
        id="username"
        name="username"
        value={name}
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
      />
      <label for="password">Password</label>
      <input type="password" id="password" name="password" autocomplete="current-password" />
      <p class="or">or</p>
      <label for="key">A key of yours</label>
      <input type="password" id="key" name="key" autocomplete="off" />
      <button type="submit">Sign in</button>
    </>
  );
}

function SignInForm({ to, name, wrong }: { to: string; name: string; wrong?: string }) {
  return (
    <>
      <form method="post" action="/sign-in">
        {wrong ? <Wrong>{wrong}</Wrong> : null}
        <input type="hidden" name="to" value={to} />
        <CredentialFields name={name} />
      </form>
      <p class="quiet below">
        No account? Whoever runs this registry makes one for you. You stay signed in for a working
        day.
      </p>
    </>
  );
}

/** Only a path of ours: nobody is sent elsewhere after signing in. */
function pathOf(to: string | null | undefined): string {
  const url = URL.parse(to ?? "/", "http://here");
  if (url?.host !== "here" || !to?.startsWith("/")) return "/";
  // What is left of `/..//elsewhere` would be a host.
  return url.pathname.startsWith("//") ? "/" : url.pathname + url.search;
}
