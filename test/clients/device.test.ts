/** `mix hex.user auth` as its user sees it: a terminal that waits, and a real browser. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { browserAvailable, freshPage, picture } from "../support/browser.ts";
import { type Server, startServer } from "../support/server.ts";

const mix = "78ea6566-89fd-481e-a1d6-7d9d78eacca8";
const password = "correct horse battery";

interface Terminal {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
}

describe.skipIf(!browserAvailable)("connecting a terminal", () => {
  let server: Server;
  let admin: string;
  let made = 0;

  beforeAll(async () => {
    server = await startServer({ environment: { ADMIN_KEY: "hex_only_for_tests_0123456789" } });
    admin = "hex_only_for_tests_0123456789";
  });

  it.concurrent("signs in with a password, grants some of what is asked for, and the terminal goes on", async () => {
    const name = await makeUser("write");
    const terminal = await startTerminal("api repositories");
    const page = await freshPage();
    await page.goto(terminal.verification_uri_complete);
    await picture(page, "1-code");
    await press(page, "Continue");
    await picture(page, "2-sign-in");
    expect(await page.textContent(".code")).toBe(spaced(terminal.user_code));
    await page.fill("#username", name);
    await page.fill("#password", password);
    await press(page, "Sign in");
    await picture(page, "3-approve");
    expect(await page.textContent("dl")).toContain("laptop");
    await page.uncheck("input[value='api:write']");
    await press(page, "Approve");
    expect(await page.textContent("main")).toContain("Approved.");
    await picture(page, "4-approved");

    const tokens = await poll(terminal);
    expect(tokens.status).toBe(200);
    expect(tokens.body.scope).toBe("api:read repository:test_repo");
    const authorization = `Bearer ${tokens.body.access_token}`;
    const me = await fetch(`${server.origin}/api/users/me`, { headers: { authorization } });
    expect(await me.json()).toMatchObject({ username: name });
    const key = await call("/api/keys", { authorization }, { name: "no" });
    expect(key.status).toBe(401);
    const names = await fetch(`${server.origin}/repos/test_repo/names`, {
      headers: { authorization },
    });
    expect(names.status).toBe(200);
    expectNoSecrets(page, [password, String(tokens.body.access_token)]);
  });

  it.concurrent("says that a code is wrong, and takes the right one in small letters with a dash", async () => {
    const name = await makeUser("read");
    const terminal = await startTerminal("api:read");
    const page = await freshPage();
    await page.goto(terminal.verification_uri);
    await page.fill("#user_code", "WRNG-CDXX");
    await press(page, "Continue");
    expect(await page.textContent("[role=alert]")).toContain("No terminal waits with this code");
    await picture(page, "5-wrong-code");
    await page.fill("#user_code", spaced(terminal.user_code).toLowerCase());
    await press(page, "Continue");
    await signIn(page, name, "not the password");
    expect(await page.textContent("[role=alert]")).toContain("do not go together");
    await picture(page, "6-wrong-password");
    expect(await page.inputValue("#password")).toBe("");
    await signIn(page, name, password);
    await press(page, "Approve");
    expect((await poll(terminal)).body.scope).toBe("api:read");
  });

  it.concurrent("gives nothing when the user denies", async () => {
    const name = await makeUser("read");
    const terminal = await startTerminal("api");
    const page = await freshPage();
    await page.goto(terminal.verification_uri_complete);
    await press(page, "Continue");
    await signIn(page, name, password);
    await press(page, "Deny");
    expect(await page.textContent("main")).toContain("Denied.");
    await picture(page, "7-denied");
    expect(await poll(terminal)).toMatchObject({ status: 403, body: { error: "access_denied" } });
  });

  it.concurrent("signs in with a key, and grants no more than the key can do", async () => {
    const name = await makeUser("write");
    const { secret } = await asAdmin(`/api/users/${name}/keys`, {
      name: "narrow",
      permissions: [{ domain: "api", resource: "write" }],
    });
    const terminal = await startTerminal("api repositories");
    const page = await freshPage({ colorScheme: "dark", viewport: { width: 390, height: 844 } });
    await page.goto(terminal.verification_uri_complete);
    await press(page, "Continue");
    await page.fill("#key", String(secret));
    await press(page, "Sign in");
    expect(await page.isDisabled("input[value='repositories']")).toBe(true);
    await picture(page, "8-phone-dark");
    // Somebody who takes the page apart gets no more.
    await page.evaluate(
      "for (const box of document.querySelectorAll('input[type=checkbox]')) { box.disabled = false; box.checked = true; }",
    );
    await press(page, "Approve");
    expect((await poll(terminal)).body.scope).toBe("api:read api:write");
    expectNoSecrets(page, [String(secret)]);
  });

  it.concurrent("wants at least one thing chosen", async () => {
    const name = await makeUser("read");
    const terminal = await startTerminal("api:read");
    const page = await freshPage();
    await page.goto(terminal.verification_uri_complete);
    await press(page, "Continue");
    await signIn(page, name, password);
    await page.uncheck("input[value='api:read']");
    await press(page, "Approve");
    expect(await page.textContent("[role=alert]")).toContain("Choose at least one thing");
    await press(page, "Deny");
    expect((await poll(terminal)).status).toBe(403);
  });

  it.concurrent("ends the page's session when the password changes meanwhile", async () => {
    const name = await makeUser("read");
    const terminal = await startTerminal("api:read");
    const page = await freshPage();
    await page.goto(terminal.verification_uri_complete);
    await press(page, "Continue");
    await signIn(page, name, password);
    await asAdmin(`/api/users/${name}/password`, { password: "another password" });
    await press(page, "Approve");
    expect(await page.textContent("[role=alert]")).toContain("not signed in any more");
    expect((await poll(terminal)).body.error).toBe("authorization_pending");
  });

  it("takes no answer from a form of another site, and stands in nobody's frame", async () => {
    const terminal = await startTerminal("api");
    const response = await fetch(`${server.origin}/oauth/device`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: "https://evil.example",
        "sec-fetch-site": "cross-site",
      },
      body: `user_code=${terminal.user_code}`,
    });
    expect(response.status).toBe(403);
    const page = await fetch(terminal.verification_uri);
    expect(await page.text()).toMatch(/^<!DOCTYPE html><html lang="en">/);
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.headers.get("cache-control")).toBe("private, no-store");
    const large = await fetch(`${server.origin}/oauth/device`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: server.origin },
      body: `user_code=${"x".repeat(20_000)}`,
    });
    expect(large.status).toBe(413);
  });

  it("has no secret in its log", () => {
    expect(server.run.output).not.toContain(password);
    expect(server.run.output).not.toMatch(/eyJ[\w-]+\./);
  });

  async function makeUser(role: string): Promise<string> {
    const name = `person${made++}`;
    await asAdmin("/api/users", { username: name, password, email: `${name}@hexedge.test` });
    await asAdmin("/api/orgs/test_repo/members", { name, role });
    return name;
  }

  async function asAdmin(path: string, parameters: object): Promise<Record<string, unknown>> {
    const response = await call(path, { authorization: admin }, parameters);
    expect(response.ok).toBe(true);
    return response.status === 204 ? {} : await response.json();
  }

  function call(path: string, headers: Record<string, string>, parameters: object) {
    return fetch(`${server.origin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(parameters),
    });
  }

  async function startTerminal(scope: string): Promise<Terminal> {
    const path = "/api/oauth/device_authorization";
    const response = await call(path, {}, { client_id: mix, scope, name: "laptop" });
    expect(response.status).toBe(200);
    return response.json();
  }

  /** As mix does: it waits the interval, and asks. */
  async function poll({ device_code }: Terminal) {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    const response = await call(
      "/api/oauth/token",
      {},
      { grant_type, device_code, client_id: mix },
    );
    const body: Record<string, unknown> = await response.json();
    return { status: response.status, body };
  }

  async function signIn(page: Page, name: string, secret: string): Promise<void> {
    await page.fill("#username", name);
    await page.fill("#password", secret);
    await press(page, "Sign in");
  }

  function expectNoSecrets(page: Page, secrets: string[]): void {
    for (const secret of secrets) {
      expect(page.url()).not.toContain(secret);
      expect(server.run.output).not.toContain(secret);
    }
  }
});

function press(page: Page, name: string): Promise<void> {
  return page.getByRole("button", { name, exact: true }).click();
}

function spaced(code: string | undefined): string {
  return `${code?.slice(0, 4)}-${code?.slice(4)}`;
}
