/** The pages of device authorization where a browser adds nothing: what has expired, and what is guessed. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { accountsName } from "../../src/env.ts";
import { jsonBody, read } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { setFailuresMax, type World, world } from "../support/world.ts";

const mix = "78ea6566-89fd-481e-a1d6-7d9d78eacca8";
const accounts = env.ACCOUNTS_OBJECT.getByName(accountsName);

afterEach(() => setFailuresMax(0));

describe("a code", () => {
  it("that has expired is none, and the terminal hears so", async () => {
    const it = await world();
    const ann = await user(it, "read");
    const terminal = await startTerminal(it);
    const fields = { step: "sign_in", username: ann.name, password: ann.password };
    const signedIn = await enter(it, terminal.user_code, fields);
    expect(signedIn.status).toBe(200);
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const form = /name="form" value="([^"]+)"/.exec(await signedIn.text())?.[1] ?? "";
    await later(601, async () => {
      const page = await enter(it, terminal.user_code);
      expect(page.status).toBe(404);
      expect(await page.text()).toContain("No terminal waits with this code");
      const late = { form, decision: "approve", scope: "api:read" };
      const decided = await enter(it, terminal.user_code, late, "/oauth/device/decision", {
        cookie,
      });
      expect(decided.status).toBe(404);
      const answer = await it.guest.fetch("/api/oauth/token", {
        method: "POST",
        ...jsonBody({
          grant_type: "urn:ietf:params:oauth:grant-type:device_code",
          device_code: terminal.device_code,
          client_id: mix,
        }),
      });
      expect(answer.status).toBe(400);
      expect(await read(answer)).toMatchObject({ error: "expired_token" });
    });
  });

  it("is not guessed: after some tries even the right one is not looked at", async () => {
    const it = await world();
    await setFailuresMax(5);
    const headers = { "cf-connecting-ip": "198.51.100.7" };
    const terminal = await startTerminal(it);
    for (let guess = 0; guess < 5; guess++) {
      expect((await enter(it, "WRNGWRNG", {}, "/oauth/device", headers)).status).toBe(404);
    }
    const right = await enter(it, terminal.user_code, {}, "/oauth/device", headers);
    expect(right.status).toBe(429);
    expect(await right.text()).toContain("try again in");
  });

  it("does not bring what somebody puts into the page's fields to life", async () => {
    const it = await world();
    const page = await it.guest.fetch(
      "/oauth/device?user_code=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    );
    expect(await page.text()).not.toContain("<script>");
    const terminal = await startTerminal(it, "<img src=x onerror=alert(1)>");
    const name = '"><script>alert(1)</script>';
    const again = await enter(it, terminal.user_code, { step: "sign_in", username: name });
    expect(again.status).toBe(401);
    expect(await again.text()).not.toMatch(/<script>|<img/);
  });
});

function enter(
  { guest }: World,
  code: string,
  fields: Record<string, string> = {},
  path = "/oauth/device",
  headers: Record<string, string> = {},
): Promise<Response> {
  return guest.fetch(path, {
    method: "POST",
    headers: { origin: "http://hexedge.test", ...headers },
    body: new URLSearchParams({ user_code: code, ...fields }),
  });
}

async function startTerminal({ guest }: World, name = "laptop") {
  const body = jsonBody({ client_id: mix, scope: "api:read", name });
  const response = await guest.fetch("/api/oauth/device_authorization", {
    method: "POST",
    ...body,
  });
  expect(response.status).toBe(200);
  const { user_code, device_code } = await read(response);
  return { user_code: String(user_code), device_code: String(device_code) };
}

/** Does something when the Accounts object believes it to be so many seconds later. */
async function later(seconds: number, work: () => Promise<void>): Promise<void> {
  const shift = (ms: number) =>
    runInDurableObject(accounts, (instance) => {
      instance.world.now = () => Date.now() + ms;
    });
  await shift(seconds * 1000);
  try {
    await work();
  } finally {
    await shift(0);
  }
}
