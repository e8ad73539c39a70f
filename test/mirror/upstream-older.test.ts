import { describe, expect, it } from "vitest";
import type { VersionsResource } from "../../src/hex/registry.ts";
import { isOlder, namesAreOlder } from "../../src/mirror/upstream.ts";
import { packageOf, release } from "./upstream-world.ts";

const at = (seconds: number) => ({ seconds, nanos: 0 });

describe("the file of a package", () => {
  const first = release("1.0.0", 1000);
  const second = release("1.1.0", 2000);
  const patch = release("1.0.1", 3000);
  const kept = packageOf(first, patch, second);

  it("is not older when it is the same, or has something newer", () => {
    expect(isOlder(kept, kept)).toBeNull();
    expect(isOlder(kept, packageOf(first, patch, second, release("2.0.0", 4000)))).toBeNull();
    expect(isOlder(kept, packageOf(release("2.0.0", 4000)))).toBeNull();
    expect(isOlder(packageOf(), kept)).toBeNull();
  });

  it("is older when the newest release is missing, which need not be the highest version", () => {
    const why = isOlder(kept, packageOf(first, second));
    expect(why).toBe(
      "foo 1.0.1, published at 1970-01-01T00:50:00.000Z, is missing, and the newest of the others was published at 1970-01-01T00:33:20.000Z",
    );
    expect(isOlder(kept, packageOf())).toMatch(/at no time/);
  });

  it("is not older when another release was deleted, retired or given an advisory", () => {
    expect(isOlder(kept, packageOf(patch))).toBeNull();
    const retired = { ...second, retired: { reason: "security" as const } };
    expect(isOlder(kept, packageOf(first, patch, retired))).toBeNull();
  });

  it("is believed about a revert when the package was touched since", () => {
    const reverted = packageOf(first, second);
    expect(isOlder(kept, reverted, at(3600))).toBeNull();
    expect(isOlder(kept, reverted, at(3005))).toMatch(/1.0.1/);
    expect(isOlder(kept, reverted, at(2000))).toMatch(/1.0.1/);
  });

  it("looks at nanoseconds too", () => {
    const half = (nanos: number) => ({ ...first, publishedAt: { seconds: 1000, nanos } });
    expect(isOlder(packageOf(half(2)), packageOf(half(1)))).toMatch(/foo 1.0.0/);
    expect(isOlder(packageOf(half(1)), packageOf(half(2)))).toBeNull();
  });

  it("is older when it has no dates any more, and is taken when it never had any", () => {
    expect(isOlder(kept, packageOf(release("1.0.0"), release("1.1.0")))).toMatch(/1.0.1/);
    expect(isOlder(packageOf(release("1.0.0")), packageOf())).toBeNull();
  });

  it("may have a date that no calendar has", () => {
    expect(isOlder(packageOf(release("1.0.0", 2 ** 50)), packageOf())).toMatch(/second \d+/);
  });
});

describe("versions", () => {
  const versions = (packages: Record<string, string[]>): VersionsResource => ({
    repository: "acme",
    packages: Object.entries(packages).map(([name, list]) => ({
      ...{ name, versions: list, retired: [], withAdvisories: [] },
    })),
  });
  const kept = versions({ bar: ["1.0.0", "1.1.0"], foo: ["1.0.0", "2.0.0"], baz: ["0.1.0"] });

  it("are not older when they are the same, or have more", () => {
    expect(isOlder(kept, kept)).toBeNull();
    expect(isOlder(versions({}), kept)).toBeNull();
  });

  it("are older when several packages lost something and nothing is new", () => {
    expect(isOlder(kept, versions({ bar: ["1.0.0"], foo: ["1.0.0"], baz: ["0.1.0"] }))).toBe(
      "versions of 2 packages are missing (bar, foo …), and there is none that we do not know",
    );
    expect(isOlder(kept, versions({ bar: ["1.0.0", "1.1.0"] }))).toMatch(/2 packages/);
    expect(isOlder(kept, versions({}))).toMatch(/3 packages/);
  });

  it("are not older when one package lost something, or all it had", () => {
    const rest = { bar: ["1.0.0", "1.1.0"], baz: ["0.1.0"] };
    expect(isOlder(kept, versions({ ...rest, foo: ["1.0.0"] }))).toBeNull();
    expect(isOlder(kept, versions(rest))).toBeNull();
  });

  it("are not older when anything in them is new", () => {
    expect(isOlder(kept, versions({ foo: ["3.0.0"] }))).toBeNull();
    expect(isOlder(kept, versions({ new: ["1.0.0"] }))).toBeNull();
  });
});

describe("names", () => {
  const names = (packages: Record<string, number | undefined>) => ({
    repository: "acme",
    packages: Object.entries(packages).map(([name, seconds]) =>
      seconds === undefined ? { name } : { name, updatedAt: at(seconds) },
    ),
  });

  it("are older when any package's time went back", () => {
    const kept = names({ bar: 1000, foo: 2000 });
    expect(namesAreOlder(kept, names({ bar: 3000, foo: 1999 }))).toBe(
      "foo was updated at 1970-01-01T00:33:20.000Z in the kept names, and at 1970-01-01T00:33:19.000Z in the fetched ones",
    );
  });

  it("are not older when packages are new, touched, gone, or never had a time", () => {
    const kept = names({ bar: 1000, foo: 2000 });
    expect(namesAreOlder(kept, kept)).toBeNull();
    expect(namesAreOlder(kept, names({ bar: 1000, foo: 2001, new: 1 }))).toBeNull();
    expect(namesAreOlder(kept, names({ bar: 1000 }))).toBeNull();
    expect(namesAreOlder(names({ bar: undefined }), names({ bar: undefined }))).toBeNull();
  });
});
