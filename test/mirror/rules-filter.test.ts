/** What is left of a package, and which advisories it points to. */
import { describe, expect, it } from "vitest";
import { decodePackage, encodePackage } from "../../src/hex/registry.ts";
import { filterPackage, type Verdict, verdictsOf } from "../../src/mirror/rules.ts";
import { advisory, declared, now, packageOf, release } from "./rules-values.ts";

const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => advisory(id, "low"));
if (!(a && b && c && d)) throw new Error("four advisories");

const withIndexes = (...lists: number[][]) =>
  packageOf(
    lists.map((advisoryIndexes, at) => release(`${at}.0.0`, { advisoryIndexes })),
    [a, b, c, d],
  );

const verdicts = (...areIn: boolean[]): Verdict[] =>
  areIn.map((isIn, at) => ({
    version: `${at}.0.0`,
    isIn,
    rule: isIn ? null : "deny",
    reason: "So it is",
    until: null,
  }));

describe("a filtered package", () => {
  it("has the releases that are in, each as it was", () => {
    const resource = packageOf(["0.0.0", "1.0.0", "2.0.0"].map((version) => release(version)));
    const left = filterPackage(resource, verdicts(true, false, true));
    expect(left).toEqual({ ...resource, releases: [resource.releases[0], resource.releases[2]] });
  });

  it.each([
    [
      "all that is used",
      [[0], [1], [2], [3]],
      [true, true, true, true],
      [a, b, c, d],
      [[0], [1], [2], [3]],
    ],
    [
      "not those of what is held",
      [[0], [1], [2], [3]],
      [false, true, false, true],
      [b, d],
      [[0], [1]],
    ],
    ["not those that nobody uses", [[3], [], [3]], [true, true, true], [d], [[0], [], [0]]],
    [
      "those that a held release uses too",
      [
        [1, 2],
        [2, 3],
      ],
      [false, true],
      [c, d],
      [[0, 1]],
    ],
    ["none when none is used", [[], [0, 1, 2, 3]], [true, false], [], [[]]],
    [
      "in the package's order, and a release's own",
      [[3, 0], [2]],
      [true, true],
      [a, c, d],
      [[2, 0], [1]],
    ],
    ["without pointers to nowhere", [[4, 1, 99]], [true], [b], [[0]]],
    ["once, when a release points twice", [[2, 2]], [true], [c], [[0, 0]]],
  ])("has advisories: %s", (_title, lists, areIn, advisories, indexes) => {
    const left = filterPackage(withIndexes(...lists), verdicts(...areIn));
    expect(left?.advisories).toEqual(advisories);
    expect(left?.releases.map(({ advisoryIndexes }) => advisoryIndexes)).toEqual(indexes);
  });

  it("can be signed and read again", () => {
    const left = filterPackage(withIndexes([0, 3], [7, 2], [1]), verdicts(true, true, false));
    if (!left) throw new Error("nothing is left");
    expect(decodePackage(encodePackage(left))).toMatchObject(left);
  });

  it("is none when everything is held", () =>
    expect(filterPackage(withIndexes([0], [1]), verdicts(false, false))).toBeUndefined());

  it("is none when there was nothing", () =>
    expect(filterPackage(packageOf([]), [])).toBeUndefined());

  it("does not change what it was made from", () => {
    const resource = withIndexes([3], [2]);
    const before = structuredClone(resource);
    filterPackage(resource, verdicts(false, true));
    expect(resource).toEqual(before);
  });

  it("keeps the same version twice apart by place", () => {
    const resource = packageOf([release("1.0.0"), release("1.0.0")]);
    const one = { version: "1.0.0", rule: null, reason: "So it is", until: null };
    const left = filterPackage(resource, [
      { ...one, isIn: false },
      { ...one, isIn: true },
    ]);
    expect(left?.releases).toHaveLength(1);
  });

  it.each([
    ["too few", verdicts(true)],
    ["too many", verdicts(true, true, true)],
    ["of another order", verdicts(true, true).reverse()],
  ])("is not made from verdicts that are %s", (_title, wrong) =>
    expect(() => filterPackage(withIndexes([0], [1]), wrong)).toThrow(/^foo/),
  );

  it("is what the verdicts of rules say", () => {
    const resource = withIndexes([0], [1], [2]);
    const deny = [{ package: "foo", requirement: "1.0.0", reason: "Bad" }];
    const said = verdictsOf(resource, declared({ deny }), { now, licenses: () => null });
    expect(filterPackage(resource, said)?.releases.map(({ version }) => version)).toEqual([
      "0.0.0",
      "2.0.0",
    ]);
  });
});
