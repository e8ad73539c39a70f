import type { Env } from "../env.ts";
import { ConfigError } from "./error.ts";

/** The PEM that signs a repository. @throws ConfigError when there is none, or it is no private key. */
export function signingKeyPem(env: Env, repository: string): string {
  const secrets = env as unknown as Record<string, unknown>;
  const own = `SIGNING_KEY_${repository.toUpperCase()}`;
  const name = secrets[own] === undefined ? "SIGNING_KEY" : own;
  const pem = secrets[name];
  if (typeof pem !== "string" || pem === "") {
    throw new ConfigError(`${name} is missing: \`npx wrangler secret put ${name} < key.pem\``);
  }
  // Whether it is RSA, and long enough, is seen when the repository opens.
  if (!/-----BEGIN (RSA )?PRIVATE KEY-----/.test(pem)) {
    throw new ConfigError(
      `${name} is not a private RSA key in PEM: \`openssl genrsa -out key.pem 2048\``,
    );
  }
  return pem;
}
