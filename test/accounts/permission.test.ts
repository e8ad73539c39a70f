import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  covers,
  type Permission,
  parsePermission,
  parseScopes,
  permits,
  scopeOf,
} from "../../src/accounts/permission.ts";
import { subjects, verbs } from "./may-table.ts";

/** As a scope has it, and as a key has it. */
const permissions: Record<string, Permission> = {
  api: { domain: "api", resource: null },
  "api:read": { domain: "api", resource: "read" },
  "api:write": { domain: "api", resource: "write" },
  "package:acme/foo": { domain: "package", resource: "acme/foo" },
  "package:acme/bar": { domain: "package", resource: "acme/bar" },
  "package:other/foo": { domain: "package", resource: "other/foo" },
  "repository:acme": { domain: "repository", resource: "acme" },
  "repository:other": { domain: "repository", resource: "other" },
  repositories: { domain: "repositories", resource: null },
  "docs:acme": { domain: "docs", resource: "acme" },
  "docs:other": { domain: "docs", resource: "other" },
};

describe("a permission from outside", () => {
  it.each(Object.entries(permissions))("may be %s", (_, { domain, resource }) => {
    expect(parsePermission(domain, resource)).toEqual({ domain, resource });
  });

  it.each(["api", "repositories"])("of %s needs no resource: an empty one is none", (domain) => {
    for (const resource of [undefined, null, ""]) {
      expect(parsePermission(domain, resource)).toEqual({ domain, resource: null });
    }
  });

  it.each(["package", "repository", "docs"])("of %s needs a resource", (domain) => {
    for (const resource of [undefined, null, ""]) {
      expect(parsePermission(domain, resource)).toBeUndefined();
    }
  });

  it.each([
    ...[
      "",
      " ",
      "API",
      "api ",
      " api",
      "api:read",
      "apis",
      "repo",
      "repositorys",
      "*",
      "everything",
    ],
    ...["constructor", "__proto__", "toString", "api\n", "api\0"],
    ...[undefined, null, 0, 1, true, false, [], ["api"], {}, { domain: "api" }],
  ])("has a domain that there is, not %j", (domain) => {
    for (const resource of [undefined, null, "", "read", "acme", "acme/foo"]) {
      expect(parsePermission(domain, resource)).toBeUndefined();
    }
  });

  it.each([
    ...[
      "Read",
      "READ",
      "read ",
      " write",
      "admin",
      "all",
      "null",
      "*",
      "acme",
      "acme/foo",
      "read,write",
    ],
    ...["read\n", "constructor", "__proto__", " "],
  ])("of api is for reading or writing, not %j", (resource) => {
    expect(parsePermission("api", resource)).toBeUndefined();
  });

  it.each(["acme", "*", "read", " ", "null"])("of repositories is for all, not %j", (resource) => {
    expect(parsePermission("repositories", resource)).toBeUndefined();
  });

  it.each([
    ...["a", "Acme", "acmE", "1acme", "_acme", "ac-me", "ac.me", "acmé", "ac me", " acme", "acme "],
    ...[
      "acme\n",
      "acme\0",
      "acme/",
      "/acme",
      "acme/foo",
      "../acme",
      "..",
      ".",
      "*",
      "%61cme",
      "acme:foo",
    ],
    ...["__proto__", "аcme", "a".repeat(65)],
  ])("is not for a repository that cannot be: %j", (resource) => {
    expect(parsePermission("repository", resource)).toBeUndefined();
    expect(parsePermission("docs", resource)).toBeUndefined();
  });

  it.each([
    ...[
      "foo",
      "acme/",
      "/foo",
      "/",
      "acme//foo",
      "acme/foo/",
      "acme/foo/1.0.0",
      "/acme/foo",
      "acme\\foo",
    ],
    ...[
      "acme/f",
      "a/foo",
      "Acme/foo",
      "acme/Foo",
      "acme/fo-o",
      "acme/1foo",
      "acme/_foo",
      "acme/*",
      "*/foo",
    ],
    ...["acme/..", "../foo", "acme/foo\n", "acme\n/foo", "acme /foo", "acme/ foo", "acme/foo "],
    ...["acme/foo,acme/bar", "acme/fоo", `${"a".repeat(65)}/foo`, `acme/${"f".repeat(256)}`],
  ])("is not for a package that cannot be: %j", (resource) => {
    expect(parsePermission("package", resource)).toBeUndefined();
  });

  it("may be for names as long as names may be", () => {
    const [short, long, longest] = ["ab", "a".repeat(64), "f".repeat(255)];
    for (const resource of [short, long]) {
      expect(parsePermission("repository", resource)).toEqual({ domain: "repository", resource });
      expect(parsePermission("docs", resource)).toEqual({ domain: "docs", resource });
    }
    for (const resource of ["ab/cd", `${long}/${longest}`, "a_/b_", "a1/b2"]) {
      expect(parsePermission("package", resource)).toEqual({ domain: "package", resource });
    }
  });

  it.each([0, 1, false, true, [], ["acme"], ["read"], {}, { length: 4 }, Number.NaN])(
    "has a resource that is a text, not %j",
    (resource) => {
      for (const domain of ["api", "package", "repository", "repositories", "docs"]) {
        expect(parsePermission(domain, resource)).toBeUndefined();
      }
    },
  );
});

describe("scopes", () => {
  it.each(Object.entries(permissions))("say %s in one word", (scope, permission) => {
    expect(scopeOf(permission)).toBe(scope);
    expect(parseScopes(scope)).toEqual([permission]);
  });

  it("say the same as the permissions that they were made of", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyPermission(), { selector: scopeOf }), (some) => {
        expect(parseScopes(some.map(scopeOf).join(" "))).toEqual(some);
      }),
    );
  });

  it.each([
    ["api repositories", ["api", "repositories"]],
    ["  api:write\t repository:acme\n", ["api:write", "repository:acme"]],
    ["api:read api:read", ["api:read"]],
    ["", []],
    [" ", []],
  ])("are apart by blanks: %j", (text, scopes) => {
    expect(parseScopes(text)?.map(scopeOf)).toEqual(scopes);
  });

  it.each([
    ...["nonsense", "api nonsense", "api:admin", "api,repositories", "api+repositories", "package"],
    ...[
      "package:foo",
      "package:acme/foo:write",
      "package:",
      "repository",
      "repository:",
      "repository:acme:",
    ],
    ...["docs", "docs:*", "repositories:acme", ":", ":read", ":api", "api::read", "API"],
    ...["constructor", "__proto__", "__proto__:acme", "repository:__proto__"],
  ])("are refused as a whole when one of them is none: %j", (text) => {
    expect(parseScopes(text)).toBeUndefined();
  });
});

/**
 * A key can never make a key that can do more than itself. Rows: what it is good for; columns, in the
 * same order: what the new one is to be good for.
 *
 * `api` alone covers all, by decision: rebar3 logs in with such a key, and makes its `repositories` key
 * with it. This is why `api:write`, which reaches as far, does not cover `api`.
 */
const coversTable = `
                    api  :read :write  acme/foo acme/bar other/foo  acme other  repositories  docs:acme :other
api               | yes  yes   yes     yes      yes      yes        yes  yes    yes           yes       yes
api:read          | no   yes   no      no       no       no         no   no     no            no        no
api:write         | no   yes   yes     yes      yes      yes        no   no     no            no        no
package:acme/foo  | no   no    no      yes      no       no         no   no     no            no        no
package:acme/bar  | no   no    no      no       yes      no         no   no     no            no        no
package:other/foo | no   no    no      no       no       yes        no   no     no            no        no
repository:acme   | no   no    no      no       no       no         yes  no     no            yes       no
repository:other  | no   no    no      no       no       no         no   yes    no            no        yes
repositories      | no   no    no      no       no       no         yes  yes    yes           yes       yes
docs:acme         | no   no    no      no       no       no         no   no     no            yes       no
docs:other        | no   no    no      no       no       no         no   no     no            no        yes
`;

describe("a key", () => {
  const rows = coversTable
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split("|").map((it) => it.trim()))
    .map(([held = "", cells = ""]) => ({ held, cells: cells.split(/\s+/) }));

  it("has a row for every permission, and in it a cell for every permission", () => {
    expect(rows.map(({ held }) => held)).toEqual(Object.keys(permissions));
    for (const { cells } of rows) expect(cells).toHaveLength(rows.length);
  });

  it.each(rows)("for $held covers no more than the table says", ({ held, cells }) => {
    const said = Object.values(permissions).map((wanted) =>
      covers([named(held)], wanted) ? "yes" : "no",
    );
    expect(said).toEqual(cells);
  });

  it("for everything, as after a password, covers everything", () => {
    for (const wanted of Object.values(permissions)) {
      expect(covers("everything", wanted)).toBe(true);
    }
  });

  it("for nothing covers nothing", () => {
    for (const wanted of Object.values(permissions)) expect(covers([], wanted)).toBe(false);
  });

  it("for several covers what one of them covers", () => {
    const held = [named("package:acme/foo"), named("repository:other")];
    const covered = Object.keys(permissions).filter((wanted) => covers(held, named(wanted)));
    expect(covered).toEqual(["package:acme/foo", "repository:other", "docs:other"]);
  });

  it("covers only what reaches no farther than itself", () => {
    const held = fc.array(anyPermission(), { maxLength: 4 });
    fc.assert(
      fc.property(held, anyPermission(), (all, wanted) => {
        fc.pre(!all.some(isWholeApi) && covers(all, wanted));
        expect(reachOf([wanted]).filter((it) => !reachOf(all).includes(it))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("covers only what covers no more than itself, so that a key of a key of a key gains nothing", () => {
    const held = fc.array(anyPermission(), { maxLength: 4 });
    fc.assert(
      fc.property(held, anyPermission(), anyPermission(), (all, wanted, next) => {
        fc.pre(covers(all, wanted) && covers([wanted], next));
        expect(covers(all, next)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

const isWholeApi = ({ domain, resource }: Permission) => domain === "api" && resource === null;

/** Everything in the lists of the permission table that one of the permissions is good for. */
function reachOf(some: readonly Permission[]): string[] {
  return [...verbs].flatMap(([heading, verb]) =>
    [...subjects]
      .filter(([, subject]) => some.some((it) => permits(it, verb, subject)))
      .map(([name]) => `${heading} ${name}`),
  );
}

/** From few names, so that two often speak of the same. */
function anyPermission(): fc.Arbitrary<Permission> {
  return fc.constantFrom(...Object.values(permissions));
}

function named(scope: string): Permission {
  const permission = permissions[scope];
  if (!permission) throw new Error(`the table has a permission that nobody has: ${scope}`);
  return permission;
}
