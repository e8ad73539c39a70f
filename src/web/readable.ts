/** Which repository a page is about, and whether whoever looks may. */
import type { Context } from "hono";
import type { Verb } from "../accounts/may.ts";
import type { RepositoryConfig } from "../config/repositories.ts";
import type { App } from "../http/app-type.ts";
import { repositoryNamed } from "../http/find-repository.ts";
import { permit } from "../http/permit.ts";
import type { Refusal } from "../http/refusals.ts";

/** Finds the repository that the path names. @returns why it is not for them, or undefined. */
export async function readableRepository(
  c: Context<App>,
  verb: Verb,
): Promise<Refusal | undefined> {
  const repository = repositoryNamed(c, c.req.param("repository") ?? "");
  c.set("repository", repository);
  const refused = await unreadable(c, repository, verb);
  if (refused) return refused;
  const { name, isDeclared } = repository;
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
