import type { Context } from "hono";
import { isPackageName } from "../../hex/name.ts";
import { indexKey } from "../../repository/keys.ts";
import type { PackageRecord } from "../../repository/types.ts";
import type { App } from "../app-type.ts";
import { releaseOf, repositoryOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { roleOf } from "../permit.ts";
import { refuse } from "../refusals.ts";
import { packageView, releaseView } from "../views.ts";

/** `GET …/packages/NAME` */
export async function showPackage(c: Context<App>): Promise<Response> {
  const name = c.req.param("name") ?? "";
  const record = await findPackage(c, name);
  if (!record) return refuse(c, { reason: "package_not_found", package: name });
  return render(c, 200, packageView(urlsOf(c), record));
}

/**
 * `GET …/packages/NAME/releases/VERSION`, with `downloads=day` or `month` the numbers by day or month, from
 * `downloads_after` to `downloads_before` (YYYY-MM-DD, both included).
 */
export async function showRelease(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  if ("refused" in asked) return refuse(c, asked.refused);
  const { name, version } = asked;
  const record = await findPackage(c, name);
  if (!record) return refuse(c, { reason: "package_not_found", package: name });
  const release = record.releases.find((it) => it.version === version);
  if (!release) return refuse(c, { reason: "release_not_found", package: name, version });
  const view = releaseView(urlsOf(c), record.repository, name, release);
  const by = c.req.query("downloads");
  if (by !== "day" && by !== "month") return render(c, 200, view);
  const downloads = await repositoryOf(c).releaseDownloads(
    ...([name, version, by, dayOf(c, "downloads_after"), dayOf(c, "downloads_before")] as const),
  );
  return render(c, 200, { ...view, downloads });
}

/**
 * Readers get what KV has, near them and perhaps a minute old; a miss, which KV remembers too, asks
 * the Durable Object. Whoever may publish gets the truth, so that they see what they just did.
 */
export async function findPackage(c: Context<App>, name: string): Promise<PackageRecord | null> {
  if (!isPackageName(name)) return null;
  const repository = c.get("repository").name;
  const role = roleOf(c.get("identity").actor, repository);
  if (role === undefined || role === "read") {
    const known = await c.env.INDEX.get<PackageRecord>(indexKey(repository, name), "json");
    if (known) return withAllFields(known);
  }
  return repositoryOf(c).package(name);
}

/** What KV holds may have been written before these were known. */
function withAllFields(record: PackageRecord): PackageRecord {
  const { downloads = { all: 0, recent: 0, week: 0, day: 0 }, owners = [] } =
    record as Partial<PackageRecord>;
  const releases = record.releases.map((it) => ({
    ...it,
    hasPages: (it as Partial<typeof it>).hasPages ?? false,
  }));
  return { ...record, downloads, owners, releases };
}

/** What is no day is not asked for. */
function dayOf(c: Context<App>, parameter: string): string | undefined {
  const day = c.req.query(parameter) ?? "";
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : undefined;
}
