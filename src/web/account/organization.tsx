/** `/organizations/NAME`: who is in it, as what; its admins say who. */
import type { Context } from "hono";
import * as v from "valibot";
import { may, roles } from "../../accounts/may.ts";
import type { MemberRecord } from "../../accounts/types.ts";
import { changeRole, dropMember, organizationOf, role } from "../../http/api/organizations.ts";
import type { App } from "../../http/app-type.ts";
import { accountsOf, authorOf } from "../../http/context.ts";
import { checked, pageOf, text } from "../../http/parameters.ts";
import { refusePage, renderPage, Wrong } from "../page.tsx";
import { Badge, countText, Pager, withQuery } from "../parts.tsx";
import { readForm } from "../sign-in.tsx";
import { confirmPage, Done, Field, goOn, type Mistake, mistake, pageOfList } from "./forms.tsx";
import { OrganizationTabs } from "./organization-tabs.tsx";

type Answer = Response | Promise<Response>;

/** `GET /organizations/NAME` */
export async function showOrganization(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "read");
  if ("refused" in found) return refusePage(c, found.refused);
  return membersPage(c, found.name);
}

/** `POST /organizations/NAME/members` */
export async function addMember(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "administer");
  if ("refused" in found) return refusePage(c, found.refused);
  const form = await readForm(c);
  const typed = { name: form.get("name") ?? "", role: form.get("role") ?? "" };
  const read = checked(v.object({ name: text(1, 254), role }), typed);
  if ("refused" in read) return membersPage(c, found.name, typed, mistake(read.refused));
  const { name, role: given } = read.output;
  const member = await accountsOf(c).addMember(found.name, name, given, authorOf(c));
  if ("refused" in member) return membersPage(c, found.name, typed, mistake(member.refused));
  return goOn(c, `/organizations/${found.name}`, "member-added");
}

/** `POST /organizations/NAME/members/role` */
export async function setRole(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "administer");
  if ("refused" in found) return refusePage(c, found.refused);
  const form = await readForm(c);
  const read = checked(v.object({ role }), { role: form.get("role") });
  if ("refused" in read) return membersPage(c, found.name, empty, mistake(read.refused));
  const user = form.get("user") ?? "";
  const member = await changeRole(c, found.name, user, read.output.role);
  if ("refused" in member) return membersPage(c, found.name, empty, mistake(member.refused));
  return goOn(c, `/organizations/${found.name}`, "role-set");
}

/** `GET /organizations/NAME/members/remove?user=NAME` */
export async function askToRemove(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "administer");
  if ("refused" in found) return refusePage(c, found.refused);
  const member = await accountsOf(c).member(found.name, c.req.query("user") ?? "");
  if ("refused" in member) return refusePage(c, member.refused);
  return removalPage(c, found.name, member.user.name);
}

/** `POST /organizations/NAME/members/remove` */
export async function removeMember(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "administer");
  if ("refused" in found) return refusePage(c, found.refused);
  const user = (await readForm(c)).get("user") ?? "";
  const refused = await dropMember(c, found.name, user);
  if (refused) return removalPage(c, found.name, user, mistake(refused.refused));
  return goOn(c, `/organizations/${found.name}`, "member-removed");
}

const empty = { name: "", role: "read" };

async function membersPage(
  c: Context<App>,
  name: string,
  typed = empty,
  mistake?: Mistake,
): Promise<Response> {
  const members = await accountsOf(c).members(name);
  const { shown, pager } = pageOfList(members, pageOf(c));
  const { actor } = c.get("identity");
  const mayChange = may(actor, "administer", { kind: "organization", name }) === "yes";
  return renderPage(
    c,
    mistake?.status ?? 200,
    `Members of ${name}`,
    <>
      <h1>{name}</h1>
      <OrganizationTabs name={name} current="Members" />
      <Done c={c} />
      {mistake ? <Wrong>{mistake.sentence}</Wrong> : null}
      <p class="count">{countText(members.length, "member")}</p>
      <ul class="rows">
        {shown.map((member) => (
          <Member organization={name} member={member} mayChange={mayChange} />
        ))}
      </ul>
      <Pager {...pager} hrefOf={(page) => withQuery(`/organizations/${name}`, { page })} />
      {mayChange ? <AddForm organization={name} typed={typed} /> : null}
      {mayChange ? null : (
        <p class="quiet">
          Admins of the organization say who is in it. You may see it, or what you signed in with
          may only do so.
        </p>
      )}
    </>,
  );
}

function Member(props: { organization: string; member: MemberRecord; mayChange: boolean }) {
  const { organization, member, mayChange } = props;
  const { name, fullName, email } = member.user;
  const base = `/organizations/${organization}/members`;
  return (
    <li>
      <div>
        <strong>{name}</strong> {mayChange ? null : <Badge kind="plain">{member.role}</Badge>}
        <p class="quiet">{[fullName, email].filter(Boolean).join(", ")}</p>
      </div>
      {mayChange ? (
        <div class="actions">
          <form method="post" action={`${base}/role`} class="inline">
            <input type="hidden" name="user" value={name} />
            <RoleChoice label={`Role of ${name}`} chosen={member.role} />
            <button type="submit" class="second small">
              Set
            </button>
          </form>
          <a
            class="action"
            href={withQuery(`${base}/remove`, { user: name })}
            aria-label={`Remove ${name}`}
          >
            Remove
          </a>
        </div>
      ) : null}
    </li>
  );
}

function AddForm(props: { organization: string; typed: typeof empty }) {
  const { organization, typed } = props;
  return (
    <section>
      <h2>Add a member</h2>
      <form method="post" action={`/organizations/${organization}/members`} class="short">
        <Field
          label="User name or e-mail"
          name="name"
          value={typed.name}
          required
          maxlength={254}
        />
        <label for="role">Role</label>
        <RoleChoice id="role" chosen={typed.role} />
        <p class="hint">
          “read” fetches packages, “write” publishes them too, “admin” also says who is in it.
        </p>
        <button type="submit">Add</button>
      </form>
    </section>
  );
}

function RoleChoice(props: { chosen: string; id?: string; label?: string }) {
  const { chosen, id, label } = props;
  return (
    <select name="role" {...(id ? { id } : {})} {...(label ? { "aria-label": label } : {})}>
      {roles.map((it) => (
        <option value={it} selected={it === chosen}>
          {it}
        </option>
      ))}
    </select>
  );
}

function removalPage(
  c: Context<App>,
  organization: string,
  user: string,
  mistake?: Mistake,
): Answer {
  return confirmPage(c, {
    ...{ title: "Remove a member", fields: { user }, button: "Remove them" },
    ...{ back: `/organizations/${organization}`, ...(mistake ? { mistake } : {}) },
    question: (
      <p>
        Remove <strong>{user}</strong> from <strong>{organization}</strong>? Keys and logins of
        theirs open it no more, and they own no packages in it any longer.
      </p>
    ),
  });
}
