/** Packages of one repository, or of all that somebody may read, as lists and searches show them. */
import type { Context } from "hono";
import type { ListedPackage, PackageList, PackageRecord } from "../repository/types.ts";
import type { App } from "./app-type.ts";
import { pageMax } from "./parameters.ts";
import { permit } from "./permit.ts";
import type { Refusal } from "./refusals.ts";

export const searchLengthMax = 1000;

export interface ListingQuery {
  search: string;
  sort: string;
  page: number;
  perPage: number;
}

export interface Listing {
  packages: PackageRecord[];
  /** On all pages. */
  count: number;
}

/** One page of what `names`, hosted repositories, hold. */
export async function listPackagesIn(
  c: Context<App>,
  names: readonly string[],
  { search, sort, page, perPage }: ListingQuery,
): Promise<Listing | { refused: Refusal }> {
  const [only] = names;
  const isOne = names.length === 1;
  // Of several repositories, any could have all of the pages up to this one.
  if (!isOne && page > pageMax) return { refused: { reason: "page_too_far", pageMax } };
  const range = isOne
    ? { limit: perPage, offset: (page - 1) * perPage }
    : { limit: page * perPage, offset: 0 };
  const query = { search: search.slice(0, searchLengthMax), sort, ...range };
  if (only !== undefined && isOne) {
    const { packages, count } = await c.env.REPOSITORY.getByName(only).list(query);
    return { packages: packages.map((it) => it.package), count };
  }
  const lists = await Promise.all(
    names.map((name) => c.env.REPOSITORY.getByName(name).list(query)),
  );
  const packages = merge(lists).slice((page - 1) * perPage, page * perPage);
  const count = lists.reduce((sum, list) => sum + list.count, 0);
  return { packages: packages.map((it) => it.package), count };
}

/** The hosted repositories that they may read; a refusal when their credential is good for none. */
export async function readableHosted(
  c: Context<App>,
): Promise<{ names: string[] } | { refused: Refusal }> {
  const names: string[] = [];
  for (const { name, public: isPublic } of c.get("config").hosted.values()) {
    const refused = await permit(c, "read", { kind: "repository", name, public: isPublic });
    if (!refused) names.push(name);
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
