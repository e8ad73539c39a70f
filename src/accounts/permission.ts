/**
 * What a credential is good for: the permissions of keys (server.md 4.2) and the scopes of tokens, which
 * say the same in one word each. Pure.
 */
import type { Subject, Verb } from "./may.ts";

export type Permission =
  /** The API. Null is all of it: the account itself, which may also make keys for anything it may read. */
  | { domain: "api"; resource: "read" | "write" | null }
  /** One package, `repository/package`: publish, retire, docs. */
  | { domain: "package"; resource: string }
  /** The files of one repository. */
  | { domain: "repository"; resource: string }
  /** The files of every repository that the owner may read. */
  | { domain: "repositories"; resource: null }
  /** The docs of one repository. */
  | { domain: "docs"; resource: string };

/** Does the permission reach this far? What its owner may do is another question. */
export function permits(permission: Permission, verb: Verb, subject: Subject): boolean {
  const { domain, resource } = permission;
  switch (domain) {
    case "api":
      if (verb === "fetch" || verb === "fetch_docs") return false;
      return verb === "read" || resource !== "read";
    case "package":
      // mix asks who it is before it publishes; what is public, anybody may see.
      if (verb === "read" && subject.kind === "self") return true;
      if (verb === "read" && isOfPublic(subject)) return true;
      if (subject.kind !== "package" || (verb !== "read" && verb !== "write")) return false;
      return resource === `${subject.repository.name}/${subject.name}`;
    case "repositories":
      return verb === "fetch" || verb === "fetch_docs";
    case "repository":
      return (verb === "fetch" || verb === "fetch_docs") && resource === repositoryOf(subject);
    case "docs":
      return verb === "fetch_docs" && resource === repositoryOf(subject);
  }
}

/**
 * May whoever holds `held` make a key that does `wanted`? Only what it does itself, with one exception:
 * `api` without a resource is the account itself. rebar3 logs in with such a key, and makes the one that
 * reads repositories with it.
 */
export function covers(held: readonly Permission[] | "everything", wanted: Permission): boolean {
  if (held === "everything") return true;
  return (
    includes(held, wanted) || held.some(({ domain, resource }) => domain === "api" && !resource)
  );
}

/** Does `wanted` reach nowhere that `held` does not? */
export function includes(held: readonly Permission[], wanted: Permission): boolean {
  return held.some(({ domain, resource }) => {
    if (domain === wanted.domain && (resource === null || resource === wanted.resource))
      return true;
    switch (domain) {
      case "api":
        if (wanted.domain === "package") return resource !== "read";
        return wanted.domain === "api" && resource === "write" && wanted.resource === "read";
      case "repositories":
        return wanted.domain === "repository" || wanted.domain === "docs";
      case "repository":
        return wanted.domain === "docs" && resource === wanted.resource;
      default:
        return false;
    }
  });
}

/** `api:read`, `repositories`, `package:acme/foo` … */
export function scopeOf({ domain, resource }: Permission): string {
  return resource === null ? domain : `${domain}:${resource}`;
}

/** @returns undefined when it is no permission. An empty resource, which mix sends, is none. */
export function parsePermission(domain: unknown, resource: unknown): Permission | undefined {
  const named = resource === undefined || resource === "" ? null : resource;
  if (domain === "repositories") return named === null ? { domain, resource: null } : undefined;
  if (domain === "api") {
    const isKnown = named === null || named === "read" || named === "write";
    return isKnown ? { domain, resource: named } : undefined;
  }
  if (typeof named !== "string") return undefined;
  if (domain === "package")
    return packagePattern.test(named) ? { domain, resource: named } : undefined;
  const isRepositoryName = repositoryPattern.test(named);
  if (domain !== "repository" && domain !== "docs") return undefined;
  return isRepositoryName ? { domain, resource: named } : undefined;
}

/** @returns undefined when one of the words is no scope; scopes are apart by blanks. */
export function parseScopes(text: string): Permission[] | undefined {
  const permissions: Permission[] = [];
  for (const scope of new Set(text.split(/\s+/).filter((it) => it !== ""))) {
    const colon = scope.indexOf(":");
    const permission =
      colon < 0
        ? parsePermission(scope, null)
        : parsePermission(scope.slice(0, colon), scope.slice(colon + 1));
    // `api:` is not `api`, which is everything.
    if (!permission || scope.endsWith(":")) return undefined;
    permissions.push(permission);
  }
  return permissions;
}

const repositoryPattern = /^[a-z][a-z0-9_]{1,63}$/;
const packagePattern = /^[a-z][a-z0-9_]{1,63}\/[a-z][a-z0-9_]{1,254}$/;

function isOfPublic(subject: Subject): boolean {
  if (subject.kind === "repository") return subject.public;
  return subject.kind === "package" && subject.repository.public;
}

function repositoryOf(subject: Subject): string | undefined {
  if (subject.kind === "repository") return subject.name;
  return subject.kind === "package" ? subject.repository.name : undefined;
}
