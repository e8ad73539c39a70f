import type { Context } from "hono";
import type { App } from "./app-type.ts";
import { showsAdminKey } from "./authenticate.ts";

/**
 * `GET /health`: whether it answers. With the admin key also how far the mirrors are, and which names of ours
 * somebody else has upstream; to others neither is any business, and a wrong key does not matter.
 */
export async function showHealth(c: Context<App>): Promise<Response> {
  if (!showsAdminKey(c)) return c.json({ status: "ok" });
  const repositories = [...c.get("config").repositories.values()];
  const mirrors = repositories.filter(({ kind }) => kind === "mirror");
  const groups = repositories.filter(({ kind }) => kind === "group");
  const [states, conflicts] = await Promise.all([
    Promise.all(
      mirrors.map(async ({ name }) => [name, await c.env.MIRROR.getByName(name).status()] as const),
    ),
    Promise.all(
      groups.map(
        async ({ name }) => [name, await c.env.GROUP.getByName(name).conflicts()] as const,
      ),
    ),
  ]);
  const found = Object.fromEntries(conflicts.filter(([, list]) => list.length > 0));
  return c.json({ status: "ok", mirrors: Object.fromEntries(states), name_conflicts: found });
}
