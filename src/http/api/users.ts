import type { Context } from "hono";
import type { App } from "../app-type.ts";
import { urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { refuse } from "../refusals.ts";

/** `GET …/users/me`: mix asks it before every publish, and maps over `organizations`. */
export function showMe(c: Context<App>): Response {
  const actor = c.get("actor");
  if (actor.kind === "anonymous") return refuse(c, { reason: "unauthenticated" });
  return render(c, 200, {
    username: actor.kind,
    full_name: "Administrator",
    handles: {},
    url: `${urlsOf(c).origin}/api/users/me`,
    packages: [],
    organizations: [],
  });
}
