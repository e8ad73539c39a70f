import { runInDurableObject } from "cloudflare:test";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asksForErlang, erlangBody, erlangType, jsonBody, read } from "../support/answers.ts";
import { setRole, type User, user } from "../support/people.ts";
import { world } from "../support/world.ts";
import {
  accounts,
  approve,
  deviceGrant,
  exchanged,
  keyOfOrganization,
  letTerminalsAsk,
  loggedIn,
  mix,
  registry,
} from "./registry.ts";

const gleam = "877731e8-cb88-45e1-9b84-9214de7da421";
const refreshGrant = "refresh_token";
const keyGrant = "client_credentials";

const prefixes = ["/api", "/api/repos/hexpm", "/api/repos/REPO", "/api/repos/REPO/repos/hexpm"];

function post(path: string, body: Record<string, unknown>): Promise<Response> {
  return registry(path, { method: "POST", ...jsonBody(body) });
}

const token = (body: Record<string, unknown>) =>
  post("/api/oauth/token", { client_id: mix, ...body });

/** The answer to a grant that fails, as RFC 6749 has it, and with what clients print. */
async function expectError(response: Response, status: number, error: string): Promise<void> {
  const text = expect.stringMatching(/\S/);
  expect([response.status, await read(response)]).toEqual([
    status,
    { error, error_description: text, message: text },
  ]);
}

const startDevice = async (scope = "api repositories", client = mix) =>
  read(await post("/api/oauth/device_authorization", { client_id: client, scope, name: "laptop" }));

const poll = (device: Record<string, unknown>, client = mix) =>
  token({ grant_type: deviceGrant, device_code: device.device_code, client_id: client });

const refresh = (refreshToken: string, client = mix) =>
  token({ grant_type: refreshGrant, refresh_token: refreshToken, client_id: client });

describe("every grant", () => {
  it.each(prefixes)(
    "speaks below %s as below any other, in JSON, forms and Erlang terms",
    async (at) => {
      const it = await world();
      const ann = await user(it, "read");
      const path = `${at.replace("REPO", it.repository)}/oauth`;
      const form = (body: Record<string, string>) => ({ body: new URLSearchParams(body) });
      for (const [bodyOf, headers] of [
        [jsonBody, {}] as const,
        [form, {}] as const,
        [erlangBody, asksForErlang] as const,
      ]) {
        const ask = (step: string, body: Record<string, string>) => {
          const init = { method: "POST", ...bodyOf({ client_id: mix, ...body }) } as RequestInit;
          const all = { ...(init.headers as object), ...headers };
          return registry(`${path}/${step}`, { ...init, headers: all });
        };
        const started = await ask("device_authorization", {
          scope: "api repositories",
          name: "pc",
        });
        expect(started.status).toBe(200);
        const type = started.headers.get("content-type");
        expect(type).toBe(
          `${"accept" in headers ? erlangType : "application/json"}; charset=utf-8`,
        );
        const device = await read(started);
        expect(device).toEqual({
          device_code: expect.stringMatching(/^[\w-]{43}$/),
          // mix puts a dash into the middle.
          user_code: expect.stringMatching(/^[23456789BCDFGHJKLMNPQRSTVWXYZ]{8}$/),
          verification_uri: "http://hexedge.test/oauth/device",
          verification_uri_complete: `http://hexedge.test/oauth/device?user_code=${device.user_code}`,
          ...{ expires_in: 600, interval: 5 },
        });
        const asked = { grant_type: deviceGrant, device_code: String(device.device_code) };
        await letTerminalsAsk();
        await expectError(await ask("token", asked), 400, "authorization_pending");
        await approve(ann, String(device.user_code), "api:read repositories");
        const approved = await ask("token", asked);
        expect(approved.status).toBe(200);
        const tokens = await read(approved);
        expect(tokens).toEqual({
          access_token: expect.stringMatching(/^[\w-]+\.[\w-]+(\.[\w-]+)?$/),
          refresh_token: expect.stringMatching(/^[\w-]{43}$/),
          token_type: "bearer",
          expires_in: 1800,
          scope: `api:read repository:${it.repository}`,
        });
        const again = { grant_type: refreshGrant, refresh_token: String(tokens.refresh_token) };
        const refreshed = await ask("token", again);
        expect([refreshed.status, Object.keys(await read(refreshed)).sort()]).toEqual([
          200,
          Object.keys(tokens).sort(),
        ]);
        const exchange = { grant_type: keyGrant, client_secret: ann.key, scope: "repositories" };
        const short = await read(await ask("token", exchange));
        expect(short).toEqual({
          access_token: expect.any(String),
          token_type: "bearer",
          expires_in: 1800,
          scope: `repository:${it.repository}`,
        });
        const revoked = await ask("revoke", { token: String(tokens.refresh_token) });
        expect([revoked.status, await revoked.text()]).toEqual([200, ""]);
        const leaked = await ask("revoke_by_hash", { hash: "0".repeat(64) });
        expect([leaked.status, await leaked.text()]).toEqual([200, ""]);
      }
    },
  );

  it("is refused to clients that are none, and when it is none", async () => {
    for (const client of [undefined, "", "me", 7, null, { $ne: 1 }, "__proto__"]) {
      const body = { client_id: client, grant_type: deviceGrant, device_code: "x", scope: "api" };
      await expectError(await post("/api/oauth/token", body), 401, "invalid_client");
      const started = await post("/api/oauth/device_authorization", body);
      await expectError(started, 401, "invalid_client");
    }
    for (const grant of [undefined, "password", "authorization_code", ["x"]]) {
      await expectError(await token({ grant_type: grant }), 400, "unsupported_grant_type");
    }
    const garbage = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
    expect((await registry("/api/oauth/token", garbage)).status).toBe(400);
  });
});

describe("a terminal that waits", () => {
  it.each(["", "all", "api:", "api:everything", "repositories:x", "repository"])(
    "does not begin to, with the scope %j",
    async (scope) => {
      const body = { client_id: mix, scope };
      const response = await post("/api/oauth/device_authorization", body);
      await expectError(response, 400, "invalid_scope");
    },
  );

  it("is told to slow down when it asks too often, and hears no answer sooner for it", async () => {
    const it = await world();
    const device = await startDevice();
    for (const _ of [1, 2]) await expectError(await poll(device), 400, "slow_down");
    await approve(await user(it), String(device.user_code), "api:read");
    expect((await poll(device)).status).toBe(200);
    await expectError(await poll(device), 400, "invalid_grant");
  });

  it("hears that the user said no, which mix prints whatever the status", async () => {
    const device = await startDevice();
    await approve(await user(await world()), String(device.user_code), null);
    await expectError(await poll(device), 403, "access_denied");
  });

  it("hears that its time is over", async () => {
    const device = await startDevice();
    await runInDurableObject(accounts(), ({ world: { sql } }) => {
      sql.exec("UPDATE devices SET expires_at = ?", Date.now() - 1);
    });
    await expectError(await poll(device), 400, "expired_token");
  });

  it("is another's, or nobody's", async () => {
    const device = await startDevice("api", gleam);
    await letTerminalsAsk();
    await expectError(await poll(device), 401, "invalid_client");
    for (const code of ["x", "", undefined, device.user_code]) {
      await expectError(await poll({ device_code: code }), 400, "invalid_grant");
    }
  });

  it("gets no more than the user granted, and than they may", async () => {
    const it = await world();
    const ann = await user(it, "read");
    const { access } = await loggedIn(ann, "api:read");
    const key = `Bearer ${access}`;
    expect((await registry("/api/users/me", { key })).status).toBe(200);
    expect((await registry(`/repos/${it.repository}/names`, { key })).status).toBe(401);
    const body = jsonBody({ name: "x" });
    expect((await registry("/api/keys", { key, method: "POST", ...body })).status).toBe(401);
  });
});

describe("a token of a login", () => {
  it("publishes and reads as its owner does, and makes no key that is more", async () => {
    const it = await world();
    const ann = await user(it, "write");
    const key = `Bearer ${(await loggedIn(ann)).access}`;
    expect((await it.admin.publish()).status).toBe(201);
    const release = `/api/repos/${it.repository}/packages/foo/releases/1.0.0`;
    const retired = await registry(`${release}/retire`, {
      ...{ key, method: "POST" },
      ...jsonBody({ reason: "other" }),
    });
    expect(retired.status).toBe(204);
    expect((await registry(`/repos/${it.repository}/packages/foo`, { key })).status).toBe(200);
    const more = jsonBody({ name: "x", permissions: [{ domain: "api" }] });
    expect((await registry("/api/keys", { key, method: "POST", ...more })).status).toBe(422);
  });

  it.each(["", "x", "a.b", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])(
    "that is none is refused: Bearer %j",
    async (text) => {
      const response = await registry("/api/users/me", { key: `Bearer ${text}` });
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([
        401,
        "Basic realm=hex",
      ]);
    },
  );

  it("that is changed anywhere is refused", async () => {
    const ann = await user(await world());
    const { access } = await loggedIn(ann);
    for (let at = 0; at < access.length; at += 7) {
      // The last character of base64 may hold bits that mean nothing.
      const other = access[at] === "A" ? "Q" : "A";
      if (access[at] === "." || access[at + 1] === "." || at === access.length - 1) continue;
      const changed = access.slice(0, at) + other + access.slice(at + 1);
      const response = await registry("/api/users/me", { key: `Bearer ${changed}` });
      expect([at, response.status]).toEqual([at, 401]);
    }
  });

  it("is good for the roles of now when it writes", async () => {
    const it = await world();
    const ann = await user(it, "write");
    await it.admin.publish();
    const key = `Bearer ${(await loggedIn(ann)).access}`;
    await it.admin.fetch(`/api/orgs/${it.repository}/members/${ann.name}`, { method: "DELETE" });
    const response = await registry(
      `/api/repos/${it.repository}/packages/foo/releases/1.0.0/retire`,
      { key, method: "POST", ...jsonBody({ reason: "other" }) },
    );
    expect(response.status).toBe(404);
  });
});

describe("a refresh token", () => {
  it("is good once; a second time ends the login, because somebody has stolen it", async () => {
    const ann = await user(await world());
    const first = await loggedIn(ann);
    const second = await read(await refresh(first.refresh));
    expect(second.refresh_token).not.toBe(first.refresh);
    await expectError(await refresh(first.refresh), 400, "invalid_grant");
    await expectError(await refresh(String(second.refresh_token)), 400, "invalid_grant");
    for (const access of [first.access, second.access_token]) {
      const response = await makeKey(`Bearer ${access}`);
      expect(response.status).toBe(401);
    }
  });

  it("is its client's, and of a login that lives", async () => {
    const ann = await user(await world());
    const { refresh: mine } = await loggedIn(ann);
    await expectError(await refresh(mine, gleam), 400, "invalid_grant");
    for (const none of ["", "x", mine.slice(1)]) {
      await expectError(await refresh(none), 400, "invalid_grant");
    }
    expect((await refresh(mine)).status).toBe(200);
  });

  it("gives what its owner may read by then", async () => {
    const [it, other] = [await world(), await world()];
    const ann = await user(it, "read");
    const { refresh: first } = await loggedIn(ann, "repositories");
    await setRole(other, ann.name, "read");
    const tokens = await read(await refresh(first));
    const names = [`repository:${it.repository}`, `repository:${other.repository}`].sort();
    expect(String(tokens.scope).split(" ").sort()).toEqual(names);
  });
});

describe("a key that is exchanged", () => {
  it.each([
    ["repositories", "repositories", "repository:REPO"],
    ["repositories", "", "repository:REPO"],
    ["repository:REPO", "repositories", "repository:REPO"],
    ["repository:REPO", "repository:REPO docs:REPO", "repository:REPO docs:REPO"],
    // As hexpm has it: a token that opens nothing.
    ["api", "repositories", ""],
    ["api", "api", "api"],
    ["api", "api:read", "api:read"],
    ["api:write", "api:read api:write", "api:read api:write"],
  ])("%s for %j is good for %j", async (held, wanted, scope) => {
    const it = await world();
    const named = (text: string) => text.replaceAll("REPO", it.repository);
    const ann = await user(it, "read", named(held));
    const body = { grant_type: keyGrant, client_secret: ann.key, scope: named(wanted) };
    const response = await token(body);
    expect([response.status, (await read(response)).scope]).toEqual([200, named(scope)]);
  });

  it.each([
    ["api:write", "api"],
    ["api:read", "api:write"],
    ["repositories", "api:read"],
    ["repository:REPO", "repository:OTHER"],
    ["docs:REPO", "repository:REPO"],
    ["package:REPO/foo", "package:REPO/bar"],
    ["package:REPO/foo", "api"],
    ["api", "nonsense"],
    ["api", "api:"],
  ])("%s does not become %s", async (held, wanted) => {
    const [it, other] = [await world(), await world()];
    const named = (text: string) =>
      text.replaceAll("REPO", it.repository).replaceAll("OTHER", other.repository);
    const ann = await user(it, "write", named(held));
    await setRole(other, ann.name, "read");
    const body = { grant_type: keyGrant, client_secret: ann.key, scope: named(wanted) };
    await expectError(await token(body), 400, "invalid_scope");
  });

  it("of an organization opens its files", async () => {
    const it = await world();
    const key = await keyOfOrganization(it, "repositories");
    await it.admin.publish();
    const bearer = `Bearer ${await exchanged(key, "repositories")}`;
    const path = `/repos/${it.repository}/packages/foo`;
    expect((await registry(path, { key: bearer })).status).toBe(200);
  });

  it("is one that lives", async () => {
    const it = await world();
    const ann = await user(it, "read");
    await it.admin.fetch(`/api/users/${ann.name}/keys/test`, { method: "DELETE" });
    for (const key of [ann.key, `hex_${"0".repeat(40)}`, "nonsense", ann.password]) {
      const response = await token({ grant_type: keyGrant, client_secret: key });
      await expectError(response, 401, "invalid_client");
    }
    await expectError(await token({ grant_type: keyGrant }), 400, "invalid_request");
  });
});

describe("revoking", () => {
  it.each(["access", "refresh"] as const)("the %s token ends the login", async (which) => {
    const ann = await user(await world());
    const tokens = await loggedIn(ann);
    const response = await post("/api/oauth/revoke", { client_id: mix, token: tokens[which] });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    await expectError(await refresh(tokens.refresh), 400, "invalid_grant");
    expect((await makeKey(`Bearer ${tokens.access}`)).status).toBe(401);
  });

  it.each([undefined, "", "nonsense", 7])("%j is nothing, and no failure", async (nothing) => {
    const body = { client_id: mix, token: nothing };
    expect((await post("/api/oauth/revoke", body)).status).toBe(200);
    expect((await post("/api/oauth/revoke_by_hash", { hash: nothing })).status).toBe(200);
  });

  it("another client's token does nothing", async () => {
    const ann = await user(await world());
    const tokens = await loggedIn(ann);
    const revoke = { client_id: gleam, token: tokens.refresh };
    expect((await post("/api/oauth/revoke", revoke)).status).toBe(200);
    expect((await refresh(tokens.refresh)).status).toBe(200);
  });

  it("by the hash of any refresh token, also an old one, ends the login", async () => {
    const ann = await user(await world());
    const first = await loggedIn(ann);
    const second = await read(await refresh(first.refresh));
    const hash = createHash("sha256").update(first.refresh).digest("hex").toUpperCase();
    expect((await post("/api/oauth/revoke_by_hash", { hash })).status).toBe(200);
    await expectError(await refresh(String(second.refresh_token)), 400, "invalid_grant");
  });

  it("leaves other logins alone", async () => {
    const ann: User = await user(await world());
    const [one, two] = [await loggedIn(ann), await loggedIn(ann)];
    await post("/api/oauth/revoke", { client_id: mix, token: one.refresh });
    expect((await refresh(two.refresh)).status).toBe(200);
  });
});

function makeKey(key: string): Promise<Response> {
  const body = jsonBody({ name: "x", permissions: [{ domain: "api", resource: "read" }] });
  return registry("/api/keys", { key, method: "POST", ...body });
}
