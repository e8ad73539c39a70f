/** Which repository a page is about, and whether whoever looks may. */
import type { Context } from "hono";
import type { Verb } from "../accounts/may.ts";
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
  const { name, public: isPublic, isDeclared } = repository;
  const refused = await permit(c, verb, { kind: "repository", name, public: isPublic });
  if (refused) return refused;
  return isDeclared ? undefined : { reason: "repository_not_found", repository: name };
}
