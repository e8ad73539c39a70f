/** How accounts look in the API: server.md 1.2, 1.3 and 1.9. Pure. */
import type {
  AuditParams,
  AuditRecord,
  KeyRecord,
  MemberRecord,
  UserRecord,
} from "../accounts/types.ts";
import type { Json } from "../hex/erlang/term.ts";
import type { Urls } from "./views.ts";

/** @param showsEmail an e-mail is for oneself, the admin, and those who share an organization. */
export function userView(
  urls: Urls,
  user: UserRecord,
  showsEmail: boolean,
): { [name: string]: Json } {
  return {
    username: user.name,
    full_name: user.fullName,
    handles: {},
    // Clients take what is there for text.
    ...(showsEmail && user.email !== null ? { email: user.email } : {}),
    url: `${urls.origin}/api/users/${user.name}`,
    inserted_at: user.insertedAt,
    updated_at: user.updatedAt,
  };
}

/** For administrators. */
export function userDetails(urls: Urls, user: UserRecord): { [name: string]: Json } {
  return {
    ...userView(urls, user, true),
    has_password: user.hasPassword,
    deactivated_at: user.deactivatedAt,
    organizations: organizationsOf(user),
  };
}

export function organizationsOf({ roles }: Pick<UserRecord, "roles">): Json[] {
  return Object.entries(roles).map(([name, role]) => ({ name, role }));
}

export function memberView(urls: Urls, { user, role }: MemberRecord): Json {
  return { ...userView(urls, user, true), role };
}

export function keyView(
  urls: Urls,
  key: KeyRecord,
  shown: { isAsking: boolean; secret?: string },
): Json {
  const { lastUse } = key;
  return {
    name: key.name,
    authing_key: shown.isAsking,
    secret: shown.secret ?? null,
    permissions: key.permissions.map(({ domain, resource }) => ({ domain, resource })),
    revoke_at: key.revokeAt,
    inserted_at: key.insertedAt,
    updated_at: key.updatedAt,
    url: `${urls.origin}/api/keys/${encodeURIComponent(key.name)}`,
    ...(lastUse
      ? {
          last_use: {
            used_at: lastUse.usedAt,
            ip: lastUse.ip ?? "",
            user_agent: lastUse.userAgent ?? "",
          },
        }
      : {}),
  };
}

/** An action on an account, in the shape that actions on packages have too. */
export function accountAuditView(record: AuditRecord): AuditView {
  const { at, action, author, organization, params } = record;
  return { at, action, author, params: { ...params, ...(organization ? { organization } : {}) } };
}

/** What was done to a package or an account. */
export interface AuditView {
  at: string;
  action: string;
  author: Pick<AuditRecord["author"], "name" | "credential" | "requestId" | "ip" | "userAgent">;
  params: AuditParams;
}

/** @param showsOrigin from where and with which program: for administrators, and for one's own doings. */
export function auditView(
  { at, action, author, params }: AuditView,
  showsOrigin: (author: string) => boolean,
): Json {
  return {
    action,
    inserted_at: at,
    user: author.name,
    credential: author.credential,
    request_id: author.requestId,
    ...(showsOrigin(author.name) ? { ip: author.ip, user_agent: author.userAgent } : {}),
    params,
  };
}
