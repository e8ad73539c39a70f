/** Which repository a page is about, and whether whoever looks may. */
import type { Context } from "hono";
import type { Verb } from "../accounts/may.ts";
import type { RepositoryConfig } from "../config/repositories.ts";
import type { App } from "../http/app-type.ts";
import { type FoundRepository, repositoryNamed } from "../http/find-repository.ts";
import { packageSubject, permit } from "../http/permit.ts";
import type { Refusal } from "../http/refusals.ts";

/** Finds the repository that the path names. @returns why it is not for them, or undefined. */
export async function readableRepository(
  c: Context<App>,
  verb: Verb,
): Promise<Refusal | undefined> {
  const repository = repositoryNamed(c, c.req.param("repository") ?? "");
  c.set("repository", repository);
  return (await unreadable(c, repository, verb)) ?? undeclared(repository);
}

/**
 * The same where the page is about one package: a key that is made for it sees the package too, its files and docs
 * with it, as long as its owner may.
 */
export async function readablePackage(
  c: Context<App>,
  name: string,
  verb: "read" | "fetch" | "fetch_docs",
): Promise<Refusal | undefined> {
  const refused = await readableRepository(c, verb);
  if (refused?.reason !== "unauthorized") return refused;
  const repository = c.get("repository");
  if (repository.kind === "group" || !isMadeFor(c, `${repository.name}/${name}`)) return refused;
  return (await permit(c, "read", packageSubject(c, name))) ?? undeclared(repository);
}

function isMadeFor(c: Context<App>, resource: string): boolean {
  const { actor } = c.get("identity");
  if (actor.kind !== "holder" || actor.permissions === "everything") return false;
  return actor.permissions.some((it) => it.domain === "package" && it.resource === resource);
}

function undeclared({ name, isDeclared }: FoundRepository): Refusal | undefined {
  return isDeclared ? undefined : { reason: "repository_not_found", repository: name };
}

/** All that they may see. */
export async function readableRepositories(c: Context<App>): Promise<RepositoryConfig[]> {
  const found: RepositoryConfig[] = [];
  for (const repository of c.get("config").repositories.values()) {
    if (!(await unreadable(c, repository, "read"))) found.push(repository);
  }
  return found;
}

/** A group is for whoever may read each of its members. */
async function unreadable(
  c: Context<App>,
  repository: RepositoryConfig,
  verb: Verb,
): Promise<Refusal | undefined> {
  const { name, public: isPublic } = repository;
  if (repository.kind !== "group") {
    return permit(c, verb, { kind: "repository", name, public: isPublic });
  }
  for (const member of repository.members) {
    const isOpen = c.get("config").repositories.get(member)?.public ?? false;
    const refused = await permit(c, verb, { kind: "repository", name: member, public: isOpen });
    // Which member it is, and that this is a group at all, is nobody's business.
    if (refused) return refused.reason === "hidden" ? { ...refused, repository: name } : refused;
  }
  return undefined;
}
