/** A registry that is set up differently, and credentials that take several steps to get. */
import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { parseScopes } from "../../src/accounts/permission.ts";
import { accountsName } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { jsonBody, read } from "../support/answers.ts";
import { permission, type User } from "../support/people.ts";
import type { World } from "../support/world.ts";

/** mix, as every mix calls itself. */
export const mix = "78ea6566-89fd-481e-a1d6-7d9d78eacca8";

export type Ask = (path: string, init?: RequestInit & { key?: string }) => Promise<Response>;

/** The registry with other settings; the Durable Objects keep their own. */
export function registryWith(settings: object): Ask {
  const app = createApp();
  const configured = { ...env, ...settings };
  return async (path, { key, ...init } = {}) => {
    const headers = new Headers(init.headers);
    if (key !== undefined) headers.set("authorization", key);
    const request = new Request(`http://hexedge.test${path}`, { ...init, headers });
    return app.fetch(request, configured, createExecutionContext());
  };
}

export const registry = registryWith({});

export const accounts = () => env.ACCOUNTS_OBJECT.getByName(accountsName);

export async function keyOfOrganization(
  { admin, repository }: Pick<World, "admin" | "repository">,
  ...scopes: string[]
): Promise<string> {
  const body = jsonBody({ name: "test", permissions: scopes.map(permission) });
  const response = await admin.fetch(`/api/orgs/${repository}/keys`, { method: "POST", ...body });
  expect(response.status).toBe(201);
  return String((await read(response)).secret);
}

export function basic(name: string, password: string): string {
  return `Basic ${btoa(`${name}:${password}`)}`;
}

/** An access token for a key. */
export async function exchanged(key: string, scope: string): Promise<string> {
  const asked = { client_id: mix, grant_type: "client_credentials", client_secret: key, scope };
  const response = await registry("/api/oauth/token", { method: "POST", ...jsonBody(asked) });
  expect(response.status).toBe(200);
  return String((await read(response)).access_token);
}

/** As `mix hex.user auth` does it, with what the browser does done by hand. */
export async function loggedIn(person: User, scopes = "api:read api:write repositories") {
  const asked = jsonBody({ client_id: mix, scope: scopes, name: "laptop" });
  const started = await registry("/api/oauth/device_authorization", { method: "POST", ...asked });
  const device = await read(started);
  await approve(person, String(device.user_code), scopes);
  const poll = { client_id: mix, grant_type: deviceGrant, device_code: device.device_code };
  const response = await registry("/api/oauth/token", { method: "POST", ...jsonBody(poll) });
  expect(response.status).toBe(200);
  const { access_token: access, refresh_token: refresh } = await read(response);
  return { access: String(access), refresh: String(refresh) };
}

export const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** What the page does when somebody approves, or with null denies; and the terminal may ask at once. */
export async function approve(
  { name }: User,
  userCode: string,
  scopes: string | null,
): Promise<void> {
  const id = (await accounts().user(name))?.id ?? 0;
  const author = { name, userId: id, credential: "password", requestId: "", ip: null };
  const granted = scopes === null ? null : (parseScopes(scopes) ?? []);
  const by = { ...author, userAgent: null };
  expect(await accounts().decideDevice(userCode, { id, keyId: null }, granted, by)).toBe(true);
  await letTerminalsAsk();
}

/** Nobody has to wait any more before asking again. */
export async function letTerminalsAsk(): Promise<void> {
  await runInDurableObject(accounts(), ({ world: { sql } }) => {
    sql.exec("UPDATE devices SET poll_at = 0, interval_ms = 5000");
  });
}
