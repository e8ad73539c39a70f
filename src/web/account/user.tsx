/** `/users/NAME`: one user, for the registry's admin. */
import type { Context } from "hono";
import { hashPassword } from "../../accounts/password.ts";
import type { UserRecord } from "../../accounts/types.ts";
import type { App } from "../../http/app-type.ts";
import { accountsOf, authorOf } from "../../http/context.ts";
import { checked } from "../../http/parameters.ts";
import type { Refusal } from "../../http/refusals.ts";
import { refusePage, renderPage, Wrong } from "../page.tsx";
import { Badge, Day } from "../parts.tsx";
import { readForm } from "../sign-in.tsx";
import { Organizations } from "./account.tsx";
import { confirmPage, Done, Field, goOn, type Mistake, mistake } from "./forms.tsx";
import { Keys } from "./keys.tsx";
import { newPassword } from "./password.tsx";
import { administers } from "./users.tsx";
import { pathOfOwner } from "./whose.ts";

type Answer = Response | Promise<Response>;

/** `GET /users/NAME` */
export async function showUser(c: Context<App>): Promise<Response> {
  const user = await userNamed(c);
  if ("refused" in user) return refusePage(c, user.refused);
  const { id, name, deactivatedAt } = user;
  const keys = await accountsOf(c).keys({ kind: "user", id, name });
  const path = pathOfOwner(c);
  return renderPage(
    c,
    200,
    name,
    <>
      <p class="path">
        <a href="/users">Users</a>
      </p>
      <h1>
        {name} {deactivatedAt === null ? null : <Badge kind="bad">deactivated</Badge>}
      </h1>
      <Done c={c} />
      <Facts user={user} />
      {deactivatedAt === null ? (
        <>
          <p class="buttons">
            <a href={`${path}/password`}>Set a password</a>
            <a href={`${path}/deactivate`}>Deactivate</a>
          </p>
          <Organizations user={user} />
          <section>
            <h2>Keys</h2>
            <Keys c={c} keys={keys} mayMake={true} isOfAnother={true} />
          </section>
        </>
      ) : null}
    </>,
  );
}

/** `GET /users/NAME/password` */
export async function showUserPassword(c: Context<App>): Promise<Response> {
  const user = await activeUserNamed(c);
  return "refused" in user ? refusePage(c, user.refused) : passwordPage(c, user.name);
}

/** `POST /users/NAME/password` */
export async function setUserPassword(c: Context<App>): Promise<Response> {
  const user = await activeUserNamed(c);
  if ("refused" in user) return refusePage(c, user.refused);
  const form = await readForm(c);
  const read = checked(newPassword, { password: form.get("password") });
  if ("refused" in read) return passwordPage(c, user.name, mistake(read.refused));
  const hash = await hashPassword(read.output.password);
  const refused = await accountsOf(c).setPassword(user.name, hash, authorOf(c));
  if (refused) return passwordPage(c, user.name, mistake(refused.refused));
  return goOn(c, pathOfOwner(c), "password-set");
}

/** `GET /users/NAME/deactivate` */
export async function askToDeactivate(c: Context<App>): Promise<Response> {
  const user = await activeUserNamed(c);
  if ("refused" in user) return refusePage(c, user.refused);
  return confirmPage(c, {
    ...{ title: "Deactivate a user", button: "Deactivate them", back: pathOfOwner(c) },
    question: (
      <p>
        Deactivate <strong>{user.name}</strong>? No key, login or password of theirs is good from
        then on, and they leave every organization. The name stays taken, and this cannot be undone.
      </p>
    ),
  });
}

/** `POST /users/NAME/deactivate` */
export async function deactivateUser(c: Context<App>): Promise<Response> {
  const user = await activeUserNamed(c);
  if ("refused" in user) return refusePage(c, user.refused);
  const refused = await accountsOf(c).deactivateUser(user.name, authorOf(c));
  return refused ? refusePage(c, refused.refused) : goOn(c, pathOfOwner(c), "user-deactivated");
}

async function userNamed(c: Context<App>): Promise<UserRecord | { refused: Refusal }> {
  const refused = await administers(c);
  if (refused) return { refused };
  const named = c.req.param("user") ?? "";
  const user = await accountsOf(c).user(named);
  return user ?? { refused: { reason: "user_not_found", user: named } };
}

async function activeUserNamed(c: Context<App>): Promise<UserRecord | { refused: Refusal }> {
  const user = await userNamed(c);
  if ("refused" in user || user.deactivatedAt === null) return user;
  return { refused: { reason: "user_not_found", user: user.name } };
}

function Facts({ user }: { user: UserRecord }) {
  const { fullName, email, hasPassword, insertedAt, deactivatedAt } = user;
  return (
    <dl>
      {fullName === null ? null : (
        <>
          <dt>Name</dt>
          <dd>{fullName}</dd>
        </>
      )}
      {email === null ? null : (
        <>
          <dt>E-mail</dt>
          <dd>{email}</dd>
        </>
      )}
      <dt>Password</dt>
      <dd>{hasPassword ? "is set" : "none: signs in with keys only"}</dd>
      <dt>Since</dt>
      <dd>
        <Day at={insertedAt} />
      </dd>
      {deactivatedAt === null ? null : (
        <>
          <dt>Until</dt>
          <dd>
            <Day at={deactivatedAt} />
          </dd>
        </>
      )}
    </dl>
  );
}

function passwordPage(c: Context<App>, name: string, mistake?: Mistake): Answer {
  const page = (
    <form method="post" action={c.req.path}>
      {mistake ? <Wrong>{mistake.sentence}</Wrong> : null}
      <p>
        For <strong>{name}</strong>. All logins of theirs end; keys stay as they are.
      </p>
      <Field
        label="New password"
        name="password"
        type="password"
        required
        hint="At least 8 characters."
        autocomplete="new-password"
      />
      <div class="buttons">
        <button type="submit">Set the password</button>
        <a href={pathOfOwner(c)}>Cancel</a>
      </div>
    </form>
  );
  return renderPage(c, mistake?.status ?? 200, "Set a password", page, { narrow: true });
}
