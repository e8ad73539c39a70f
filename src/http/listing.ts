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
  const isOne = names.length === 1;
  // Of several repositories, what is on the pages before this one has to be seen.
  if (!isOne && page > pageMax) return { refused: { reason: "page_too_far", pageMax } };
  const first = (page - 1) * perPage;
  const cursors = names.map((name) => {
    const repository = c.env.REPOSITORY.getByName(name);
    const query = { search: search.slice(0, searchLengthMax), sort };
    return new Cursor(
      async (range) => await repository.list({ ...query, ...range }),
      isOne ? first : 0,
      page === 1 || isOne ? perPage : Math.max(perPage, skippedAtOnce),
    );
  });
  if (!isOne) await take(cursors, first, () => {});
  const packages: PackageRecord[] = [];
  await take(cursors, perPage, (it) => packages.push(it.package));
  return { packages, count: cursors.reduce((sum, { count }) => sum + count, 0) };
}

/** Of what is on pages before the one that is shown. */
const skippedAtOnce = 100;

type List = (range: { limit: number; offset: number }) => Promise<PackageList>;

/** Goes through the list of one repository, which is in order, and asks for more of it when that is needed. */
class Cursor {
  readonly #list: List;
  readonly #atOnce: number;
  #offset: number;
  #packages: ListedPackage[] = [];
  count = Number.POSITIVE_INFINITY;
  isDescending = false;

  constructor(list: List, offset: number, atOnce: number) {
    this.#list = list;
    this.#offset = offset;
    this.#atOnce = atOnce;
  }

  /** The next one; undefined when there is no more. */
  get next(): ListedPackage | undefined {
    return this.#packages[0];
  }

  advance(): void {
    this.#packages.shift();
  }

  /** To be awaited before `next` is looked at. */
  async fill(): Promise<void> {
    if (this.#packages.length > 0 || this.#offset >= this.count) return;
    const range = { limit: this.#atOnce, offset: this.#offset };
    const { packages, count, descending } = await this.#list(range);
    this.#packages = packages;
    this.#offset += range.limit;
    this.count = count;
    this.isDescending = descending;
  }
}

/** Takes the first ones of all lists together. */
async function take(
  cursors: readonly Cursor[],
  count: number,
  onEach: (it: ListedPackage) => void,
): Promise<void> {
  let taken = cursors;
  for (let left = count; left > 0; left--) {
    await Promise.all(taken.map((cursor) => cursor.fill()));
    let first: Cursor | undefined;
    for (const cursor of cursors) if (isBefore(cursor, first)) first = cursor;
    if (!first?.next) return;
    onEach(first.next);
    first.advance();
    taken = [first];
  }
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

function isBefore({ next, isDescending }: Cursor, other: Cursor | undefined): boolean {
  if (!next || !other?.next) return next !== undefined;
  if (next.sortKey === other.next.sortKey) return nameOf(next) < nameOf(other.next);
  return next.sortKey < other.next.sortKey !== isDescending;
}

function nameOf({ package: { name, repository } }: ListedPackage): string {
  return `${name} ${repository}`;
}
