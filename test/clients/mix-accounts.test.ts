/** What the real mix does with users, organizations, owners and keys, against a running `npm start`. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { MixUser, mixHexAvailable, mixProject } from "../support/mix.ts";
import { type Server, startServer, temporaryFolder } from "../support/server.ts";

const title = mixHexAvailable
  ? "mix hex with accounts"
  : "mix hex with accounts (skipped: `mix hex` is not installed, and Debian's Elixir comes without it)";

const password = "correct horse battery";

describe.skipIf(!mixHexAvailable)(title, () => {
  let server: Server;
  let api: string;
  let publicKey: string;

  beforeAll(async () => {
    server = await startServer();
    api = `${server.origin}/api`;
    publicKey = join(server.dataPath, "public_key.pem");
    for (const [name, role] of [
      ["ann", "admin"],
      ["bob", "read"],
    ]) {
      const email = `${name}@hexedge.test`;
      await asAdmin("/users", { username: name, password, email });
      await asAdmin("/orgs/test_repo/members", { name, role });
    }
    const folder = mixProject({ app: "foo", version: "1.0.0" });
    const ann = await withKey("ann", "api");
    const published = await ann.mix(folder, "hex.publish package --yes");
    expect(published.output).toContain("Package published to");
  });

  it("logs in with mix hex.user auth, works with that, and logs out", async () => {
    const user = new MixUser({ HEX_API_URL: api });
    const folder = temporaryFolder();
    let code = "";
    const waiting = user.mix(folder, "hex.user auth", {}, (output) => {
      const [, first, second] = /\b([0-9A-Z]{4})-([0-9A-Z]{4})\b/.exec(output) ?? [];
      if (code !== "" || first === undefined) return;
      code = `${first}${second}`;
      void approve(code);
    });
    expect((await waiting).output).toContain("You are authenticated!");
    expect((await user.mix(folder, "hex.user whoami")).output.trim()).toBe("ann");
    const key = await user.mix(folder, "hex.organization key test_repo generate --key-name ci");
    expect(key.output).toMatch(/hex_[0-9a-f]{40}/);
    const keys = await user.mix(folder, "hex.organization key test_repo list");
    expect(keys.output).toContain("ci");
    expect((await user.mix(folder, "hex.user deauth")).output).toContain("credentials removed");
    expect((await user.mix(folder, "hex.user whoami")).output).not.toContain("ann\n");
  });

  it("manages owners by name and by e-mail, and shows what one owns", async () => {
    const ann = await withKey("ann", "api");
    const folder = temporaryFolder();
    await ann.mix(folder, "hex.owner add foo bob@hexedge.test --level maintainer");
    const listed = await ann.mix(folder, "hex.owner list foo");
    expect(listed.output).toMatch(/ann@hexedge\.test\s+full/);
    expect(listed.output).toMatch(/bob@hexedge\.test\s+maintainer/);
    expect((await ann.mix(folder, "hex.owner packages")).output).toContain("foo");
    await ann.mix(folder, "hex.owner remove foo bob");
    expect((await ann.mix(folder, "hex.owner list foo")).output).not.toContain("bob");
  });

  it("finds packages, and tells about them", async () => {
    const bob = await withKey("bob", "api:read");
    const found = await bob.mix(temporaryFolder(), "hex.package search foo");
    expect(found.output).toContain("What foo is for");
    const info = await bob.mix(temporaryFolder(), "hex.info foo 1.0.0");
    expect(info.output).toContain("Published by: ann");
    const hidden = await new MixUser({ HEX_API_URL: api }).mix(temporaryFolder(), "hex.info foo");
    expect(hidden.output).not.toContain("What foo is for");
  });

  it("publishes with a key for one package, and nothing else", async () => {
    const ann = await withKey("ann", "package:test_repo/foo");
    const next = mixProject({ app: "foo", version: "1.1.0" });
    const published = await ann.mix(next, "hex.publish package --yes");
    expect(published.output).toContain("Package published to");
    const other = mixProject({ app: "other", version: "1.0.0" });
    const refused = await ann.mix(other, "hex.publish package --yes");
    expect(refused.output).toContain("key not authorized for this action");
    expect(refused.code).toBe(1);
  });

  it.each([
    ["a key", ""],
    ["a token for the key", "--oauth-exchange --oauth-exchange-url API"],
  ])(
    "resolves from a private repository with %s that reads it, and not without",
    async (_, how) => {
      const key = await asAdmin("/orgs/test_repo/keys", {
        name: "ci",
        permissions: [{ domain: "repository", resource: "test_repo" }],
      });
      const options = `--public-key ${publicKey} --auth-key ${key.secret} ${how.replace("API", api)}`;
      const resolved = await depsGet(options.trim());
      expect(resolved.output).toContain("foo 1.");
      expect(resolved.code).toBe(0);
      const stranger = await depsGet(`--public-key ${publicKey}`);
      expect(stranger.code).not.toBe(0);
      // No login prompt, which a CI job could not answer.
      expect(stranger.output).not.toContain("Do you want to authenticate");
    },
  );

  it("exchanges HEX_REPOS_KEY where Hexedge stands in for hex.pm", async () => {
    const user = new MixUser({
      ...{ HEX_API_URL: api, HEX_TRUSTED_MIRROR_URL: server.files(), HEX_MIRROR_URL: "" },
      HEX_REPOS_KEY: await server.makeKey("ann", "mirror", "repositories"),
      // The files name test_repo, and mix expects hexpm: that is for mirrors.
      ...{ HEX_NO_VERIFY_REPO_ORIGIN: "1", HEX_UNSAFE_REGISTRY: "1" },
    });
    const fetched = await user.mix(temporaryFolder(), "hex.package fetch foo 1.0.0");
    expect(fetched.output).toContain("foo v1.0.0 downloaded");
  });

  async function withKey(name: string, scope: string): Promise<MixUser> {
    const key = await server.makeKey(name, `mix ${scope}`, scope);
    return new MixUser({ HEX_API_URL: api, HEX_API_KEY: key });
  }

  async function depsGet(options: string) {
    const user = new MixUser({ HEX_API_URL: api });
    const deps = '[{:foo, "~> 1.0", repo: "test_repo"}]';
    const folder = mixProject({ app: "app", version: "0.1.0", deps });
    const added = await user.mix(folder, `hex.repo add test_repo ${server.files()} ${options}`);
    expect(added, added.output).toMatchObject({ code: 0 });
    return user.mix(folder, "deps.get");
  }

  async function asAdmin(path: string, parameters: object): Promise<Record<string, unknown>> {
    const response = await server.fetch(`/api${path}`, {
      method: "POST",
      headers: { authorization: server.adminKey, "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
    expect(response.ok).toBe(true);
    return response.json();
  }

  /** As ann's browser does: see test/clients/device.test.ts. */
  async function approve(code: string): Promise<void> {
    const page = async (path: string, fields: Record<string, string>, cookie = "") => {
      const body = new URLSearchParams({ user_code: code, ...fields });
      for (const scope of ["api:read", "api:write", "repositories"]) body.append("scope", scope);
      const response = await fetch(`${server.origin}${path}`, {
        method: "POST",
        headers: { origin: server.origin, cookie },
        body,
      });
      return { cookie: response.headers.get("set-cookie") ?? "", text: await response.text() };
    };
    const signedIn = await page("/oauth/device", { step: "sign_in", username: "ann", password });
    const form = /name="form" value="([^"]+)"/.exec(signedIn.text)?.[1] ?? "";
    const cookie = signedIn.cookie.split(";")[0] ?? "";
    await page("/oauth/device/decision", { form, decision: "approve" }, cookie);
  }
});
