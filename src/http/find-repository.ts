import type { Context, Next } from "hono";
import type { RepositoryConfig } from "../config/repositories.ts";
import type { App } from "./app-type.ts";
import { refuse } from "./refusals.ts";

/**
 * A repository as a path names it. One that is not declared is private and nobody's, so that nobody can
 * tell it from one that they may not see.
 */
export type FoundRepository = RepositoryConfig & { isDeclared: boolean };

/**
 * Finds the repository that an API path means. There are three prefixes: `/api` (ROOT_REPOSITORY),
 * `/api/repos/NAME`, and `/api/repos/BASE/repos/NAME`, which clients build whose api_url already
 * ends with a repository. `hexpm` is what clients call the repository of their api_url, and
 * `hexpm:NAME` an organization of it (clients.md 6.11).
 */
export async function findRepository(c: Context<App>, next: Next): Promise<Response | undefined> {
  // From the innermost on: the first that is a name, not a word for the repository around it.
  const asked = [c.req.param("repository"), c.req.param("base")].map((it) =>
    it?.replace(/^hexpm:/, ""),
  );
  const { rootRepository } = c.get("config");
  const name = asked.find((it) => it !== undefined && it !== "hexpm") ?? rootRepository;
  if (name === undefined) return refuse(c, { reason: "no_root_repository" });
  c.set("repository", repositoryNamed(c, name));
  await next();
  return undefined;
}

export function repositoryNamed(c: Context<App>, name: string): FoundRepository {
  const declared = c.get("config").repositories.get(name);
  if (declared) return { ...declared, isDeclared: true };
  return { name, kind: "hosted", public: false, publish: "members", isDeclared: false };
}
