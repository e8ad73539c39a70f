/** Being signed in on the pages: what the cookie is, how it ends, and what it is not good for. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accounts, exchanged, registry, registryWith } from "../http/registry.ts";
import { jsonBody, read } from "../support/answers.ts";
import { type User, user } from "../support/people.ts";
import { setFailuresMax, type World, world } from "../support/world.ts";
import { createSigned } from "../web/forged.ts";
import { signInPage, Visitor, visitor } from "../web/visitor.ts";

/** Only forward: what an isolate has heard from the future it would believe for ever. */
let aheadMs = 0;
const realNow = Date.now.bind(Date);

let place: World;
let ann: User;

beforeEach(async () => {
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + aheadMs);
  place = await world();
  ann = await user(place, "admin");
});

afterEach(() => setFailuresMax(0));

function later(seconds: number): void {
  aheadMs += seconds * 1000;
}

const byPassword = ({ name, password }: User) => ({ username: name, password });

async function isSignedIn(somebody: Visitor): Promise<boolean> {
  const response = await somebody.get("/account");
  expect(response.status === 200 || signInPage(response)).toBe(true);
  return response.status === 200;
}

/** A form that changes nothing, from whoever is signed in. */
async function mayPost(somebody: Visitor): Promise<boolean> {
  const response = await somebody.post("/account/keys/new", { name: "" });
  expect([401, 422]).toContain(response.status);
  return response.status === 422;
}

describe("the cookie", () => {
  it("is for the browser and this site only, for a working day", async () => {
    const response = await new Visitor().signIn(byPassword(ann));
    expect(response.status).toBe(303);
    const [cookie, ...attributes] = (response.headers.get("set-cookie") ?? "").split("; ");
    expect(cookie).toMatch(/^hexedge=[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(attributes.sort()).toEqual(["HttpOnly", "Max-Age=28800", "Path=/", "SameSite=Lax"]);
    expect(response.headers.get("cache-control")).toContain("no-store");
  });

  it("behind https is not sent over http, nor set by a neighbour", async () => {
    const ask = registryWith({ PUBLIC_URL: "https://hex.example" });
    const somebody = new Visitor(ask, "https://hex.example");
    const response = await somebody.signIn(byPassword(ann));
    const [cookie, ...attributes] = (response.headers.get("set-cookie") ?? "").split("; ");
    expect(cookie).toMatch(/^__Host-hexedge=/);
    expect(attributes.sort()).toEqual([
      "HttpOnly",
      "Max-Age=28800",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ]);
    expect((await somebody.get("/account")).status).toBe(200);
    somebody.cookie = somebody.cookie?.replace("__Host-", "");
    expect(signInPage(await somebody.get("/account"))).toBe(true);
  });

  it("is another one at each sign-in, whatever cookie was there before", async () => {
    const somebody = new Visitor();
    somebody.cookie = "hexedge=chosen-by-somebody-else";
    await somebody.signIn(byPassword(ann));
    const first = somebody.cookie;
    const again = new Visitor();
    again.cookie = first;
    await again.signIn(byPassword(ann));
    expect(first).not.toContain("chosen-by");
    expect(again.cookie).not.toBe(first);
  });

  it.each(["HTTPS://HEX.Example", "https://hex.example:443/", "https://hex.example/below/"])(
    "is the same, and so are forms, when PUBLIC_URL is %s",
    async (PUBLIC_URL) => {
      const somebody = new Visitor(registryWith({ PUBLIC_URL }), "https://hex.example");
      const response = await somebody.signIn(byPassword(ann));
      expect(response.status).toBe(303);
      expect(response.headers.get("set-cookie")).toMatch(/^__Host-hexedge=.*; Secure/);
      expect((await somebody.get("/account")).status).toBe(200);
    },
  );

  it("is not taken from elsewhere, however much PUBLIC_URL begins alike", async () => {
    const ask = registryWith({ PUBLIC_URL: "https://hex.example/below" });
    for (const origin of ["https://hex.example.evil", "http://hex.example", "https://example"]) {
      expect((await new Visitor(ask, origin).signIn(byPassword(ann))).status).toBe(403);
    }
  });
});

describe("a login on the pages ends", () => {
  it("after eight hours", async () => {
    const somebody = await visitor(byPassword(ann));
    later(8 * 3600 - 5);
    expect(await isSignedIn(somebody)).toBe(true);
    later(6);
    expect(await isSignedIn(somebody)).toBe(false);
    expect(await mayPost(somebody)).toBe(false);
  });

  it("with the key it was made with", async () => {
    const holder = await ann.with("api");
    const somebody = await visitor({ key: holder.key });
    expect(await isSignedIn(somebody)).toBe(true);
    const owner = { kind: "user", id: (await accounts().user(ann.name))?.id ?? -1, name: ann.name };
    const [newest] = (await accounts().keys(owner as never)).toSorted((a, b) => b.id - a.id);
    const path = `/api/users/${ann.name}/keys/${newest?.name}`;
    expect((await registry(path, { method: "DELETE", key: env.ADMIN_KEY })).status).toBe(200);
    expect(await mayPost(somebody)).toBe(false);
    later(46);
    expect(await isSignedIn(somebody)).toBe(false);
  });

  it("when somebody signs out, also for whoever copied the cookie", async () => {
    const somebody = await visitor(byPassword(ann));
    const thief = new Visitor();
    thief.cookie = somebody.cookie;
    expect(await isSignedIn(thief)).toBe(true);
    const response = await somebody.post("/sign-out");
    expect(response.headers.get("set-cookie")).toMatch(/^hexedge=; Max-Age=0/);
    expect(await mayPost(thief)).toBe(false);
    later(46);
    expect(await isSignedIn(thief)).toBe(false);
  });

  it("when they sign in anew, as themselves or as somebody else", async () => {
    const other = await user(place);
    for (const next of [byPassword(ann), byPassword(other), { key: env.ADMIN_KEY }]) {
      const somebody = await visitor(byPassword(ann));
      const before = new Visitor();
      before.cookie = somebody.cookie;
      expect(await mayPost(before)).toBe(true);
      expect((await somebody.signIn(next)).status).toBe(303);
      expect(await mayPost(before)).toBe(false);
      expect(await isSignedIn(somebody)).toBe(true);
    }
    // The one that took the place of her own.
    const sessions = await accounts().sessions((await accounts().user(ann.name))?.id ?? -1);
    expect(sessions).toHaveLength(1);
  });

  it("not when somebody tries to sign in and is refused", async () => {
    const somebody = await visitor(byPassword(ann));
    expect((await somebody.signIn({ key: "hex_wrong" })).status).toBe(401);
    expect(await mayPost(somebody)).toBe(true);
  });

  it("when the user is deactivated", async () => {
    const somebody = await visitor(byPassword(ann));
    const admin = await visitor({ key: env.ADMIN_KEY });
    expect((await admin.post(`/users/${ann.name}/deactivate`)).status).toBe(303);
    expect(await mayPost(somebody)).toBe(false);
    later(46);
    expect(await isSignedIn(somebody)).toBe(false);
  });

  it("for everybody when the admin key becomes another", async () => {
    const [somebody, admin] = [
      await visitor(byPassword(ann)),
      await visitor({ key: env.ADMIN_KEY }),
    ];
    const ask = registryWith({ ADMIN_KEY: "hex_another_admin_key_0123456789" });
    for (const { cookie } of [somebody, admin]) {
      const there = new Visitor(ask);
      there.cookie = cookie;
      // A form, because this isolate remembers the cookie; those with the new key begin empty.
      expect(await mayPost(there)).toBe(false);
    }
  });
});

describe("the cookie's text", () => {
  it("opens neither the API nor files, as a cookie or as a token", async () => {
    const admin = await visitor({ key: env.ADMIN_KEY });
    for (const { cookie = "" } of [await visitor(byPassword(ann)), admin]) {
      const text = cookie.slice("hexedge=".length);
      for (const path of ["/api/users/me", `/repos/${place.repository}/names`]) {
        const without = await registry(path);
        const withCookie = await registry(path, { headers: { cookie } });
        expect(withCookie.status).toBe(without.status);
        expect(without.status).toBeGreaterThanOrEqual(401);
        expect((await registry(path, { key: `Bearer ${text}` })).status).toBe(401);
        expect((await registry(path, { key: text })).status).toBe(401);
      }
      expect((await registry("/account", { key: `Bearer ${text}` })).status).toBe(401);
    }
  });

  it("is not replaced by an API token, a key, or what somebody else signed", async () => {
    const forgeries = [
      await exchanged(ann.key, "api:read"),
      ann.key,
      env.ADMIN_KEY,
      "x.y.z",
      await createSigned("hexedge:page"),
    ];
    for (const text of forgeries) {
      const somebody = new Visitor();
      somebody.cookie = `hexedge=${text}`;
      expect(await isSignedIn(somebody)).toBe(false);
    }
  });

  it("when it is wrong makes nobody wait: it is anonymous, and no guess", async () => {
    await setFailuresMax(3);
    const somebody = new Visitor();
    somebody.cookie = "hexedge=wrong.wrong.wrong";
    const from = { "cf-connecting-ip": "198.51.100.21" };
    for (let time = 0; time < 6; time++) expect((await somebody.get("/", from)).status).toBe(200);
    expect((await somebody.signIn(byPassword(ann), from)).status).toBe(303);
  });
});

describe("signing in", () => {
  it("is not for whoever guesses passwords", async () => {
    await setFailuresMax(3);
    const from = { "cf-connecting-ip": "198.51.100.22" };
    const somebody = new Visitor();
    const wrong = { username: ann.name, password: "not that one" };
    for (let time = 0; time < 3; time++) {
      expect((await somebody.signIn(wrong, from)).status).toBe(401);
    }
    const right = await somebody.signIn(byPassword(ann), from);
    expect([401, 429]).toContain(right.status);
    expect(right.headers.get("set-cookie")).toBe(null);
    expect(await right.text()).toContain("Too many wrong credentials");
  });

  it("shows neither password nor key again, and the name as text", async () => {
    const hostile = '"><script>alert(1)</script>';
    const fields = { username: hostile, password: "secret-pass", key: "" };
    const body = await (await new Visitor().signIn(fields)).text();
    expect(body).toContain("&lt;script&gt;");
    expect(body).not.toContain("secret-pass");
    const other = await (await new Visitor().signIn({ key: "hex_wrong_key" })).text();
    expect(other).not.toContain("hex_wrong_key");
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/%09/evil.example",
    "\t//evil.example",
    "/\r\nlocation: https://evil.example",
    "///evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "\\\\evil.example",
    "@evil.example",
  ])("leads nobody elsewhere: %j", async (to) => {
    const response = await new Visitor().signIn({ ...byPassword(ann), to });
    expect(response.status).toBe(303);
    const location = response.headers.get("location") ?? "";
    expect(new URL(location, "http://hexedge.test").host).toBe("hexedge.test");
    const signedIn = await visitor(byPassword(ann));
    const shown = await signedIn.get(`/sign-in?to=${encodeURIComponent(to)}`);
    const there = shown.headers.get("location") ?? "";
    expect(new URL(there, "http://hexedge.test").host).toBe("hexedge.test");
  });

  it("with the admin key makes the admin, on pages only", async () => {
    const admin = await visitor({ key: env.ADMIN_KEY });
    expect(await (await admin.get("/account")).text()).toContain("Administration");
    expect((await admin.get("/users")).status).toBe(200);
    expect(admin.cookie).not.toContain(env.ADMIN_KEY);
  });

  it("is refused with the key of an organization", async () => {
    const body = jsonBody({ name: "ci", permissions: [{ domain: "api" }] });
    const path = `/api/orgs/${place.repository}/keys`;
    const made = await registry(path, { method: "POST", key: env.ADMIN_KEY, ...body });
    const { secret } = await read(made);
    expect((await new Visitor().signIn({ key: String(secret) })).status).toBe(401);
  });
});
