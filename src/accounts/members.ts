/** Who is in which organization, as what. */
import { audit } from "./audit.ts";
import { changed } from "./changes.ts";
import type { Role } from "./may.ts";
import { type Author, invalid, type MemberRecord, type Refused } from "./types.ts";
import { activeUser, notFound, type UserRow, userRecord } from "./users.ts";
import { all, first, type World } from "./world.ts";

type MemberRow = UserRow & { role: Role };

const membersQuery = `SELECT users.*, members.role FROM members JOIN users ON users.id = members.user
  WHERE members.organization = ?`;

export function listMembers(world: World, organization: string): MemberRecord[] {
  const rows = all<MemberRow>(world, `${membersQuery} ORDER BY users.name`, organization);
  return rows.map((row) => memberRecord(world, row));
}

export function findMember(
  world: World,
  organization: string,
  nameOrEmail: string,
): MemberRecord | Refused {
  const row = memberRow(world, organization, nameOrEmail);
  return row ? memberRecord(world, row) : noMember(organization, nameOrEmail);
}

export function addMember(
  world: World,
  organization: string,
  nameOrEmail: string,
  role: Role,
  author: Author,
): MemberRecord | Refused {
  return world.step(() => {
    const user = activeUser(world, nameOrEmail);
    if (!user) return invalid({ name: "unknown user" });
    if (memberRow(world, organization, user.name)) return invalid({ user_id: "is already member" });
    world.sql.exec(
      "INSERT INTO members VALUES (?, ?, ?, ?)",
      ...[organization, user.id, role, world.now()],
    );
    return settled(world, organization, user, "organization.member.add", role, author);
  });
}

/** An organization that has an admin keeps one: the admin key could help, but nobody should need it. */
export function setRole(
  world: World,
  organization: string,
  nameOrEmail: string,
  role: Role,
  author: Author,
): MemberRecord | Refused {
  return world.step(() => {
    const member = memberRow(world, organization, nameOrEmail);
    if (!member) return noMember(organization, nameOrEmail);
    if (role !== "admin" && isLastAdmin(world, organization, member)) {
      return invalid({ role: "cannot demote last admin member" });
    }
    world.sql.exec(
      "UPDATE members SET role = ? WHERE organization = ? AND user = ?",
      ...[role, organization, member.id],
    );
    return settled(world, organization, member, "organization.member.role", role, author);
  });
}

/** Also fine when they were none. */
export function removeMember(
  world: World,
  organization: string,
  nameOrEmail: string,
  author: Author,
): Refused | null {
  return world.step(() => {
    const member = memberRow(world, organization, nameOrEmail);
    if (!member) return activeUser(world, nameOrEmail) ? null : notFound(nameOrEmail);
    if (isLastAdmin(world, organization, member) && listMembers(world, organization).length > 1) {
      return invalid({ name: "cannot remove last admin member" });
    }
    world.sql.exec(
      "DELETE FROM members WHERE organization = ? AND user = ?",
      ...[organization, member.id],
    );
    changed(world, `user:${member.id}`);
    const params = { user: member.name };
    audit(world, "organization.member.remove", author, {
      subject: member.name,
      organization,
      params,
    });
    return null;
  });
}

function settled(
  world: World,
  organization: string,
  user: UserRow,
  action: string,
  role: Role,
  author: Author,
): MemberRecord {
  changed(world, `user:${user.id}`);
  const params = { user: user.name, role };
  audit(world, action, author, { subject: user.name, organization, params });
  return memberRecord(world, { ...user, role });
}

function memberRow(world: World, organization: string, nameOrEmail: string): MemberRow | undefined {
  const column = nameOrEmail.includes("@") ? "email" : "name";
  return first<MemberRow>(
    world,
    `${membersQuery} AND users.${column} = ?`,
    ...[organization, nameOrEmail.toLowerCase()],
  );
}

function isLastAdmin(world: World, organization: string, member: MemberRow): boolean {
  if (member.role !== "admin") return false;
  const others = "SELECT 1 FROM members WHERE organization = ? AND role = 'admin' AND user <> ?";
  return first(world, others, organization, member.id) === undefined;
}

function memberRecord(world: World, row: MemberRow): MemberRecord {
  return { user: userRecord(world, row), role: row.role };
}

function noMember(organization: string, user: string): Refused {
  return { refused: { reason: "member_not_found", organization, user } };
}
