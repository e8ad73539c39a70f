/**
 * Who is signed in on the pages: a login as every other (sessions.ts), whose only token is in a cookie. It
 * ends by itself after a working day, with the key that was shown for it, or when somebody signs out.
 */
import { credentialOfToken } from "./credentials.ts";
import type { Permission } from "./permission.ts";
import { createSession, endSessionById } from "./sessions.ts";
import { pageTokens, signToken } from "./token.ts";
import type { Author, Credential } from "./types.ts";
import { adminUserId, type World } from "./world.ts";

/** What somebody may do who knows a password, or the admin key. */
const everything: Permission[] = [
  { domain: "api", resource: null },
  { domain: "repositories", resource: null },
];

/**
 * @param by what was shown; null for the admin key.
 * @returns what goes into the cookie; undefined when the credential was revoked meanwhile.
 */
export async function startPageSession(
  world: World,
  by: Credential | null,
  author: Author,
): Promise<string | undefined> {
  const owner = by?.holder.owner;
  if (by && owner?.kind !== "user") return undefined;
  const held = by?.holder.permissions ?? "everything";
  const permissions = held === "everything" ? everything : held;
  const started = world.step(() => {
    const session = {
      ...{ client: "page", name: "browser", permissions, keyId: by?.keyId ?? null },
      ...{ userId: owner?.kind === "user" ? owner.id : adminUserId, ms: pageTokens.seconds * 1000 },
    };
    const sessionId = createSession(world, session, author);
    const expiresAt = world.now() + session.ms;
    return credentialOfToken(world, {
      permissions: [...permissions],
      sessionId,
      keyId: null,
      expiresAt,
    });
  });
  if ("refused" in started) return undefined;
  const { accessToken } = await signToken(
    ...([world.pageSecret, started, permissions, world.now(), pageTokens] as const),
  );
  return accessToken;
}

/** Signs out. Links to private docs that were opened with it end too. */
export function endPageSession(world: World, id: string, author: Author): void {
  endSessionById(world, id, "page", author, "signed out");
}
