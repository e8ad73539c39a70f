import type { FieldErrors } from "../hex/refusal.ts";
import type { Holder, Owner, Role } from "./may.ts";
import type { Permission } from "./permission.ts";

/** What the Accounts object says about a credential: whoever shows it is this. */
export interface Credential {
  holder: Holder;
  kind: "key" | "token" | "password";
  /** For the audit log: `key ci`, `token of laptop`. */
  label: string;
  keyId: number | null;
  sessionId: string | null;
  /** Milliseconds since 1970; null when it does not expire. */
  expiresAt: number | null;
  /** The change up to which this was looked at: see changes.ts. */
  sequence: number;
  /** What would make it void: `key:7`, `user:3` … */
  watch: string[];
  /** A login of whoever showed the admin key: it may do everything. */
  isAdmin?: true;
}

/** Who did something, for the audit log. */
export interface Author {
  name: string;
  userId: number | null;
  credential: string;
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}

/** Dates are ISO 8601. */
export interface UserRecord {
  id: number;
  name: string;
  email: string | null;
  fullName: string | null;
  hasPassword: boolean;
  insertedAt: string;
  updatedAt: string;
  deactivatedAt: string | null;
  roles: Record<string, Role>;
}

export interface MemberRecord {
  user: UserRecord;
  role: Role;
}

export interface KeyRecord {
  id: number;
  name: string;
  permissions: Permission[];
  insertedAt: string;
  updatedAt: string;
  revokeAt: string | null;
  lastUse: { usedAt: string; ip: string | null; userAgent: string | null } | null;
}

/** A login: a terminal's, or a browser's. */
export interface SessionRecord {
  id: string;
  /** Which program it was made for: its OAuth client, or `page`. */
  client: string;
  name: string;
  /** The key that it was made with, and ends with. */
  keyName: string | null;
  permissions: Permission[];
  createdAt: string;
  expiresAt: string;
}

/** What makes the action clear: whom it was done to, and how. */
export type AuditParams = { [name: string]: string | number | boolean | null | string[] };

export interface AuditRecord {
  id: number;
  at: string;
  action: string;
  author: Author;
  /** The organization that it is about. */
  organization: string | null;
  params: AuditParams;
}

/** Every no that the Accounts object says; a closed list. */
export type AccountsRefusal =
  | { reason: "parameter_invalid"; errors: FieldErrors }
  | { reason: "user_not_found"; user: string }
  | { reason: "member_not_found"; organization: string; user: string }
  | { reason: "key_not_found"; key: string }
  | { reason: "credential_unknown" }
  | { reason: "credential_revoked" }
  | { reason: "password_wrong" }
  | { reason: "too_many_failures"; retryAfterSeconds: number };

export type Refused = { refused: AccountsRefusal };

/** RFC 6749, 5.2 and RFC 8628, 3.5, which have an error body of their own. */
export interface OAuthRefusal {
  error:
    | "invalid_request"
    | "invalid_client"
    | "invalid_grant"
    | "invalid_scope"
    | "unsupported_grant_type"
    | "authorization_pending"
    | "slow_down"
    | "access_denied"
    | "expired_token";
  description: string;
}

export interface Tokens {
  accessToken: string;
  expiresInSeconds: number;
  scope: string;
  refreshToken: string | null;
}

/** Whose keys: an owner, as the paths of the API name them. */
export type KeyOwner = Owner;

export function invalid(errors: FieldErrors): Refused {
  return { refused: { reason: "parameter_invalid", errors } };
}
