/** Changing one's password, which who signed in with it may do who knows it still. */
import type { Context } from "hono";
import * as v from "valibot";
import { hashPassword } from "../../accounts/password.ts";
import { signIn } from "../../accounts/sign-in.ts";
import { password } from "../../http/api/users.ts";
import type { App } from "../../http/app-type.ts";
import { accountsOf, addressOf, authorOf } from "../../http/context.ts";
import { startSession } from "../../http/page-session.ts";
import { checked } from "../../http/parameters.ts";
import { permit } from "../../http/permit.ts";
import type { Refusal } from "../../http/refusals.ts";
import { refusePage, renderPage, Wrong } from "../page.tsx";
import { readForm } from "../sign-in.tsx";
import { Field, goOn, type Mistake, mistake, unfit } from "./forms.tsx";
import { loginsOf, signedInByPassword } from "./logins.tsx";

export const newPassword = v.object({ password });

/** `GET /account/password` */
export async function showPassword(c: Context<App>): Promise<Response> {
  const own = await ownName(c);
  return "refused" in own ? refusePage(c, own.refused) : formPage(c, own.name);
}

/** `POST /account/password`: all logins end, and the one that asks begins anew. */
export async function changePassword(c: Context<App>): Promise<Response> {
  const own = await ownName(c);
  if ("refused" in own) return refusePage(c, own.refused);
  const { name } = own;
  const form = await readForm(c);
  const read = checked(newPassword, { password: form.get("password") });
  if ("refused" in read) return formPage(c, name, mistake(read.refused));
  const { password: chosen } = read.output;
  if (form.get("again") !== chosen) return formPage(c, name, unfit("The two are not the same."));
  const known = await signIn(accountsOf(c), name, form.get("current") ?? "", addressOf(c));
  if ("refused" in known) {
    const isWrong = known.refused.reason === "password_wrong";
    const wrong = unfit("This is not your current password.");
    return formPage(c, name, isWrong ? wrong : mistake(known.refused));
  }
  const hash = await hashPassword(chosen);
  const refused = await accountsOf(c).setPassword(name, hash, authorOf(c));
  if (refused) return formPage(c, name, mistake(refused.refused));
  await startSession(c, { name, password: chosen, key: "" });
  return goOn(c, "/account", "password-set");
}

/** Of whoever signed in on the pages with a password. */
async function ownName(c: Context<App>): Promise<{ name: string } | { refused: Refusal }> {
  const refused = await permit(c, "administer", { kind: "account" });
  if (refused) return { refused };
  const { actor } = c.get("identity");
  const isSignedIn = signedInByPassword(c, await loginsOf(c));
  if (actor.kind !== "holder" || !isSignedIn) return { refused: { reason: "forbidden" } };
  return { name: actor.owner.name };
}

function formPage(c: Context<App>, name: string, mistake?: Mistake): Response | Promise<Response> {
  const page = (
    <form method="post" action={c.req.path}>
      {mistake ? <Wrong>{mistake.sentence}</Wrong> : null}
      <p>All other logins with the password end. Keys stay as they are.</p>
      <input type="text" name="username" value={name} autocomplete="username" hidden />
      <Field
        label="Current password"
        name="current"
        type="password"
        required
        autocomplete="current-password"
      />
      <NewPasswordFields />
      <div class="buttons">
        <button type="submit">Change the password</button>
        <a href="/account">Cancel</a>
      </div>
    </form>
  );
  const title = "Change your password";
  return renderPage(c, mistake?.status ?? 200, title, page, { narrow: true });
}

function NewPasswordFields() {
  return (
    <>
      <Field
        label="New password"
        name="password"
        type="password"
        required
        hint="At least 8 characters."
        autocomplete="new-password"
      />
      <Field
        label="New password again"
        name="again"
        type="password"
        required
        autocomplete="new-password"
      />
    </>
  );
}
