/**
 * Who may do what, written down by hand: nothing here asks the code under test.
 *
 * A cell is `yes` or the status that the denial is answered with:
 * `401` the credential is not good for it, or there is none; `403` not allowed; `404` not to be known.
 */
import type { Actor, Level, Owner, Role, Subject, Verb } from "../../src/accounts/may.ts";
import type { Permission } from "../../src/accounts/permission.ts";

/**
 * One grid for each subject; several subjects on one line share a grid.
 * `*` is a question of who owns the package, and answered by `ownership`.
 *
 * Outsider and `other` (a key of that organization) are strangers to acme; the outsider is an admin of
 * other. `acme` is acme's own key.
 */
export const permissionTable = `
registry
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | 401    401   401   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  users     | everything                            | 403    403   403   403    403  403   403
  all       | api, api:write                        | 401    401   403   403    403  403   403
  all       | api:read                              | 401    401   403   401    401  401   401
  all       | package:acme/foo, package:acme/bar    | 401    401   401   401    401  401   401
  all       | repository:acme, repository:other     | 401    401   401   401    401  401   401
  all       | repositories                          | 403    403   401   401    401  401   401
  all       | docs:acme                             | 401    401   401   401    401  401   401

self
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | 401    401   401   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  users     | everything                            | yes    yes   yes   yes    yes  yes   yes
  users     | api, api:write                        | 401    401   yes   yes    yes  yes   yes
  orgs      | api, api:write                        | 401    401   404   404    404  404   404
  users     | api:read                              | 401    401   yes   401    401  401   401
  orgs      | api:read                              | 401    401   404   401    401  401   401
  users     | package:acme/foo, package:acme/bar    | 401    401   yes   401    401  401   401
  orgs      | package:acme/foo, package:acme/bar    | 401    401   404   401    401  401   401
  all       | repository:acme, repository:other     | 401    401   401   401    401  401   401
  users     | repositories                          | yes    yes   401   401    401  401   401
  orgs      | repositories                          | 404    404   401   401    401  401   401
  all       | docs:acme                             | 401    401   401   401    401  401   401

account
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | 401    401   401   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  users     | everything                            | yes    yes   yes   yes    yes  yes   yes
  users     | api, api:write                        | 401    401   yes   yes    yes  yes   yes
  orgs      | api, api:write                        | 401    401   404   404    404  404   404
  users     | api:read                              | 401    401   yes   401    401  401   401
  orgs      | api:read                              | 401    401   404   401    401  401   401
  all       | package:acme/foo, package:acme/bar    | 401    401   401   401    401  401   401
  all       | repository:acme, repository:other     | 401    401   401   401    401  401   401
  users     | repositories                          | yes    yes   401   401    401  401   401
  orgs      | repositories                          | 404    404   401   401    401  401   401
  all       | docs:acme                             | 401    401   401   401    401  401   401

organization acme
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | 401    401   401   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  outsider  | everything                            | 404    404   404   404    404  404   404
  reader    | everything                            | yes    yes   yes   403    403  403   403
  writer    | everything                            | yes    yes   yes   yes    403  yes   403
  orgadmin  | everything                            | yes    yes   yes   yes    yes  yes   yes
  outsider  | api, api:write                        | 401    401   404   404    404  404   404
  reader    | api, api:write                        | 401    401   yes   403    403  403   403
  writer    | api, api:write                        | 401    401   yes   yes    403  yes   403
  orgadmin  | api, api:write                        | 401    401   yes   yes    yes  yes   yes
  acme      | api, api:write                        | 401    401   yes   yes    403  yes   403
  other     | api, api:write                        | 401    401   404   404    404  404   404
  strangers | api:read                              | 401    401   404   401    401  401   401
  members   | api:read                              | 401    401   yes   401    401  401   401
  all       | package:acme/foo, package:acme/bar    | 401    401   401   401    401  401   401
  all       | repository:acme, repository:other     | 401    401   401   401    401  401   401
  strangers | repositories                          | 404    404   401   401    401  401   401
  members   | repositories                          | yes    yes   401   401    401  401   401
  all       | docs:acme                             | 401    401   401   401    401  401   401

private repository acme
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | 401    401   401   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  outsider  | everything                            | 404    404   404   404    404  404   404
  reader    | everything                            | yes    yes   yes   403    403  403   403
  writer    | everything                            | yes    yes   yes   yes    403  yes   403
  orgadmin  | everything                            | yes    yes   yes   yes    yes  yes   yes
  outsider  | api, api:write                        | 401    401   404   404    404  404   404
  reader    | api, api:write                        | 401    401   yes   403    403  403   403
  writer    | api, api:write                        | 401    401   yes   yes    403  yes   403
  orgadmin  | api, api:write                        | 401    401   yes   yes    yes  yes   yes
  acme      | api, api:write                        | 401    401   yes   yes    403  yes   403
  other     | api, api:write                        | 401    401   404   404    404  404   404
  strangers | api:read                              | 401    401   404   401    401  401   401
  members   | api:read                              | 401    401   yes   401    401  401   401
  all       | package:acme/foo, package:acme/bar    | 401    401   401   401    401  401   401
  strangers | repository:acme                       | 404    404   401   401    401  401   401
  members   | repository:acme                       | yes    yes   401   401    401  401   401
  all       | repository:other                      | 401    401   401   401    401  401   401
  strangers | repositories                          | 404    404   401   401    401  401   401
  members   | repositories                          | yes    yes   401   401    401  401   401
  strangers | docs:acme                             | 401    404   401   401    401  401   401
  members   | docs:acme                             | 401    yes   401   401    401  401   401

public repository acme
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | yes    yes   yes   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  outsider  | everything                            | yes    yes   yes   403    403  403   403
  reader    | everything                            | yes    yes   yes   403    403  403   403
  writer    | everything                            | yes    yes   yes   yes    403  yes   403
  orgadmin  | everything                            | yes    yes   yes   yes    yes  yes   yes
  outsider  | api, api:write                        | yes    yes   yes   403    403  403   403
  reader    | api, api:write                        | yes    yes   yes   403    403  403   403
  writer    | api, api:write                        | yes    yes   yes   yes    403  yes   403
  orgadmin  | api, api:write                        | yes    yes   yes   yes    yes  yes   yes
  acme      | api, api:write                        | yes    yes   yes   yes    403  yes   403
  other     | api, api:write                        | yes    yes   yes   403    403  403   403
  all       | api:read                              | yes    yes   yes   401    401  401   401
  all       | package:acme/foo, package:acme/bar    | yes    yes   yes   401    401  401   401
  all       | repository:acme, repository:other     | yes    yes   401   401    401  401   401
  all       | repositories                          | yes    yes   401   401    401  401   401
  all       | docs:acme                             | yes    yes   401   401    401  401   401

private repository other, private package other/foo
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | 401    401   401   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  outsider  | everything                            | yes    yes   yes   yes    yes  yes   yes
  reader    | everything                            | 404    404   404   404    404  404   404
  writer    | everything                            | 404    404   404   404    404  404   404
  orgadmin  | everything                            | 404    404   404   404    404  404   404
  outsider  | api, api:write                        | 401    401   yes   yes    yes  yes   yes
  members   | api, api:write                        | 401    401   404   404    404  404   404
  other     | api, api:write                        | 401    401   yes   yes    403  yes   403
  strangers | api:read                              | 401    401   yes   401    401  401   401
  members   | api:read                              | 401    401   404   401    401  401   401
  all       | package:acme/foo, package:acme/bar    | 401    401   401   401    401  401   401
  all       | repository:acme                       | 401    401   401   401    401  401   401
  strangers | repository:other                      | yes    yes   401   401    401  401   401
  members   | repository:other                      | 404    404   401   401    401  401   401
  strangers | repositories                          | yes    yes   401   401    401  401   401
  members   | repositories                          | 404    404   401   401    401  401   401
  all       | docs:acme                             | 401    401   401   401    401  401   401

private package acme/foo
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | 401    401   401   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  outsider  | everything                            | 404    404   404   *      *    404   404
  reader    | everything                            | yes    yes   yes   *      *    403   403
  writer    | everything                            | yes    yes   yes   *      *    yes   403
  orgadmin  | everything                            | yes    yes   yes   *      *    yes   yes
  outsider  | api, api:write                        | 401    401   404   *      *    404   404
  reader    | api, api:write                        | 401    401   yes   *      *    403   403
  writer    | api, api:write                        | 401    401   yes   *      *    yes   403
  orgadmin  | api, api:write                        | 401    401   yes   *      *    yes   yes
  acme      | api, api:write                        | 401    401   yes   *      *    yes   403
  other     | api, api:write                        | 401    401   404   *      *    404   404
  strangers | api:read                              | 401    401   404   401    401  401   401
  members   | api:read                              | 401    401   yes   401    401  401   401
  strangers | package:acme/foo                      | 401    401   404   *      401  401   401
  members   | package:acme/foo                      | 401    401   yes   *      401  401   401
  all       | package:acme/bar                      | 401    401   401   401    401  401   401
  strangers | repository:acme                       | 404    404   401   401    401  401   401
  members   | repository:acme                       | yes    yes   401   401    401  401   401
  all       | repository:other                      | 401    401   401   401    401  401   401
  strangers | repositories                          | 404    404   401   401    401  401   401
  members   | repositories                          | yes    yes   401   401    401  401   401
  strangers | docs:acme                             | 401    404   401   401    401  401   401
  members   | docs:acme                             | 401    yes   401   401    401  401   401

public package acme/foo
                                                      fetch  docs  read  write  own  keys  administer
  anonymous | -                                     | yes    yes   yes   401    401  401   401
  admin     | -                                     | yes    yes   yes   yes    yes  yes   yes
  outsider  | everything                            | yes    yes   yes   *      *    403   403
  reader    | everything                            | yes    yes   yes   *      *    403   403
  writer    | everything                            | yes    yes   yes   *      *    yes   403
  orgadmin  | everything                            | yes    yes   yes   *      *    yes   yes
  outsider  | api, api:write                        | yes    yes   yes   *      *    403   403
  reader    | api, api:write                        | yes    yes   yes   *      *    403   403
  writer    | api, api:write                        | yes    yes   yes   *      *    yes   403
  orgadmin  | api, api:write                        | yes    yes   yes   *      *    yes   yes
  acme      | api, api:write                        | yes    yes   yes   *      *    yes   403
  other     | api, api:write                        | yes    yes   yes   *      *    403   403
  all       | api:read                              | yes    yes   yes   401    401  401   401
  all       | package:acme/foo                      | yes    yes   yes   *      401  401   401
  all       | package:acme/bar                      | yes    yes   yes   401    401  401   401
  all       | repository:acme, repository:other     | yes    yes   401   401    401  401   401
  all       | repositories                          | yes    yes   401   401    401  401   401
  all       | docs:acme                             | yes    yes   401   401    401  401   401
`;

/**
 * Package acme/foo, by what the actor is to it, with any credential that is good for the verb: a row
 * says whether the repository is private, who may publish there, whether the package is there, and the
 * actor's level. (A level may outlive a package whose last release was reverted: it then says nothing.)
 */
export const ownershipTable = `
write
                                outsider  reader  writer  orgadmin  acme  other
  private members new   -          | 404       403     yes     yes       yes   404
  private members new   maintainer | 404       403     yes     yes       yes   404
  private members new   full       | 404       403     yes     yes       yes   404
  private members there -          | 404       403     yes     yes       yes   404
  private members there maintainer | 404       yes     yes     yes       yes   404
  private members there full       | 404       yes     yes     yes       yes   404
  private owners  new   -          | 404       403     yes     yes       yes   404
  private owners  new   maintainer | 404       403     yes     yes       yes   404
  private owners  new   full       | 404       403     yes     yes       yes   404
  private owners  there -          | 404       403     403     yes       403   404
  private owners  there maintainer | 404       yes     yes     yes       yes   404
  private owners  there full       | 404       yes     yes     yes       yes   404
  public  members new   -          | 403       403     yes     yes       yes   403
  public  members new   maintainer | 403       403     yes     yes       yes   403
  public  members new   full       | 403       403     yes     yes       yes   403
  public  members there -          | 403       403     yes     yes       yes   403
  public  members there maintainer | yes       yes     yes     yes       yes   yes
  public  members there full       | yes       yes     yes     yes       yes   yes
  public  owners  new   -          | 403       403     yes     yes       yes   403
  public  owners  new   maintainer | 403       403     yes     yes       yes   403
  public  owners  new   full       | 403       403     yes     yes       yes   403
  public  owners  there -          | 403       403     403     yes       403   403
  public  owners  there maintainer | yes       yes     yes     yes       yes   yes
  public  owners  there full       | yes       yes     yes     yes       yes   yes

own
                                outsider  reader  writer  orgadmin  acme  other
  private members new   -          | 404       403     403     yes       403   404
  private members new   maintainer | 404       403     403     yes       403   404
  private members new   full       | 404       403     403     yes       403   404
  private members there -          | 404       403     403     yes       403   404
  private members there maintainer | 404       403     403     yes       403   404
  private members there full       | 404       yes     yes     yes       yes   404
  private owners  new   -          | 404       403     403     yes       403   404
  private owners  new   maintainer | 404       403     403     yes       403   404
  private owners  new   full       | 404       403     403     yes       403   404
  private owners  there -          | 404       403     403     yes       403   404
  private owners  there maintainer | 404       403     403     yes       403   404
  private owners  there full       | 404       yes     yes     yes       yes   404
  public  members new   -          | 403       403     403     yes       403   403
  public  members new   maintainer | 403       403     403     yes       403   403
  public  members new   full       | 403       403     403     yes       403   403
  public  members there -          | 403       403     403     yes       403   403
  public  members there maintainer | 403       403     403     yes       403   403
  public  members there full       | yes       yes     yes     yes       yes   yes
  public  owners  new   -          | 403       403     403     yes       403   403
  public  owners  new   maintainer | 403       403     403     yes       403   403
  public  owners  new   full       | 403       403     403     yes       403   403
  public  owners  there -          | 403       403     403     yes       403   403
  public  owners  there maintainer | 403       403     403     yes       403   403
  public  owners  there full       | yes       yes     yes     yes       yes   yes
`;

/** The columns. A verb that is not here does not compile. */
const columns: Record<Verb, string> = {
  fetch: "fetch",
  fetch_docs: "docs",
  read: "read",
  write: "write",
  own: "own",
  make_keys: "keys",
  administer: "administer",
};
/** By the heading of its column. */
export const verbs = new Map(
  // Object.entries forgets the type of the keys, which the line above has checked.
  Object.entries(columns).map(([verb, heading]) => [heading, verb as Verb]),
);

type Account = { owner: Owner; roles: Record<string, Role> };

/** Whoever holds credentials. */
export const holders = {
  outsider: user(1, "outsider", { other: "admin" }),
  reader: user(2, "reader", { acme: "read" }),
  writer: user(3, "writer", { acme: "write" }),
  orgadmin: user(4, "orgadmin", { acme: "admin" }),
  acme: { owner: { kind: "organization", name: "acme" }, roles: { acme: "write" } },
  other: { owner: { kind: "organization", name: "other" }, roles: { other: "write" } },
} satisfies Record<string, Account>;
export type HolderName = keyof typeof holders;

/** Whom a row of the table speaks of, when it is not one by name. */
export const groups: Record<string, HolderName[]> = {
  all: ["outsider", "reader", "writer", "orgadmin", "acme", "other"],
  users: ["outsider", "reader", "writer", "orgadmin"],
  orgs: ["acme", "other"],
  members: ["reader", "writer", "orgadmin", "acme"],
  strangers: ["outsider", "other"],
};

/** One or more of every domain. A domain that is not here does not compile. */
const permissionsByDomain = {
  api: [
    { domain: "api", resource: null },
    { domain: "api", resource: "read" },
    { domain: "api", resource: "write" },
  ],
  package: [
    { domain: "package", resource: "acme/foo" },
    { domain: "package", resource: "acme/bar" },
  ],
  repository: [
    { domain: "repository", resource: "acme" },
    { domain: "repository", resource: "other" },
  ],
  repositories: [{ domain: "repositories", resource: null }],
  docs: [{ domain: "docs", resource: "acme" }],
} satisfies { [D in Permission["domain"]]: Extract<Permission, { domain: D }>[] };

/** By name, as a row has it. */
export const credentials = new Map<string, Permission[] | "everything">([
  ["everything", "everything"],
  ...Object.values(permissionsByDomain)
    .flat()
    .map((it): [string, Permission[]] => [
      it.resource === null ? it.domain : `${it.domain}:${it.resource}`,
      [it],
    ]),
]);

/** By name, as in "writer with api:read". */
export const actors = new Map<string, Actor>([
  ["anonymous", { kind: "anonymous" }],
  ["admin", { kind: "admin" }],
  ...Object.entries(holders).flatMap(([name, holder]) =>
    [...credentials]
      // An organization has no password.
      .filter(([, held]) => held !== "everything" || holder.owner.kind === "user")
      .map(([credential, permissions]): [string, Actor] => [
        `${name} with ${credential}`,
        { kind: "holder", ...holder, permissions },
      ]),
  ),
]);

/** By the heading of its grid, or of the first two columns of `ownershipTable`. */
export const subjects = new Map<string, Subject>([
  ["registry", { kind: "registry" }],
  ["self", { kind: "self" }],
  ["account", { kind: "account" }],
  ["organization acme", { kind: "organization", name: "acme" }],
  ["private repository acme", { kind: "repository", name: "acme", public: false }],
  ["public repository acme", { kind: "repository", name: "acme", public: true }],
  ["private repository other", { kind: "repository", name: "other", public: false }],
  [
    "private package other/foo",
    {
      kind: "package",
      repository: { name: "other", public: false, publish: "members" },
      name: "foo",
      exists: true,
      level: null,
    },
  ],
  ...packagesOfAcme(),
]);

/** Is it one of those that a grid calls by this heading? */
export function isUnder(heading: string, subject: string): boolean {
  return subject === heading || subject.startsWith(`${heading}: `);
}

function packagesOfAcme(): [string, Subject][] {
  const levels: (Level | null)[] = [null, "maintainer", "full"];
  return [false, true].flatMap((open) =>
    (["members", "owners"] as const).flatMap((publish) =>
      [false, true].flatMap((exists) =>
        levels.map((level): [string, Subject] => [
          `${open ? "public" : "private"} package acme/foo: ${publish} ${exists ? "there" : "new"} ${level ?? "-"}`,
          {
            kind: "package",
            repository: { name: "acme", public: open, publish },
            name: "foo",
            exists,
            level,
          },
        ]),
      ),
    ),
  );
}

function user(id: number, name: string, roles: Record<string, Role>): Account {
  return { owner: { kind: "user", id, name }, roles };
}
