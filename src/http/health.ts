import type { Context } from "hono";
import type { App } from "./app-type.ts";
import { showsAdminKey } from "./authenticate.ts";
import { lastCron } from "./health/cron.ts";
import { faultOf } from "./health/fault.ts";
import { askObjects } from "./health/objects.ts";
import { describeRepositories } from "./health/repositories.ts";
import { tryStorages } from "./health/storages.ts";
import { version } from "./health/version.ts";
import { describeWebhooks } from "./health/webhooks.ts";

/**
 * `GET /health`: whether it answers. With the admin key also how everything behind it is, how the
 * nightly checks went, how far the mirrors are, and which names of ours somebody else has upstream; to others none of it is any business, and a wrong
 * key does not matter. With `?probe` something small is written to each storage, read and removed again.
 */
export async function showHealth(c: Context<App>): Promise<Response> {
  if (!showsAdminKey(c)) return c.json({ status: "ok" });
  const { env } = c;
  const config = c.get("config");
  const all = [...config.repositories.values()];
  const mirrors = all.filter(({ kind }) => kind === "mirror");
  const groups = all.filter(({ kind }) => kind === "group");
  const isProbed = c.req.query("probe") !== undefined;
  const [checks, states, conflicts, repositories, objects, cron, storages] = await Promise.all([
    ofEach([...config.hosted.values()], (name) => env.REPOSITORY.getByName(name).checkState()),
    ofEach(mirrors, (name) => env.MIRROR.getByName(name).status()),
    ofEach(groups, (name) => env.GROUP.getByName(name).conflicts()),
    describeRepositories(env, config),
    askObjects(env, config),
    lastCron(env.INDEX),
    isProbed ? tryStorages(env, config) : undefined,
  ]);
  const found = conflicts.filter(([, list]) => !Array.isArray(list) || list.length > 0);
  return c.json({
    ...{ status: "ok", version, now: new Date().toISOString(), cron, repositories, objects },
    ...(storages ? { storages } : {}),
    checks: Object.fromEntries(checks),
    mirrors: Object.fromEntries(states),
    webhooks: describeWebhooks(config),
    name_conflicts: Object.fromEntries(found),
  });
}

/** One that fails must not hide how the others are. */
function ofEach<T>(
  repositories: readonly { name: string }[],
  ask: (name: string) => Promise<T>,
): Promise<(readonly [string, T | { error: string }])[]> {
  return Promise.all(
    repositories.map(async ({ name }) => {
      try {
        return [name, await ask(name)] as const;
      } catch (error) {
        return [name, faultOf(error)] as const;
      }
    }),
  );
}
