/** `GET …/packages`: the packages of a repository, or of all that one may read; server.md 1.4. */
import type { Context } from "hono";
import type { App } from "../app-type.ts";
import { urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { listPackagesIn, readableHosted } from "../listing.ts";
import { pageOf } from "../parameters.ts";
import { refuse } from "../refusals.ts";
import { packageView } from "../views.ts";

const perPageMax = 100;

/** `search`, `sort`, `page`, `per_page` */
export async function listPackages(c: Context<App>): Promise<Response> {
  const isNamed = c.req.param("repository") !== undefined;
  const readable = isNamed ? { names: [c.get("repository").name] } : await readableHosted(c);
  if ("refused" in readable) return refuse(c, readable.refused);
  const asked = Number(c.req.query("per_page") ?? perPageMax);
  const perPage = Number.isInteger(asked) && asked > 0 ? Math.min(asked, perPageMax) : perPageMax;
  const search = c.req.query("search") ?? "";
  const query = { search, sort: c.req.query("sort") ?? "name", page: pageOf(c), perPage };
  const listing = await listPackagesIn(c, readable.names, query);
  if ("refused" in listing) return refuse(c, listing.refused);
  const urls = urlsOf(c);
  return render(
    c,
    200,
    listing.packages.map((record) => packageView(urls, record)),
  );
}
