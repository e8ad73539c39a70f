/** Lists over several repositories, in one order, and what they ask of each. */

import type { Context } from "hono";
import { describe, expect, it } from "vitest";
import type { App } from "../../src/http/app-type.ts";
import { type Listing, listPackagesIn } from "../../src/http/listing.ts";
import type { ListQuery, PackageList } from "../../src/repository/types.ts";
import { registryWith } from "../http/registry.ts";

/** Repositories that hold packages of these names, and a count of what was asked of them. */
function repositories(held: Record<string, string[]>, descending = false) {
  const asked = { calls: 0, packages: 0 };
  const getByName = (repository: string) => ({
    async list({ limit, offset }: ListQuery): Promise<PackageList> {
      const all = (held[repository] ?? []).toSorted();
      if (descending) all.reverse();
      const names = all.slice(offset, offset + limit);
      asked.calls++;
      asked.packages += names.length;
      const packages = names.map((name) => ({ sortKey: name, package: { name, repository } }));
      return { packages, count: all.length, sort: "name", descending } as unknown as PackageList;
    },
  });
  const context = { env: { REPOSITORY: { getByName } } } as unknown as Context<App>;
  const list = async (page: number, perPage: number): Promise<string[]> => {
    const query = { search: "", sort: "name", page, perPage };
    const listing = await listPackagesIn(context, Object.keys(held), query);
    if ("refused" in listing) throw new Error(listing.refused.reason);
    return listing.packages.map(
      ({ name, repository }: Listing["packages"][0]) => `${name} ${repository}`,
    );
  };
  return { asked, list };
}

const numbered = (count: number, step: number, from = 0) =>
  Array.from({ length: count }, (_, at) => `p${String(from + at * step).padStart(6, "0")}`);

describe("a list over several repositories", () => {
  const held = {
    one: numbered(50, 3),
    two: [...numbered(40, 2), "zz"],
    three: [],
    four: numbered(5, 1, 60),
  };
  const all = Object.entries(held)
    .flatMap(([repository, names]) => names.map((name) => `${name} ${repository}`))
    .sort();

  it.each([1, 2, 7, 30, 96, 200])(
    "has each package once, in order, in pages of %i",
    async (perPage) => {
      const { list } = repositories(held);
      const listed: string[] = [];
      for (let page = 1; (page - 1) * perPage < all.length; page++) {
        listed.push(...(await list(page, perPage)));
      }
      expect(listed).toEqual(all);
      expect(await list(Math.ceil(all.length / perPage) + 1, perPage)).toEqual([]);
    },
  );

  it("may run backwards", async () => {
    const { list } = repositories({ one: ["a", "d", "e"], two: ["b", "c"] }, true);
    expect([...(await list(1, 2)), ...(await list(2, 2)), ...(await list(3, 2))]).toEqual([
      ...["e one", "d one", "c two", "b two", "a one"],
    ]);
  });

  it("asks each for one page when the first is shown", async () => {
    const { list, asked } = repositories({ one: numbered(500, 1), two: numbered(500, 1, 700) });
    expect(await list(1, 30)).toHaveLength(30);
    expect(asked).toEqual({ calls: 2, packages: 60 });
  });

  it("far down asks for little more than what is before it, however many there are", async () => {
    const names = Array.from({ length: 20 }, (_, at) => [`r${at}`, numbered(5000, 20, at)]);
    const { list, asked } = repositories(Object.fromEntries(names));
    const [first] = await list(100, 30);
    expect(first).toMatch(/^p002970 /);
    // 20 times the 3,000 before the end of the page, it was.
    expect(asked.packages).toBeLessThanOrEqual(3000 + 20 * 100);
    expect(asked.calls).toBeLessThanOrEqual(40);
  });

  it("ends somewhere, with a sentence for people", async () => {
    const ask = registryWith({
      REPOSITORIES: Object.fromEntries(
        ["open_398", "open_399"].map((name) => [name, { kind: "hosted", public: true }]),
      ),
      ROOT_REPOSITORY: undefined,
    });
    const response = await ask("/packages?page=101", { headers: { accept: "text/html" } });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain(
      "Of several repositories together only the first 100 pages are shown",
    );
  });
});
