/** Keys: listed, and revoked. Making one is in new-key.tsx. */
import type { Context } from "hono";
import { may, type Subject } from "../../accounts/may.ts";
import type { KeyRecord } from "../../accounts/types.ts";
import { keyOwner } from "../../http/api/keys.ts";
import type { App } from "../../http/app-type.ts";
import { accountsOf, authorOf } from "../../http/context.ts";
import { pageOf } from "../../http/parameters.ts";
import { refusePage, renderPage } from "../page.tsx";
import { Badge, Day, Moment, Pager, withQuery } from "../parts.tsx";
import { readForm } from "../sign-in.tsx";
import { confirmPage, Done, goOn, mistake, pageOfList } from "./forms.tsx";
import { OrganizationTabs } from "./organization-tabs.tsx";
import { pathOfKeys, pathOfOwner } from "./whose.ts";
import { meaningOf } from "./words.ts";

/** `GET /organizations/NAME/keys`; those of users are part of their page. */
export async function showOrganizationKeys(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "read");
  if ("refused" in owner) return refusePage(c, owner.refused);
  const keys = await accountsOf(c).keys(owner);
  const name = owner.name;
  return renderPage(
    c,
    200,
    `Keys of ${name}`,
    <>
      <h1>{name}</h1>
      <OrganizationTabs name={name} current="Keys" />
      <Done c={c} />
      <p class="quiet">
        Keys of the organization itself: they stay when people leave, and may what a member may who
        writes.
      </p>
      <Keys c={c} keys={keys} mayMake={mayMake(c, { kind: "organization", name })} />
    </>,
  );
}

/** `GET …/keys/revoke?key=NAME` */
export async function askToRevoke(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "make_keys");
  if ("refused" in owner) return refusePage(c, owner.refused);
  const name = c.req.query("key") ?? "";
  const key = await accountsOf(c).key(owner, name);
  if (!key) return refusePage(c, { reason: "key_not_found", key: name });
  return confirmPage(c, {
    ...{ title: "Revoke a key", fields: { key: name }, button: "Revoke it", back: pathOfKeys(c) },
    question: (
      <>
        <p>
          Revoke the key <strong>{name}</strong> of {owner.name}? Whatever uses it is refused from
          then on, and logins that were made with it end. A key that is revoked never comes back.
        </p>
        {key.lastUse ? (
          <p>
            It was last used <Moment at={key.lastUse.usedAt} />.
          </p>
        ) : null}
      </>
    ),
  });
}

/** `POST …/keys/revoke` */
export async function revokeKey(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "make_keys");
  if ("refused" in owner) return refusePage(c, owner.refused);
  const name = (await readForm(c)).get("key") ?? "";
  const revoked = await accountsOf(c).revokeKey(owner, name, authorOf(c));
  if (!("refused" in revoked)) return goOn(c, pathOfKeys(c), "key-revoked");
  return confirmPage(c, {
    ...{ title: "Revoke a key", fields: { key: name }, button: "Revoke it", back: pathOfKeys(c) },
    ...{ question: null, mistake: mistake(revoked.refused) },
  });
}

/** May whoever looks make and revoke keys here? They are asked again when they do. */
export function mayMake(c: Context<App>, subject: Subject): boolean {
  return may(c.get("identity").actor, "make_keys", subject) === "yes";
}

export function Keys(props: {
  c: Context<App>;
  keys: readonly KeyRecord[];
  /** Without it they are only seen. */
  mayMake: boolean;
  /** The admin does not make keys for others on these pages: only who asks for one sees it. */
  isOfAnother?: boolean;
}) {
  const { c, keys, mayMake, isOfAnother = false } = props;
  const { shown, pager } = pageOfList(keys, pageOf(c));
  const base = pathOfOwner(c);
  return (
    <>
      {keys.length === 0 ? <p>There are no keys.</p> : null}
      <ul class="rows">
        {shown.map((key) => (
          <li>
            <div>
              <strong>{key.name}</strong> <Ends at={key.revokeAt} />
              <Meanings permissions={key.permissions} />
              <p class="quiet">
                Made <Day at={key.insertedAt} />. <LastUse of={key} />
              </p>
            </div>
            {mayMake ? (
              <a
                class="action"
                href={withQuery(`${base}/keys/revoke`, { key: key.name })}
                aria-label={`Revoke ${key.name}`}
              >
                Revoke
              </a>
            ) : null}
          </li>
        ))}
      </ul>
      <Pager {...pager} hrefOf={(page) => withQuery(pathOfKeys(c), { page })} />
      {mayMake && !isOfAnother ? (
        <p>
          <a class="button" href={`${base}/keys/new`}>
            Make a key
          </a>
        </p>
      ) : null}
      {mayMake ? null : (
        <p class="quiet">You only see them: what you signed in with makes no keys here.</p>
      )}
    </>
  );
}

export function Meanings({ permissions }: Pick<KeyRecord, "permissions">) {
  return (
    <ul class="bare">
      {permissions.map((permission) => (
        <li>{meaningOf(permission)}</li>
      ))}
    </ul>
  );
}

function Ends({ at }: { at: string | null }) {
  if (at === null) return <Badge kind="plain">never expires</Badge>;
  return (
    <Badge kind="plain">
      until <Day at={at} />
    </Badge>
  );
}

function LastUse({ of: { lastUse } }: { of: KeyRecord }) {
  if (!lastUse) return <>Never used.</>;
  const { usedAt, ip, userAgent } = lastUse;
  return (
    <>
      Last used <Moment at={usedAt} />
      {ip === null ? "" : ` from ${ip}`}
      {userAgent === null ? "" : ` with ${userAgent}`}.
    </>
  );
}
