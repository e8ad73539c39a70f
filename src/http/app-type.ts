import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Standing } from "../repository/types.ts";
import type { Identity } from "./authenticate.ts";
import type { FoundRepository } from "./find-repository.ts";
import type { Done } from "./log.ts";

/** The one Hono type of this project. */
export interface App {
  Bindings: Env;
  Variables: {
    config: Config;
    /** Named in logs, in the audit log and in the answer's `x-request-id`. */
    requestId: string;
    identity: Identity;
    /** Asks anew who it is, where a cookie says it; absent where only a header may. */
    renew: (() => Promise<Identity>) | undefined;
    /** The repository that the path means; set by `findRepository`. */
    repository: FoundRepository;
    /** On what ground the actor may change packages; set by `takeStanding`. */
    standing: Standing | undefined;
    /** What is to be said of it in the log; set by handlers that know more than the path does. */
    done: Done | undefined;
  };
}
