import type { Context, Next } from "hono";
import { may, type Verb } from "../accounts/may.ts";
import type { App } from "./app-type.ts";
import { type HttpRefusal, refuse } from "./refusals.ts";

/**
 * Finds the repository that an API path means. There are three prefixes: `/api` (ROOT_REPOSITORY),
 * `/api/repos/NAME`, and `/api/repos/BASE/repos/NAME`, which clients build whose api_url already
 * ends with a repository. `hexpm` is what clients call the repository of their api_url, and
 * `hexpm:NAME` an organization of it (clients.md 6.11).
 */
export async function findRepository(c: Context<App>, next: Next): Promise<Response | undefined> {
  const config = c.get("config");
  // From the innermost on: the first that is a name, not a word for the repository around it.
  const asked = [c.req.param("repository"), c.req.param("base")].map((it) =>
    it?.replace(/^hexpm:/, ""),
  );
  const name = asked.find((it) => it !== undefined && it !== "hexpm") ?? config.rootRepository;
  if (name === undefined) return refuse(c, { reason: "no_root_repository" });
  const repository = config.repositories.get(name);
  if (!repository) return refuse(c, { reason: "repository_not_found", repository: name });
  c.set("repository", repository);
  await next();
  return undefined;
}

/** May the actor do this to the repository? Otherwise the refusal that tells them what would help. */
export function permit(c: Context<App>, verb: Verb): HttpRefusal | undefined {
  const actor = c.get("actor");
  const repository = c.get("repository");
  if (may(actor, verb, { repository })) return undefined;
  return actor.kind === "anonymous" ? { reason: "unauthenticated" } : { reason: "forbidden" };
}

/** Lets only those pass who may. */
export function requires(verb: Verb) {
  return async function authorize(c: Context<App>, next: Next): Promise<Response | undefined> {
    const refused = permit(c, verb);
    if (refused) return refuse(c, refused);
    await next();
    return undefined;
  };
}
