/** `GET …/packages`: the packages of a repository, or of all that one may read; server.md 1.4. */
import type { Context } from "hono";
import type { ListedPackage, PackageList } from "../../repository/types.ts";
import type { App } from "../app-type.ts";
import { urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { pageMax, pageOf } from "../parameters.ts";
import { permit } from "../permit.ts";
import { type Refusal, refuse } from "../refusals.ts";
import { packageView } from "../views.ts";

const perPageMax = 100;
const searchLengthMax = 1000;

/** `search`, `sort`, `page`, `per_page` */
export async function listPackages(c: Context<App>): Promise<Response> {
  const readable = await readableRepositories(c);
  if ("refused" in readable) return refuse(c, readable.refused);
  const page = pageOf(c);
  const asked = Number(c.req.query("per_page") ?? perPageMax);
  const perPage = Number.isInteger(asked) && asked > 0 ? Math.min(asked, perPageMax) : perPageMax;
  const search = c.req.query("search")?.slice(0, searchLengthMax) ?? "";
  const sort = c.req.query("sort") ?? "name";
  const { names } = readable;
  const isOne = names.length === 1;
  // Of several repositories, any could have all of the pages up to this one.
  if (!isOne && page > pageMax) return refuse(c, { reason: "page_too_far", pageMax });
  const range = isOne
    ? { limit: perPage, offset: (page - 1) * perPage }
    : { limit: page * perPage, offset: 0 };
  const lists = await Promise.all(
    names.map((name) => c.env.REPOSITORY.getByName(name).list({ search, sort, ...range })),
  );
  const merged = isOne ? (lists[0]?.packages ?? []) : merge(lists).slice((page - 1) * perPage);
  return render(
    c,
    200,
    merged.slice(0, perPage).map((it) => packageView(urlsOf(c), it.package)),
  );
}

/** The repository that the path names; without one, every one that they may read. */
async function readableRepositories(
  c: Context<App>,
): Promise<{ names: string[] } | { refused: Refusal }> {
  if (c.req.param("repository") !== undefined) return { names: [c.get("repository").name] };
  const names: string[] = [];
  let refused: Refusal | undefined;
  for (const { name, public: isPublic } of c.get("config").hosted.values()) {
    refused = await permit(c, "read", { kind: "repository", name, public: isPublic });
    if (!refused) names.push(name);
    // Their credential is good for none of them.
    if (refused?.reason === "unauthorized") return { refused };
  }
  return { names };
}

/** Each list is in order already. */
function merge(lists: readonly PackageList[]): ListedPackage[] {
  const direction = lists[0]?.descending ? -1 : 1;
  return lists
    .flatMap((list) => list.packages)
    .sort((one, other) => {
      if (one.sortKey !== other.sortKey)
        return one.sortKey < other.sortKey ? -direction : direction;
      return nameOf(one) < nameOf(other) ? -1 : 1;
    });
}

function nameOf({ package: { name, repository } }: ListedPackage): string {
  return `${name} ${repository}`;
}
