import { describe, expect, it } from "vitest";
import { asksForErlang, read } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { world } from "../support/world.ts";
import { basic, exchanged, keyOfOrganization, registry } from "./registry.ts";

const ask = (key: string | undefined, domain: string, resource?: string, prefix = "/api") => {
  const query = new URLSearchParams({ domain, ...(resource === undefined ? {} : { resource }) });
  const init = { headers: asksForErlang, ...(key === undefined ? {} : { key }) };
  return registry(`${prefix}/auth?${query}`, init);
};

describe("whether a key is good for something", () => {
  // What a key has, what is asked, and what somebody with that role in REPO is answered.
  it.each([
    ["repository:REPO", "repository", "REPO", 200],
    ["repositories", "repository", "REPO", 200],
    ["repositories", "repositories", undefined, 200],
    ["repositories", "repository", "OTHER", 403],
    ["repositories", "repository", "nowhere", 403],
    ["repository:REPO", "repository", "OTHER", 401],
    ["repository:REPO", "repository", undefined, 401],
    ["repository:REPO", "repository", "", 401],
    ["repository:REPO", "repositories", undefined, 401],
    ["docs:REPO", "docs", "REPO", 200],
    ["docs:REPO", "docs", "OTHER", 401],
    ["docs:REPO", "repository", "REPO", 401],
    ["repository:REPO", "docs", "REPO", 200],
    ["repositories", "docs", "OTHER", 403],
    ["api", "api", undefined, 200],
    ["api", "api", "read", 200],
    ["api", "api", "write", 200],
    ["api", "repository", "REPO", 401],
    ["api", "repositories", undefined, 401],
    ["api:read", "api", "read", 200],
    ["api:read", "api", "write", 401],
    ["api:read", "api", undefined, 401],
    ["api:write", "api", "read", 200],
    ["package:REPO/foo", "package", "REPO/foo", 200],
    ["package:REPO/foo", "package", "REPO/bar", 401],
    ["api:write", "package", "REPO/foo", 200],
    ["api:write", "package", "OTHER/foo", 403],
    ["api:read", "package", "REPO/foo", 401],
    ["api", "nothing", "x", 401],
    ["api", "__proto__", "x", 401],
  ])("%s asked for %s %s: %s", async (scope, domain, resource, status) => {
    const [it, other] = [await world(), await world()];
    const named = (text: string) =>
      text.replace("REPO", it.repository).replace("OTHER", other.repository);
    const ann = await user(it, "write", named(scope));
    const asked = resource === undefined ? undefined : named(resource);
    for (const prefix of ["/api", `/api/repos/${it.repository}`]) {
      const response = await ask(ann.key, domain, asked, prefix);
      expect([scope, domain, resource, response.status]).toEqual([scope, domain, resource, status]);
      const body = await read(response);
      if (status === 200) {
        expect(body).toEqual({ key: { name: "test", owner: { type: "user", name: ann.name } } });
      } else {
        const who = status === 403 ? "account not" : "key not";
        expect(body.message).toBe(`${who} authorized for this action`);
      }
    }
  });

  it("is no with 403 for a package of which one may only read", async () => {
    const it = await world();
    const ann = await user(it, "read", "api:write");
    expect((await ask(ann.key, "package", `${it.repository}/foo`)).status).toBe(403);
  });

  it("is answered with nothing for a token, and no for a password, as hexpm does", async () => {
    const it = await world();
    const ann = await user(it, "read");
    const token = `Bearer ${await exchanged(ann.key, "repositories")}`;
    const response = await ask(token, "repository", it.repository);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect((await ask(token, "repositories")).status).toBe(204);
    expect((await ask(token, "repository", "nowhere")).status).toBe(401);
    const password = basic(ann.name, ann.password);
    expect((await ask(password, "repository", it.repository)).status).toBe(401);
  });

  it("says whose key an organization's is, which mix prints", async () => {
    const it = await world();
    const key = await keyOfOrganization(it, `repository:${it.repository}`);
    const response = await ask(key, "repository", it.repository);
    expect(await read(response)).toEqual({
      key: { name: "test", owner: { type: "organization", name: it.repository } },
    });
  });

  it("is yes for the admin key, to everything", async () => {
    const it = await world();
    const response = await it.admin.fetch(`/api/auth?domain=repository&resource=${it.repository}`);
    expect(response.status).toBe(200);
    expect(await read(response)).toMatchObject({ key: { owner: { name: "admin" } } });
  });

  it("is asked with a domain and a key", async () => {
    const it = await world();
    const ann = await user(it);
    for (const query of ["", "?resource=x", "?domain="]) {
      const response = await registry(`/api/auth${query}`, { key: ann.key });
      expect([response.status, (await read(response)).message]).toEqual([
        400,
        'missing required parameters: "domain"',
      ]);
    }
    const response = await ask(undefined, "api");
    expect([response.status, (await read(response)).message]).toEqual([
      401,
      "missing authentication information",
    ]);
    expect(response.headers.get("www-authenticate")).toBe("Basic realm=hex");
    expect((await ask("nonsense", "api")).status).toBe(401);
  });

  it("is no at once, when the key was revoked or its owner left", async () => {
    const it = await world();
    const ann = await user(it, "read", "repositories");
    expect((await ask(ann.key, "repository", it.repository)).status).toBe(200);
    const member = `/api/orgs/${it.repository}/members/${ann.name}`;
    await it.admin.fetch(member, { method: "DELETE" });
    expect((await ask(ann.key, "repository", it.repository)).status).toBe(403);
    await it.admin.fetch(`/api/users/${ann.name}/keys`, { method: "DELETE" });
    const response = await ask(ann.key, "repository", it.repository);
    expect([response.status, (await read(response)).message]).toEqual([401, "API key revoked"]);
  });
});
