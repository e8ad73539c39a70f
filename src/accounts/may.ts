/**
 * Who may do what, decided in one place. Pure: what somebody may depends on who they are, what they
 * may be in an organization now, and what the credential they hold is good for; on nothing else.
 */
import { type Permission, permits } from "./permission.ts";

export const roles = ["read", "write", "admin"] as const;
/** In an organization, which is a repository of the same name. Each includes those before it. */
export type Role = (typeof roles)[number];

export type Actor =
  | { kind: "anonymous" }
  /** Whoever knows ADMIN_KEY. */
  | { kind: "admin" }
  | Holder;

/** Whoever holds a credential of an account. */
export interface Holder {
  kind: "holder";
  owner: Owner;
  /** What the owner is in which organization. */
  roles: Readonly<Record<string, Role>>;
  /** What the credential is good for, at most; "everything" for a password. */
  permissions: readonly Permission[] | "everything";
}

/** Whose credential it is. An organization's own key is in its organization what a writer is. */
export type Owner =
  | { kind: "user"; id: number; name: string }
  | { kind: "organization"; name: string };

export type Verb =
  /** Registry files and tarballs, as mix, rebar3 and gleam fetch them. */
  | "fetch"
  /** Docs tarballs and pages. */
  | "fetch_docs"
  /** See it in the API. */
  | "read"
  /** Publish, replace, revert, retire, docs. */
  | "write"
  /** Say who owns a package. */
  | "own"
  /** Make and revoke keys. */
  | "make_keys"
  /** Look after the whole: members of an organization, the state of a repository, all users. */
  | "administer";

export type Subject =
  /** The whole registry: its users, and the audit log over all. */
  | { kind: "registry" }
  | { kind: "repository"; name: string; public: boolean }
  | PackageSubject
  | { kind: "organization"; name: string }
  /** Who the actor is, which whoever publishes asks first. */
  | { kind: "self" }
  /** The actor's own account: keys, sessions, audit log. */
  | { kind: "account" };

export interface PackageSubject {
  kind: "package";
  repository: { name: string; public: boolean; publish: "members" | "owners" };
  name: string;
  exists: boolean;
  /** What the actor is to the package. */
  level: Level | null;
}

export type Level = "maintainer" | "full";

/** Why not. */
export type Denial =
  /** There is no credential, and one would help. */
  | "unauthenticated"
  /** The credential is not good for this, whoever holds it. */
  | "unauthorized"
  /** They may see it, but not do this to it. */
  | "forbidden"
  /** They may not even know that it exists. */
  | "hidden";

/**
 * @returns "yes", or why not. The credential is looked at before anything that depends on what there
 * is, so that a denial says nothing about what is hidden.
 */
export function may(actor: Actor, verb: Verb, subject: Subject): "yes" | Denial {
  if (actor.kind === "admin") return "yes";
  if (actor.kind === "anonymous") {
    return isOpen(verb, subject) ? "yes" : "unauthenticated";
  }
  if (!isGoodFor(actor, verb, subject)) {
    // Anyone may fetch what is public: a key for something else is no reason to be refused.
    return isOpen(verb, subject) && verb !== "read" ? "yes" : "unauthorized";
  }
  return mayOwner(actor, verb, subject);
}

/** Is it open to everybody? */
function isOpen(verb: Verb, subject: Subject): boolean {
  const isPublic =
    (subject.kind === "repository" && subject.public) ||
    (subject.kind === "package" && subject.repository.public);
  return isPublic && (verb === "fetch" || verb === "fetch_docs" || verb === "read");
}

/** Does the credential reach this far, whatever its owner may do? */
function isGoodFor({ permissions }: Holder, verb: Verb, subject: Subject): boolean {
  if (permissions === "everything") return true;
  return permissions.some((permission) => permits(permission, verb, subject));
}

/** May the owner of the credential? */
function mayOwner(actor: Holder, verb: Verb, subject: Subject): "yes" | Denial {
  switch (subject.kind) {
    case "registry":
      return "forbidden";
    case "self":
    case "account":
      return actor.owner.kind === "user" ? "yes" : "hidden";
    case "organization":
      return inOrganization(roleIn(actor, subject.name), verb, "hidden");
    case "repository":
      if (isOpen(verb, subject)) return "yes";
      return inOrganization(
        roleIn(actor, subject.name),
        verb,
        subject.public ? "forbidden" : "hidden",
      );
    case "package":
      return isOpen(verb, subject) ? "yes" : toPackage(actor, verb, subject);
  }
}

function inOrganization(role: Role | undefined, verb: Verb, outside: Denial): "yes" | Denial {
  if (role === undefined) return outside;
  return isAtLeast(role, needed[verb]) ? "yes" : "forbidden";
}

/** The role that a verb needs in an organization and its repository. */
const needed: Record<Verb, Role> = {
  ...{ fetch: "read", fetch_docs: "read", read: "read" },
  ...{ write: "write", make_keys: "write" },
  ...{ own: "admin", administer: "admin" },
};

function toPackage(actor: Holder, verb: Verb, subject: PackageSubject): "yes" | Denial {
  const { repository, exists, level } = subject;
  const role = roleIn(actor, repository.name);
  if (role === undefined && !repository.public) return "hidden";
  if (role === "admin") return "yes";
  // An owner needs no role in a public repository, and any role in a private one.
  if (verb === "write" && exists && level !== null) return "yes";
  if (verb === "own" && exists && level === "full") return "yes";
  if (verb === "write" && exists && repository.publish === "owners") return "forbidden";
  return inOrganization(role, verb, "forbidden");
}

function roleIn(actor: Holder, organization: string): Role | undefined {
  return Object.hasOwn(actor.roles, organization) ? actor.roles[organization] : undefined;
}

function isAtLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}
