import type { Actor } from "../accounts/may.ts";
import type { Config, Env, RepositoryConfig } from "../env.ts";

/** The one Hono type of this project. */
export interface App {
  Bindings: Env;
  Variables: {
    config: Config;
    /** Named in logs, in the audit log and in the answer's `x-request-id`. */
    requestId: string;
    actor: Actor;
    /** The repository that the path means; set by `findRepository`. */
    repository: RepositoryConfig;
  };
}
