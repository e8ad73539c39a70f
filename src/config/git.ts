/** Which repository lends its permissions, and its storage, to what is mirrored of git. */
import * as v from "valibot";
import type { Env } from "../env.ts";
import { ConfigError, parse } from "./error.ts";
import type { RepositoryConfig } from "./repositories.ts";

const schema = v.strictObject(
  { repository: v.string("must be the name of a repository") },
  (issue) =>
    issue.expected === "never" ? "is no option of GIT" : 'is a table with repository = "NAME"',
);

/**
 * As [vars.GIT] says it, else the root repository; undefined: nothing of git is mirrored.
 * @throws ConfigError with a sentence that names the key.
 */
export function gitRepository(
  env: Env,
  repositories: ReadonlyMap<string, RepositoryConfig>,
): string | undefined {
  const root = env.ROOT_REPOSITORY;
  if (env.GIT === undefined) {
    // One may read a group without being anything in it, so it has no permissions of its own to lend.
    return root !== undefined && repositories.get(root)?.kind !== "group" ? root : undefined;
  }
  const { repository } = parse(schema, env.GIT, "GIT");
  const kind = repositories.get(repository)?.kind;
  if (kind === undefined) {
    throw new ConfigError(
      `GIT.repository names ${repository}, which REPOSITORIES does not declare`,
    );
  }
  if (kind === "group") {
    throw new ConfigError(`GIT.repository names ${repository}, a group: name one of its members`);
  }
  return repository;
}
