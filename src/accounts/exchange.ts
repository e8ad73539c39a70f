/** `client_credentials`: a key for a token of half an hour, which the edge checks without a look anywhere. */
import { credentialOfKey } from "./credentials.ts";
import { includes, type Permission, scopeOf } from "./permission.ts";
import { resolve } from "./sessions.ts";
import { signToken } from "./token.ts";
import type { OAuthRefusal, Tokens } from "./types.ts";
import type { World } from "./world.ts";

/**
 * @param hash HMAC of the key.
 * @param wanted `repositories` becomes those that the key may read, which may be none; anything else
 * must be within what the key does.
 */
export async function exchangeKey(
  world: World,
  hash: string,
  wanted: readonly Permission[],
): Promise<Tokens | OAuthRefusal> {
  const credential = credentialOfKey(world, hash);
  if ("refused" in credential) return { error: "invalid_client", description: "Invalid API key" };
  const { holder } = credential;
  const held = holder.permissions === "everything" ? [] : holder.permissions;
  const beyond = wanted.find((it) => it.domain !== "repositories" && !includes(held, it));
  if (beyond) {
    return {
      error: "invalid_scope",
      description: `The key does not have the scope ${scopeOf(beyond)}`,
    };
  }
  const permissions = resolve(wanted, holder).filter(
    (it) => it.domain !== "repository" || includes(held, it),
  );
  const label = `token of ${credential.label}`;
  return {
    ...(await signToken(world.secret, { ...credential, label }, permissions, world.now())),
    scope: permissions.map(scopeOf).join(" "),
    refreshToken: null,
  };
}
