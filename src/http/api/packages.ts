import type { Context } from "hono";
import { may } from "../../accounts/may.ts";
import { isPackageName } from "../../hex/name.ts";
import { indexKey } from "../../repository/keys.ts";
import type { PackageRecord } from "../../repository/types.ts";
import type { App } from "../app-type.ts";
import { releaseOf, repositoryOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { refuse } from "../refusals.ts";
import { packageView, releaseView } from "../views.ts";

/** `GET …/packages/NAME` */
export async function showPackage(c: Context<App>): Promise<Response> {
  const name = c.req.param("name") ?? "";
  const record = await findPackage(c, name);
  if (!record) return refuse(c, { reason: "package_not_found", package: name });
  return render(c, 200, packageView(urlsOf(c), record));
}

/** `GET …/packages/NAME/releases/VERSION` */
export async function showRelease(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  if ("refused" in asked) return refuse(c, asked.refused);
  const { name, version } = asked;
  const record = await findPackage(c, name);
  if (!record) return refuse(c, { reason: "package_not_found", package: name });
  const release = record.releases.find((it) => it.version === version);
  if (!release) return refuse(c, { reason: "release_not_found", package: name, version });
  return render(c, 200, releaseView(urlsOf(c), record.repository, name, release));
}

/**
 * Readers get what KV has, near them and perhaps a minute old; a miss, which KV remembers too, asks
 * the Durable Object. Whoever may publish gets the truth, so that they see what they just did.
 */
async function findPackage(c: Context<App>, name: string): Promise<PackageRecord | null> {
  if (!isPackageName(name)) return null;
  const actor = c.get("actor");
  const repository = c.get("repository");
  if (!may(actor, "write", { repository })) {
    const known = await c.env.INDEX.get<PackageRecord>(indexKey(repository.name, name), "json");
    if (known) return known;
  }
  return repositoryOf(c).package(name);
}
