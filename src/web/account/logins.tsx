/** Logins: the terminals and browsers in which somebody is signed in. */
import type { Context } from "hono";
import type { SessionRecord } from "../../accounts/types.ts";
import { adminUserId } from "../../accounts/world.ts";
import type { App } from "../../http/app-type.ts";
import { accountsOf, authorOf } from "../../http/context.ts";
import { permit } from "../../http/permit.ts";
import { refusePage } from "../page.tsx";
import { Badge, Moment } from "../parts.tsx";
import { readForm } from "../sign-in.tsx";
import { goOn } from "./forms.tsx";
import { Meanings } from "./keys.tsx";

/** `POST /account/logins`: ends one, or without `login` all but the one that asks. */
export async function endLogins(c: Context<App>): Promise<Response> {
  const refused = await permit(c, "make_keys", { kind: "account" });
  if (refused) return refusePage(c, refused);
  const userId = userIdOf(c);
  if (userId === undefined) return refusePage(c, { reason: "forbidden" });
  const login = (await readForm(c)).get("login");
  if (login === null) {
    const asking = c.get("identity").credential?.sessionId ?? null;
    await accountsOf(c).endOtherSessions(userId, asking, authorOf(c));
    return goOn(c, "/account", "logins-ended");
  }
  await accountsOf(c).endSessionOf(userId, login, authorOf(c));
  return goOn(c, "/account", "login-ended");
}

export async function loginsOf(c: Context<App>): Promise<SessionRecord[]> {
  const userId = userIdOf(c);
  return userId === undefined ? [] : accountsOf(c).sessions(userId);
}

/** Does whoever looks know the password? A key or token that leaks must not become it. */
export function signedInByPassword(c: Context<App>, logins: readonly SessionRecord[]): boolean {
  const { credential } = c.get("identity");
  const own = logins.find(({ id }) => id === credential?.sessionId);
  return own?.client === "page" && own.keyName === null;
}

export function Logins(props: {
  c: Context<App>;
  logins: readonly SessionRecord[];
  mayEnd: boolean;
}) {
  const { c, logins, mayEnd } = props;
  const asking = c.get("identity").credential?.sessionId;
  const others = logins.filter(({ id }) => id !== asking);
  return (
    <>
      {logins.length === 0 ? <p>There are no logins.</p> : null}
      <ul class="rows">
        {logins.map((login) => (
          <li>
            <div>
              <strong>{login.client === "page" ? "Browser" : login.name}</strong>{" "}
              {login.id === asking ? <Badge kind="good">this one</Badge> : null}
              <Meanings permissions={login.permissions} />
              <p class="quiet">
                Since <Moment at={login.createdAt} />, until <Moment at={login.expiresAt} />
                {login.keyName === null ? "" : `, with the key ${login.keyName}`}.
              </p>
            </div>
            {mayEnd && login.id !== asking ? (
              <form method="post" action="/account/logins">
                <input type="hidden" name="login" value={login.id} />
                <button type="submit" class="second small">
                  End
                </button>
              </form>
            ) : null}
          </li>
        ))}
      </ul>
      {mayEnd && others.length > 1 ? (
        <form method="post" action="/account/logins">
          <button type="submit" class="second">
            End all others
          </button>
        </form>
      ) : null}
    </>
  );
}

function userIdOf(c: Context<App>): number | undefined {
  const { actor } = c.get("identity");
  if (actor.kind === "admin") return adminUserId;
  return actor.kind === "holder" && actor.owner.kind === "user" ? actor.owner.id : undefined;
}
