/** Whose pages a path means: one's own, an organization's, or for the admin those of a user. */
import type { Context } from "hono";
import type { App } from "../../http/app-type.ts";

export function pathOfOwner(c: Context<App>): string {
  const organization = c.req.param("organization");
  const user = c.req.param("user");
  if (organization !== undefined) return `/organizations/${encodeURIComponent(organization)}`;
  return user === undefined ? "/account" : `/users/${encodeURIComponent(user)}`;
}

/** Where the keys are listed that the path is about. */
export function pathOfKeys(c: Context<App>): string {
  const path = pathOfOwner(c);
  return c.req.param("organization") === undefined ? path : `${path}/keys`;
}
