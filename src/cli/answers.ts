/** What the API answers, as far as it is shown to a person. */
import * as v from "valibot";

const membership = v.object({ name: v.string(), role: v.string() });

export const user = v.object({
  username: v.string(),
  full_name: v.nullish(v.string()),
  email: v.nullish(v.string()),
  inserted_at: v.optional(v.string()),
  /** The rest is not told to everybody, or not everywhere. */
  organizations: v.optional(v.array(membership)),
  has_password: v.optional(v.boolean()),
  deactivated_at: v.nullish(v.string()),
});
export type User = v.InferOutput<typeof user>;

export const member = v.object({ ...user.entries, role: v.string() });

export const owner = v.object({ ...user.entries, level: v.string() });

export const key = v.object({
  name: v.string(),
  secret: v.nullable(v.string()),
  /** It is the one that asks. */
  authing_key: v.boolean(),
  permissions: v.array(v.object({ domain: v.string(), resource: v.nullish(v.string()) })),
  revoke_at: v.nullable(v.string()),
  inserted_at: v.string(),
  last_use: v.optional(v.object({ used_at: v.string() })),
});
export type Key = v.InferOutput<typeof key>;

export const auditEntry = v.object({
  action: v.string(),
  inserted_at: v.string(),
  user: v.string(),
  credential: v.nullish(v.string()),
  /** Not told to everybody. */
  ip: v.nullish(v.string()),
  params: v.record(v.string(), v.unknown()),
});
