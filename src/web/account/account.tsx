/** `GET /account`: who one is here, and everything that lets somebody be it. */
import type { Context } from "hono";
import type { KeyRecord, SessionRecord, UserRecord } from "../../accounts/types.ts";
import type { App } from "../../http/app-type.ts";
import { accountsOf } from "../../http/context.ts";
import { permit } from "../../http/permit.ts";
import { refusePage, renderPage } from "../page.tsx";
import { Badge, Day } from "../parts.tsx";
import { Done } from "./forms.tsx";
import { Keys, mayMake } from "./keys.tsx";
import { Logins, loginsOf, signedInByPassword } from "./logins.tsx";

export async function showAccount(c: Context<App>): Promise<Response> {
  const refused = await permit(c, "read", { kind: "self" });
  if (refused) return refusePage(c, refused);
  const { actor } = c.get("identity");
  if (actor.kind !== "holder" || actor.owner.kind !== "user") return showAdmin(c);
  const user = await accountsOf(c).user(actor.owner.name);
  if (!user) return refusePage(c, { reason: "hidden", repository: null });
  // A key for one package may know whose it is, and no more.
  const isShut = (await permit(c, "read", { kind: "account" })) !== undefined;
  const [keys, logins] = isShut
    ? [[], []]
    : await Promise.all([accountsOf(c).keys(actor.owner), loginsOf(c)]);
  return renderPage(
    c,
    200,
    "Your account",
    <>
      <h1>Your account</h1>
      <AccountTabs />
      <Done c={c} />
      <Who user={user} />
      <Organizations user={user} />
      {isShut ? (
        <p class="quiet">The key you signed in with may not see your keys and logins.</p>
      ) : (
        <Credentials c={c} user={user} keys={keys} logins={logins} />
      )}
    </>,
  );
}

function Credentials(props: {
  c: Context<App>;
  user: UserRecord;
  keys: readonly KeyRecord[];
  logins: readonly SessionRecord[];
}) {
  const { c, user, keys, logins } = props;
  const mayChange = mayMake(c, { kind: "account" });
  return (
    <>
      <section>
        <h2>Keys</h2>
        <Keys c={c} keys={keys} mayMake={mayChange} />
      </section>
      <section>
        <h2>Logins</h2>
        <Logins c={c} logins={logins} mayEnd={mayChange} />
      </section>
      {user.hasPassword ? (
        <section>
          <h2>Password</h2>
          {signedInByPassword(c, logins) ? (
            <p>
              <a href="/account/password">Change the password</a>
            </p>
          ) : (
            <p class="quiet">To change it, sign in with it: a key is not enough.</p>
          )}
        </section>
      ) : null}
    </>
  );
}

/** The admin key is nobody's account: what it is for is elsewhere. */
async function showAdmin(c: Context<App>): Promise<Response> {
  const logins = await loginsOf(c);
  return renderPage(
    c,
    200,
    "Administration",
    <>
      <h1>Administration</h1>
      <Done c={c} />
      <p>You are signed in with the admin key of this registry.</p>
      <ul class="cards">
        <li>
          <a href="/users">Users</a>
          <span class="quiet">who they are, their keys and passwords</span>
        </li>
        <li>
          <a href="/audit-log">Audit log</a>
          <span class="quiet">everything that was done</span>
        </li>
        <li>
          <a href="/">Repositories</a>
          <span class="quiet">and their organizations</span>
        </li>
      </ul>
      <section>
        <h2>Logins with the admin key</h2>
        <Logins c={c} logins={logins} mayEnd={true} />
      </section>
    </>,
  );
}

function AccountTabs() {
  return (
    <nav class="tabs" aria-label="Your account">
      <a href="/account" aria-current="page">
        Account
      </a>
      <a href="/account/audit-log">Audit log</a>
    </nav>
  );
}

function Who({ user }: { user: UserRecord }) {
  return (
    <dl>
      <dt>User name</dt>
      <dd>{user.name}</dd>
      {user.fullName === null ? null : (
        <>
          <dt>Name</dt>
          <dd>{user.fullName}</dd>
        </>
      )}
      {user.email === null ? null : (
        <>
          <dt>E-mail</dt>
          <dd>{user.email}</dd>
        </>
      )}
      <dt>Since</dt>
      <dd>
        <Day at={user.insertedAt} />
      </dd>
    </dl>
  );
}

export function Organizations({ user }: { user: Pick<UserRecord, "roles"> }) {
  const roles = Object.entries(user.roles);
  return (
    <section>
      <h2>Organizations</h2>
      {roles.length === 0 ? <p>A member of none.</p> : null}
      <ul class="cards">
        {roles.map(([name, role]) => (
          <li>
            <a href={`/organizations/${name}`}>{name}</a>
            <Badge kind="plain">{role}</Badge>
          </li>
        ))}
      </ul>
    </section>
  );
}
