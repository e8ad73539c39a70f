/** Asks may.ts about a request, and turns its no into a refusal that tells what would help. */
import type { Context, Next } from "hono";
import {
  type Actor,
  may,
  type PackageSubject,
  type Role,
  type Subject,
  type Verb,
} from "../accounts/may.ts";
import type { RepositoryConfig } from "../config/repositories.ts";
import type { Standing } from "../repository/types.ts";
import type { App } from "./app-type.ts";
import { renewIdentity } from "./authenticate.ts";
import { type HttpRefusal, type Refusal, refuse } from "./refusals.ts";

/** May whoever asks do this? A no is never said from memory alone. */
export async function permit(
  c: Context<App>,
  verb: Verb,
  subject: Subject,
): Promise<Refusal | undefined> {
  let verdict = may(c.get("identity").actor, verb, subject);
  const renewed = verdict !== "yes" && (await renewIdentity(c));
  if (typeof renewed === "object") return renewed.refused;
  if (renewed) verdict = may(c.get("identity").actor, verb, subject);
  return verdict === "yes" ? undefined : refusalOf(verdict, subject);
}

/** Lets only those pass who may do this to the repository, or to the package that the path names. */
export function requires(
  verb: Exclude<Verb, "write" | "own">,
  kinds: readonly RepositoryConfig["kind"][] = ["hosted"],
) {
  return async function authorize(c: Context<App>, next: Next): Promise<Response | undefined> {
    const refused = (await permit(c, verb, subjectOf(c))) ?? unhosted(c, kinds);
    if (refused) return refuse(c, refused);
    await next();
    return undefined;
  };
}

/** Lets only those pass who may change packages, or say who owns them: see takeStanding. */
export function requiresStanding(verb: "write" | "own") {
  return async function authorize(c: Context<App>, next: Next): Promise<Response | undefined> {
    const refused = await takeStanding(c, verb, c.req.param("name"));
    if (refused) return refuse(c, refused);
    await next();
    return undefined;
  };
}

type Ground = Pick<PackageSubject, "exists" | "level">;

const grounds: Record<"write" | "own", [Standing, Ground][]> = {
  write: [
    ["member", { exists: true, level: null }],
    ["creator", { exists: false, level: null }],
    ["owner", { exists: true, level: "maintainer" }],
  ],
  own: [
    ["member", { exists: true, level: null }],
    ["owner", { exists: true, level: "full" }],
  ],
};

/**
 * On what ground may they do this to the package? Whether it exists and who owns it only the repository
 * knows, in the step in which it matters; so it gets the widest ground that holds.
 * @param name undefined while it is still inside the tarball: then any package will do.
 */
export async function takeStanding(
  c: Context<App>,
  verb: "write" | "own",
  name: string | undefined,
): Promise<Refusal | undefined> {
  const { actor } = c.get("identity");
  const names = name === undefined ? ["", ...namedBy(actor)] : [name];
  for (const [standing, ground] of grounds[verb]) {
    for (const it of names) {
      if (may(actor, verb, { ...packageSubject(c, it), ...ground }) !== "yes") continue;
      c.set("standing", standing);
      return unhosted(c);
    }
  }
  return permit(c, verb, packageSubject(c, names[0] ?? ""));
}

/** What the actor is in the organization; the admin is everything. */
export function roleOf(actor: Actor, organization: string): Role | undefined {
  if (actor.kind === "admin") return "admin";
  if (actor.kind === "anonymous") return undefined;
  return Object.hasOwn(actor.roles, organization) ? actor.roles[organization] : undefined;
}

/** Packages that the credential is made for, when it is made for packages. */
function namedBy(actor: Actor): string[] {
  if (actor.kind !== "holder" || actor.permissions === "everything") return [];
  return actor.permissions.flatMap(({ domain, resource }) =>
    domain === "package" ? resource.slice(resource.indexOf("/") + 1) : [],
  );
}

function subjectOf(c: Context<App>): Subject {
  const name = c.req.param("name");
  const { name: repository, public: isPublic } = c.get("repository");
  return name === undefined
    ? { kind: "repository", name: repository, public: isPublic }
    : packageSubject(c, name);
}

export function packageSubject(c: Context<App>, name: string): PackageSubject {
  const repository = c.get("repository");
  const publish = repository.kind === "hosted" ? repository.publish : "members";
  return {
    kind: "package",
    repository: { name: repository.name, public: repository.public, publish },
    ...{ name, exists: true, level: null },
  };
}

/**
 * Why the API of hosted repositories is not for this one. Only the admin comes so far in one that is not
 * declared: to all others it is hidden.
 */
function unhosted(
  c: Context<App>,
  kinds: readonly RepositoryConfig["kind"][] = ["hosted"],
): HttpRefusal | undefined {
  const { name, isDeclared, kind } = c.get("repository");
  if (!isDeclared) return { reason: "repository_not_found", repository: name };
  return kinds.includes(kind) ? undefined : { reason: "not_hosted", repository: name, kind };
}

function refusalOf(denial: Exclude<ReturnType<typeof may>, "yes">, subject: Subject): HttpRefusal {
  switch (denial) {
    case "unauthenticated":
    case "unauthorized":
    case "forbidden":
      return { reason: denial };
    case "hidden":
      return { reason: "hidden", repository: nameOf(subject) };
  }
}

function nameOf(subject: Subject): string | null {
  if (subject.kind === "repository" || subject.kind === "organization") return subject.name;
  return subject.kind === "package" ? subject.repository.name : null;
}
