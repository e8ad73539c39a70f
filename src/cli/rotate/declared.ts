/** Which repositories wrangler.toml declares, whoever knows their secrets. */
import { type Config, readConfig } from "../../config/config.ts";
import { ConfigError } from "../../config/error.ts";
import type { RepositoryConfig } from "../../config/repositories.ts";
import type { Env } from "../../env.ts";
import { Mistake } from "../mistake.ts";
import { namedSecrets } from "../named-secrets.ts";
import { readWranglerConfig } from "../wrangler-config.ts";

/** @throws Mistake when the Worker would not take it either. */
export function readDeclaredRepositories(path: string): Config {
  const { vars } = readWranglerConfig(path);
  // Whatever the names of further secrets are, they are there.
  const all = new Proxy<NodeJS.ProcessEnv>(
    {},
    { get: () => "a_stand_in_of_more_than_32_characters" },
  );
  const { ADMIN_KEY, ACCOUNTS_SECRET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = all;
  const secrets = {
    ...{ ADMIN_KEY, ACCOUNTS_SECRET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY },
    SIGNING_KEY: "-----BEGIN PRIVATE KEY-----",
    ...namedSecrets(vars, all),
  };
  try {
    // Of the bindings it looks at none.
    return readConfig({ ...vars, ...secrets } as unknown as Env);
  } catch (error) {
    if (error instanceof ConfigError) throw new Mistake(`${path}: ${error.message}`);
    throw error;
  }
}

/** @throws Mistake when there is no such repository, or none that we sign. */
export function signedByUs(config: Config, path: string, name: string): RepositoryConfig {
  const repository = config.repositories.get(name);
  if (!repository) {
    const names = [...config.repositories.keys()].join(", ");
    throw new Mistake(`${path} declares no repository ${name}: there are ${names}`);
  }
  if (repository.kind === "mirror" && repository.declaration.mode === "verbatim") {
    throw new Mistake(
      `${name} is a verbatim mirror: upstream signs its files, and here is no key to rotate. When upstream has another key, write that into upstream_public_key of ${path}`,
    );
  }
  return repository;
}
