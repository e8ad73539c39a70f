/**
 * OAuth 2, as hex's clients speak it: device authorization, refresh, exchange of a key, revocation
 * (server.md 4.7, clients.md 3). Errors have a body of their own.
 */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Permission, parseScopes } from "../../accounts/permission.ts";
import { hashKeySecret, hashToken, isKeySecret } from "../../accounts/secret.ts";
import { readToken } from "../../accounts/token.ts";
import type { OAuthRefusal } from "../../accounts/types.ts";
import type { App } from "../app-type.ts";
import { readParameters } from "../body.ts";
import { accountsOf, addressOf, authorOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { refuse } from "../refusals.ts";

/** mix and Gleam, whose numbers are part of the protocol. They are public clients: the number is no secret. */
const clients = new Map([
  ["78ea6566-89fd-481e-a1d6-7d9d78eacca8", "mix"],
  ["877731e8-cb88-45e1-9b84-9214de7da421", "gleam"],
]);

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** `POST …/oauth/device_authorization` */
export async function authorizeDevice(c: Context<App>): Promise<Response> {
  const read = await readParameters(c);
  if ("refused" in read) return refuse(c, read.refused);
  const { client_id: client, scope = "", name } = read.parameters;
  if (!isClient(client)) return refuseOAuth(c, unknownClient);
  const permissions = parseScopes(String(scope));
  if (!permissions || permissions.length === 0) {
    return refuseOAuth(c, { error: "invalid_scope", description: "No such scope, or none" });
  }
  const started = await accountsOf(c).startDevice({
    ...{
      client,
      permissions: spelledOut(permissions),
      ip: c.req.header("cf-connecting-ip") ?? null,
    },
    name: deviceName(name) ?? clients.get(client) ?? "",
  });
  if ("error" in started) return refuseOAuth(c, started);
  const uri = `${urlsOf(c).origin}/oauth/device`;
  return render(c, 200, {
    device_code: started.deviceCode,
    user_code: started.userCode,
    verification_uri: uri,
    // The code alone opens nothing: whoever comes with it has to sign in and to approve.
    verification_uri_complete: `${uri}?user_code=${started.userCode}`,
    expires_in: started.expiresInSeconds,
    interval: started.intervalSeconds,
  });
}

/** `POST …/oauth/token` */
export async function issueToken(c: Context<App>): Promise<Response> {
  const read = await readParameters(c);
  if ("refused" in read) return refuse(c, read.refused);
  const { parameters } = read;
  const client = parameters.client_id;
  if (!isClient(client)) return refuseOAuth(c, unknownClient);
  const tokens = await grant(c, client, parameters);
  if ("refused" in tokens) return refuse(c, tokens.refused);
  if ("error" in tokens) return refuseOAuth(c, tokens);
  return render(c, 200, {
    access_token: tokens.accessToken,
    token_type: "bearer",
    expires_in: tokens.expiresInSeconds,
    scope: tokens.scope,
    ...(tokens.refreshToken === null ? {} : { refresh_token: tokens.refreshToken }),
  });
}

async function grant(c: Context<App>, client: string, parameters: Record<string, unknown>) {
  const text = (name: string) => {
    const value = parameters[name];
    return typeof value === "string" ? value : "";
  };
  switch (parameters.grant_type) {
    case deviceGrant:
      return accountsOf(c).pollDevice(text("device_code"), client);
    case "refresh_token":
      return accountsOf(c).refreshTokens(text("refresh_token"), client, authorOf(c));
    case "client_credentials":
      return exchange(c, text("client_secret"), text("scope"));
    default: {
      const description = `Unsupported grant type: ${String(parameters.grant_type).slice(0, 100)}`;
      return { error: "unsupported_grant_type", description } as const;
    }
  }
}

async function exchange(c: Context<App>, key: string, scope: string) {
  if (key === "")
    return { error: "invalid_request", description: "Missing client_secret" } as const;
  const wanted = parseScopes(scope || "repositories");
  if (!wanted) return { error: "invalid_scope", description: "No such scope" } as const;
  // What cannot be a key is hashed all the same, and counted there.
  const hash = await hashKeySecret(c.get("config").accountsSecret, isKeySecret(key) ? key : "");
  return accountsOf(c).exchangeKey(hash, wanted, addressOf(c));
}

/** `POST …/oauth/revoke` with `token`: always 200, whatever it was (RFC 7009). */
export async function revokeToken(c: Context<App>): Promise<Response> {
  const read = await readParameters(c);
  if ("refused" in read) return refuse(c, read.refused);
  const { token, client_id: client } = read.parameters;
  if (typeof token !== "string" || !isClient(client)) return c.body(null, 200);
  const known = await readToken(c.get("config").accountsSecret, token, Date.now());
  const author = authorOf(c);
  if (known?.credential.sessionId) {
    await accountsOf(c).revokeSession(known.credential.sessionId, client, author);
  } else {
    await accountsOf(c).revokeByHash(await hashToken(token), client, author);
  }
  return c.body(null, 200);
}

/** `POST …/oauth/revoke_by_hash` with `hash`, the SHA-256 of a refresh token: for who finds a leaked one. */
export async function revokeTokenByHash(c: Context<App>): Promise<Response> {
  const read = await readParameters(c);
  if ("refused" in read) return refuse(c, read.refused);
  const hash = read.parameters.hash ?? read.parameters.token_hash;
  if (typeof hash === "string" && /^[0-9a-f]{64}$/i.test(hash)) {
    await accountsOf(c).revokeByHash(hash, null, authorOf(c));
  }
  return c.body(null, 200);
}

/** `api` is both, so that the user can grant less. */
function spelledOut(permissions: readonly Permission[]): Permission[] {
  return permissions.flatMap((it): Permission[] =>
    it.domain === "api" && it.resource === null
      ? [
          { domain: "api", resource: "read" },
          { domain: "api", resource: "write" },
        ]
      : [it],
  );
}

/** What the user sees of the terminal: text, and not much of it. */
function deviceName(name: unknown): string | undefined {
  if (typeof name !== "string" || !name.isWellFormed()) return undefined;
  return (
    name
      .replaceAll(/\p{Cc}/gu, "")
      .trim()
      .slice(0, 100) || undefined
  );
}

function isClient(client: unknown): client is string {
  return typeof client === "string" && clients.has(client);
}

const unknownClient: OAuthRefusal = { error: "invalid_client", description: "Unknown client_id" };

function refuseOAuth(c: Context<App>, { error, description }: OAuthRefusal): Response {
  const statuses: Partial<Record<OAuthRefusal["error"], ContentfulStatusCode>> = {
    invalid_client: 401,
    access_denied: 403,
  };
  // `message` too, which clients print when they do not know the error.
  const body = { error, error_description: description, message: description };
  return render(c, statuses[error] ?? 400, body);
}
