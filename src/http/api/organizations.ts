/** An organization is a repository of the same name, and its members: server.md 1.3. */
import type { Context } from "hono";
import * as v from "valibot";
import { type Role, roles, type Verb } from "../../accounts/may.ts";
import type { MemberRecord, Refused } from "../../accounts/types.ts";
import { memberView } from "../account-views.ts";
import type { App } from "../app-type.ts";
import { accountsOf, authorOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { parameters, text } from "../parameters.ts";
import { permit, roleOf } from "../permit.ts";
import { type Refusal, refuse } from "../refusals.ts";

export const role = v.picklist(roles, "must be read, write or admin");

/** `GET …/orgs`: those that they are in. */
export async function listOrganizations(c: Context<App>): Promise<Response> {
  const { actor } = c.get("identity");
  const refused = await permit(c, "read", { kind: "self" });
  if (refused && actor.kind !== "anonymous" && refused.reason !== "hidden")
    return refuse(c, refused);
  const names = [...c.get("config").repositories.keys()].filter((name) => roleOf(actor, name));
  return render(
    c,
    200,
    names.sort().map((name) => ({ name, billing_active: true })),
  );
}

/** `GET …/orgs/NAME` */
export async function showOrganization(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "read");
  if ("refused" in found) return refuse(c, found.refused);
  const members = await accountsOf(c).members(found.name);
  return render(c, 200, {
    name: found.name,
    billing_active: true,
    users: members.map((member) => memberView(urlsOf(c), member)),
  });
}

/** `GET …/orgs/NAME/members` */
export async function listMembers(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "read");
  if ("refused" in found) return refuse(c, found.refused);
  const members = await accountsOf(c).members(found.name);
  return render(
    c,
    200,
    members.map((member) => memberView(urlsOf(c), member)),
  );
}

/** `POST …/orgs/NAME/members` with `name` (or an e-mail) and `role` */
export async function addMember(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "administer");
  if ("refused" in found) return refuse(c, found.refused);
  const read = await parameters(c, v.object({ name: text(1, 254), role }));
  if ("refused" in read) return refuse(c, read.refused);
  const { name, role: given } = read.output;
  const member = await accountsOf(c).addMember(found.name, name, given, authorOf(c));
  if ("refused" in member) return refuse(c, member.refused);
  const location = `${urlsOf(c).origin}/api/orgs/${found.name}/members/${member.user.name}`;
  return render(c, 200, memberView(urlsOf(c), member), { location });
}

/** `GET …/orgs/NAME/members/USER` */
export async function showMember(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "read");
  if ("refused" in found) return refuse(c, found.refused);
  const member = await accountsOf(c).member(found.name, c.req.param("user") ?? "");
  if ("refused" in member) return refuse(c, member.refused);
  return render(c, 200, memberView(urlsOf(c), member));
}

/** `POST …/orgs/NAME/members/USER` with `role` */
export async function setRole(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "administer");
  if ("refused" in found) return refuse(c, found.refused);
  const read = await parameters(c, v.object({ role }));
  if ("refused" in read) return refuse(c, read.refused);
  const user = c.req.param("user") ?? "";
  const member = await changeRole(c, found.name, user, read.output.role);
  if ("refused" in member) return refuse(c, member.refused);
  return render(c, 200, memberView(urlsOf(c), member));
}

/** `DELETE …/orgs/NAME/members/USER`: also fine when they are no member. */
export async function removeMember(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "administer");
  if ("refused" in found) return refuse(c, found.refused);
  const refused = await dropMember(c, found.name, c.req.param("user") ?? "");
  return refused ? refuse(c, refused.refused) : c.body(null, 204);
}

export async function changeRole(
  c: Context<App>,
  organization: string,
  user: string,
  role: Role,
): Promise<MemberRecord | Refused> {
  const member = await accountsOf(c).setRole(organization, user, role, authorOf(c));
  if ("refused" in member) return member;
  // Or they would still publish what they once published first.
  if (member.role === "read") await forgetOwner(c, organization, member.user.id);
  return member;
}

export async function dropMember(
  c: Context<App>,
  organization: string,
  named: string,
): Promise<Refused | null> {
  const user = await accountsOf(c).user(named);
  const refused = await accountsOf(c).removeMember(organization, named, authorOf(c));
  if (!refused && user) await forgetOwner(c, organization, user.id);
  return refused;
}

async function forgetOwner(c: Context<App>, organization: string, userId: number): Promise<void> {
  if (!c.get("config").hosted.has(organization)) return;
  await c.env.REPOSITORY.getByName(organization).forgetOwner(userId, authorOf(c));
}

/** The organization that the path names, if whoever asks may do this to it. */
export async function organizationOf(
  c: Context<App>,
  verb: Verb,
): Promise<{ name: string } | { refused: Refusal }> {
  const name = c.req.param("organization") ?? "";
  const refused = await permit(c, verb, { kind: "organization", name });
  if (refused) return { refused };
  // Only the admin comes so far with one that is not there.
  if (c.get("config").repositories.has(name)) return { name };
  return { refused: { reason: "repository_not_found", repository: name } };
}
