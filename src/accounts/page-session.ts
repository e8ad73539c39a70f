/**
 * Who signed in on a page: a JWT in a cookie, for ten minutes. It proves that somebody signed in, no more:
 * what they may do, and whether they still may, is asked when it matters.
 */
import { errors, jwtVerify, SignJWT } from "jose";
import { isCurrent, newsOf } from "./changes.ts";
import { credentialOfKeyId, credentialOfPassword } from "./credentials.ts";
import { signingKey } from "./token.ts";
import type { Credential, Refused } from "./types.ts";
import { userById } from "./users.ts";
import type { World } from "./world.ts";

export const pageSessionSeconds = 600;
const [issuer, audience] = ["hexedge", "hexedge:page"];

export interface PageSession {
  /** In every form of the session, so that no other site can send one. */
  id: string;
  userId: number;
  userName: string;
  /** The key that was shown instead of a password. */
  keyId: number | null;
  /** The change up to which the sign-in was looked at. */
  sequence: number;
}

export async function signPageSession(secret: string, session: PageSession): Promise<string> {
  const { id, userId, userName, keyId, sequence } = session;
  return new SignJWT({ uid: userId, key: keyId, seq: sequence })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(userName)
    .setJti(id)
    .setIssuedAt()
    .setExpirationTime(`${pageSessionSeconds} seconds`)
    .sign(await signingKey(secret));
}

/** @returns undefined when it is not ours, or over. */
export async function readPageSession(
  secret: string,
  token: string,
): Promise<PageSession | undefined> {
  try {
    const options = {
      issuer,
      audience,
      algorithms: ["HS256"],
      requiredClaims: ["sub", "jti", "exp"],
    };
    const { payload } = await jwtVerify(token, await signingKey(secret), options);
    const { sub = "", jti = "", uid, key, seq } = payload;
    // Our own signature is on it, so the shapes are as `signPageSession` wrote them.
    const keyId = key as number | null;
    return { id: jti, userId: Number(uid), userName: sub, keyId, sequence: Number(seq) };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** What whoever signed in may do now, if nothing about them has changed since. */
export function credentialOfPage(
  world: World,
  { userId, keyId, sequence }: PageSession,
): Credential | Refused {
  const revoked: Refused = { refused: { reason: "credential_revoked" } };
  const user = userById(world, userId);
  if (!user || user.deactivated_at !== null) return revoked;
  const credential =
    keyId === null ? credentialOfPassword(world, user) : credentialOfKeyId(world, keyId);
  if ("refused" in credential) return credential;
  return isCurrent({ ...credential, sequence }, newsOf(world)) ? credential : revoked;
}
