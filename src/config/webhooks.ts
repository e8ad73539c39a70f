/** The webhooks that wrangler.toml declares, with their secrets. */
import type { Env } from "../env.ts";
import { type Webhook, webhooksSchema } from "../webhooks/declaration.ts";
import { ConfigError, parse } from "./error.ts";

export const webhookSecretLengthMin = 16;

/** @throws ConfigError with a sentence that names the key. */
export function webhooksOf(env: Env, repositories: ReadonlyMap<string, unknown>): Webhook[] {
  if (env.WEBHOOKS === undefined) return [];
  const declared = parse(webhooksSchema, env.WEBHOOKS, "WEBHOOKS");
  return declared.map((webhook, at) => {
    const { url, events } = webhook;
    // A delivery finds its webhook by the URL.
    if (declared.findIndex((it) => it.url === url) < at) {
      throw new ConfigError(
        `WEBHOOKS.${at}.url is declared twice: give one webhook all its events`,
      );
    }
    const unknown = webhook.repositories?.find((name) => !repositories.has(name));
    if (unknown !== undefined) {
      const where = `WEBHOOKS.${at}.repositories`;
      throw new ConfigError(`${where} names ${unknown}, which REPOSITORIES does not declare`);
    }
    const secret = secretNamed(env, webhook.secret);
    const secretName = webhook.secret;
    return { url, events, repositories: webhook.repositories ?? null, secret, secretName };
  });
}

/** @returns null when it is missing: who is to be told is less than what they are to be told of. */
function secretNamed(env: Env, name: string): string | null {
  const secret = (env as unknown as Record<string, unknown>)[name];
  if (typeof secret !== "string" || secret === "") return null;
  if (secret.length >= webhookSecretLengthMin) return secret;
  throw new ConfigError(`${name} must have at least ${webhookSecretLengthMin} characters`);
}
