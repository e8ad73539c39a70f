/**
 * Access tokens: JWTs, signed with HMAC-SHA256 under a key derived from ACCOUNTS_SECRET, which every
 * place that checks them has anyway. A token says what its owner may do, so that reading needs no look
 * anywhere; news (changes.ts) can make it void before it expires, and writing asks.
 */
import { EncryptJWT, errors, jwtDecrypt, jwtVerify, SignJWT } from "jose";
import type { Owner, Role } from "./may.ts";
import { type Permission, parseScopes, scopeOf } from "./permission.ts";
import type { Credential, Tokens } from "./types.ts";

/** What tokens are for: one that is good for this is good for nothing else. */
export interface TokenUse {
  audience: string;
  /** How long one lives at most. */
  seconds: number;
  /** Strangers see it, who must not read in it. */
  isSealed?: true;
}

export const apiTokens: TokenUse = { audience: "hexedge:api", seconds: 30 * 60 };
/** The cookie of whoever is signed in on the pages, for a working day. */
export const pageTokens: TokenUse = { audience: "hexedge:page", seconds: 8 * 3600 };
/** Stands in the address of a private package's documentation, whose scripts see it; opens nothing else. */
export const docsTokens = (repository: string, name: string): TokenUse => ({
  ...{ audience: `hexedge:docs:${repository}/${name}`, seconds: 3600, isSealed: true },
});

const issuer = "hexedge";
/** Clocks differ. */
const notBeforeSeconds = -30;

/** What a token says of itself, checked. */
export interface Claims {
  permissions: Permission[];
  /** The login it came of, or the key it was exchanged for. */
  sessionId: string | null;
  keyId: number | null;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** @param credential what the token rests on; it is good for `permissions` of that, and ends with it. */
export async function signToken(
  secret: string,
  credential: Credential,
  permissions: readonly Permission[],
  now: number,
  use = apiTokens,
): Promise<Pick<Tokens, "accessToken" | "expiresInSeconds">> {
  const { holder, sessionId, keyId, sequence, watch, label, expiresAt } = credential;
  const { owner, roles } = holder;
  const seconds = Math.floor(now / 1000);
  const leftSeconds = Math.floor((expiresAt ?? Number.POSITIVE_INFINITY) / 1000) - seconds;
  const expiresInSeconds = Math.max(0, Math.min(leftSeconds, use.seconds));
  const claims = {
    scope: permissions.map(scopeOf).join(" "),
    roles,
    ...(owner.kind === "user" ? { uid: owner.id } : {}),
    ...{ sid: sessionId, key: keyId, seq: sequence, watch, label },
    ...(credential.isAdmin ? { adm: true } : {}),
  };
  const payload = {
    ...{ ...claims, iss: issuer, aud: use.audience, sub: `${owner.kind}:${owner.name}` },
    ...{ iat: seconds, nbf: seconds + notBeforeSeconds, exp: seconds + expiresInSeconds },
  };
  const accessToken = use.isSealed
    ? await new EncryptJWT(payload)
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .encrypt(await sealingKey(secret))
    : await new SignJWT({ ...payload, jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .sign(await signingKey(secret));
  return { accessToken, expiresInSeconds };
}

/** @returns undefined when it is not ours, or over; what it says is as of when it was made. */
export async function readToken(
  secret: string,
  token: string,
  now: number,
  { audience, isSealed } = apiTokens,
): Promise<{ claims: Claims; credential: Credential } | undefined> {
  const expected = {
    ...{ issuer, audience, currentDate: new Date(now) },
    requiredClaims: ["sub", "exp", "scope", "seq"],
  };
  try {
    const { payload } = isSealed
      ? await jwtDecrypt(token, await sealingKey(secret), {
          ...expected,
          ...{ keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] },
        })
      : await jwtVerify(token, await signingKey(secret), { ...expected, algorithms: ["HS256"] });
    return parse(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** Our own signature is on it, so the shapes are as `signToken` wrote them. */
function parse(payload: Record<string, unknown>) {
  const [kind, name = ""] = String(payload.sub).split(":");
  const owner: Owner =
    kind === "user" ? { kind, id: Number(payload.uid), name } : { kind: "organization", name };
  const permissions = parseScopes(String(payload.scope)) ?? [];
  const expiresAt = Number(payload.exp) * 1000;
  const sessionId = (payload.sid ?? null) as string | null;
  const keyId = (payload.key ?? null) as number | null;
  const roles = (payload.roles ?? {}) as Record<string, Role>;
  const credential: Credential = {
    holder: { kind: "holder", owner, roles, permissions },
    ...{ kind: "token", label: String(payload.label), keyId, sessionId, expiresAt },
    ...{ sequence: Number(payload.seq), watch: payload.watch as string[] },
    ...(payload.adm === true ? { isAdmin: true as const } : {}),
  };
  return { claims: { permissions, sessionId, keyId, expiresAt }, credential };
}

export function signingKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 };
  return keyFor("hexedge access tokens", secret, algorithm, ["sign", "verify"]);
}

function sealingKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: "AES-GCM", length: 256 };
  return keyFor("hexedge docs passes", secret, algorithm, ["encrypt", "decrypt"]);
}

const derived = new Map<string, CryptoKey>();
/** Of tokens, of the cookies of pages, and of passes. */
const derivedMax = 6;

/** Not the secret itself, under which keys are hashed. */
async function keyFor(
  purpose: string,
  secret: string,
  algorithm: { name: string; length: number },
  usages: string[],
): Promise<CryptoKey> {
  const known = derived.get(`${purpose} ${secret}`);
  if (known) return known;
  const encoder = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array() };
  const info = encoder.encode(purpose);
  const key = await crypto.subtle.deriveKey(
    { ...derivation, info },
    base,
    algorithm,
    false,
    usages,
  );
  if (derived.size >= derivedMax) derived.clear();
  derived.set(`${purpose} ${secret}`, key);
  return key;
}
