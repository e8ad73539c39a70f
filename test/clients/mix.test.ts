/** The real mix, against a running `npm start`. */
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  generateSigningKey,
  parsePrivateKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { MixUser, mixHexAvailable, mixProject } from "../support/mix.ts";
import { startProxy } from "../support/proxy.ts";
import { type Server, startServer, temporaryFolder } from "../support/server.ts";

const config = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.test_repo]
kind = "hosted"
[vars.REPOSITORIES.open_repo]
kind = "hosted"
public = true
`;

const title = mixHexAvailable
  ? "mix hex"
  : "mix hex (skipped: `mix hex` is not installed, and Debian's Elixir comes without it)";

describe.skipIf(!mixHexAvailable)(title, () => {
  let server: Server;
  let author: MixUser;
  /** The options of `mix hex.repo add`. */
  let access: string;

  beforeAll(async () => {
    server = await startServer({ config });
    access = `--public-key ${join(server.dataPath, "public_key.pem")} --auth-key ${server.adminKey}`;
    author = new MixUser({ HEX_API_URL: server.api(), HEX_API_KEY: server.adminKey });
    await mustAdd(author, access);
  });

  async function mustAdd(user: MixUser, options: string, url = server.files()): Promise<void> {
    const added = await user.mix(temporaryFolder(), `hex.repo add test_repo ${url} ${options}`);
    expect(added, added.output).toMatchObject({ code: 0 });
  }

  async function publish(folder: string, options = ""): Promise<void> {
    const published = await author.mix(folder, `hex.publish package --yes${options}`);
    expect(published.output).toContain("Package published to");
    expect(published.code).toBe(0);
  }

  /** `mix deps.get` of a new project. */
  async function depsGet(user: MixUser, deps: string, environment = {}) {
    const folder = mixProject({ app: "app", version: "0.1.0", deps });
    const result = await user.mix(folder, "deps.get", environment);
    const read = (path: string) => readFile(join(folder, path), "utf8").catch(() => undefined);
    return { ...result, folder, read };
  }

  it("publishes packages that depend on each other, and gets them with deps.get", async () => {
    await publish(mixProject({ app: "base", version: "1.0.0" }));
    const uses = mixProject({
      app: "uses",
      version: "0.1.0",
      deps: '[{:base, "~> 1.0", repo: "test_repo"}]',
    });
    expect((await author.mix(uses, "deps.get")).code).toBe(0); // mix publishes nothing without
    await publish(uses);

    const reader = new MixUser();
    await mustAdd(reader, access);
    const got = await depsGet(reader, '[{:uses, "~> 0.1", repo: "test_repo"}]');
    expect(got.output).toContain("* Getting uses (Hex package)");
    expect(got.output).toContain("* Getting base (Hex package)");
    expect(got.code).toBe(0);
    expect(await got.read("deps/base/lib/base.ex")).toContain('"one"');
    expect(await got.read("mix.lock")).toMatch(/"base": \{:hex, :base, "1\.0\.0", .*"test_repo"/);
    expect(await server.problems()).toEqual([]);
  });

  it("refuses to publish a version again, unless it is told to replace it", async () => {
    await publish(mixProject({ app: "replaced", version: "1.0.0", salt: "old" }));
    const changed = mixProject({ app: "replaced", version: "1.0.0", salt: "new" });
    const refused = await author.mix(changed, "hex.publish package --yes");
    expect(refused.output).toContain("must include the --replace flag");
    expect(refused.code).toBe(1);
    await publish(changed, " --replace");
    const got = await depsGet(author, '[{:replaced, "1.0.0", repo: "test_repo"}]');
    expect(await got.read("deps/replaced/lib/replaced.ex")).toContain('"new"');
  });

  it("reverts a release, after which nobody gets it", async () => {
    await publish(mixProject({ app: "reverted", version: "1.0.0" }));
    const folder = mixProject({ app: "reverted", version: "1.1.0" });
    await publish(folder);
    const reverted = await author.mix(folder, "hex.publish package --revert 1.1.0");
    expect(reverted.output).toContain("Reverted reverted 1.1.0");
    const none = await depsGet(author, '[{:reverted, "~> 1.1", repo: "test_repo"}]');
    expect(none.code).toBe(1);
    const older = await depsGet(author, '[{:reverted, "~> 1.0", repo: "test_repo"}]');
    expect(older.output).toContain("reverted 1.0.0");
    expect(older.code).toBe(0);
  });

  it("retires a release: hex.info and deps.get say so, until it is taken back", async () => {
    const folder = mixProject({ app: "retired", version: "1.0.0" });
    await publish(folder);
    const retire = "hex.retire retired 1.0.0 security --message Leaky";
    expect((await author.mix(folder, retire)).output).toContain("has been retired");
    const info = await author.mix(folder, "hex.info retired 1.0.0");
    expect(info.output).toContain("This version has been retired: (security) Leaky");
    const warned = await depsGet(author, '[{:retired, "1.0.0", repo: "test_repo"}]');
    expect(warned.output).toContain("RETIRED!");
    const unretire = "hex.retire retired 1.0.0 --unretire";
    expect((await author.mix(folder, unretire)).output).toContain("has been unretired");
    const quiet = await depsGet(author, '[{:retired, "1.0.0", repo: "test_repo"}]');
    expect(quiet.output).not.toContain("RETIRED!");
  });

  it("tells about packages and about oneself", async () => {
    const folder = mixProject({ app: "told", version: "2.0.0" });
    await publish(folder);
    const info = await author.mix(folder, "hex.info told");
    expect(info.output).toContain('Config: {:told, "~> 2.0", repo: "test_repo"}');
    expect(info.output).toContain("What told is for");
    expect((await author.mix(folder, "hex.user whoami")).output).toBe("admin\n");
    const missing = await author.mix(folder, "hex.info nothing");
    expect(missing.output).toContain("No package with name nothing");
  });

  it("fetches a single package, a named version or the newest", async () => {
    await publish(mixProject({ app: "single", version: "1.0.0" }));
    await publish(mixProject({ app: "single", version: "1.1.0-rc.1" }));
    const folder = temporaryFolder();
    const named = "hex.package fetch single 1.1.0-rc.1 --repo test_repo --unpack";
    expect((await author.mix(folder, named)).output).toContain("extracted to");
    expect(await readFile(join(folder, "single-1.1.0-rc.1/lib/single.ex"), "utf8")).toBeTruthy();
    const newest = await author.mix(folder, "hex.package fetch single --repo test_repo");
    expect(newest.output).toContain("single v1.0.0 downloaded to");
  });

  it("publishes docs, and fetches them", async () => {
    const open = new MixUser({
      HEX_API_URL: server.api("open_repo"),
      HEX_API_KEY: server.adminKey,
      // `--organization` is looked for below the mirror of hexpm, without any key.
      HEX_MIRROR_URL: server.origin,
    });
    const folder = mixProject({ app: "documented", version: "1.0.0" });
    const published = await open.mix(folder, "hex.publish --yes");
    const at = `${server.files("open_repo")}/docs/documented-1.0.0.tar.gz`;
    expect(published.output).toContain(`Docs will soon be available at ${at}`);
    expect(published.code).toBe(0);
    const fetch = "hex.docs fetch documented 1.0.0 --organization open_repo";
    expect((await open.mix(folder, fetch)).output).toMatch(/Docs fetched/);
    const reverted = await open.mix(folder, "hex.publish docs --revert 1.0.0");
    expect(reverted.output).toContain("Reverted docs for documented 1.0.0");
  });

  it("sets a repository up by the fingerprint of its key", async () => {
    await publish(mixProject({ app: "trusted", version: "1.0.0" }));
    const fingerprint = await publicKeyFingerprint(server.publicKeyPem);
    const reader = new MixUser();
    await mustAdd(reader, `--fetch-public-key ${fingerprint} --auth-key ${server.adminKey}`);
    const got = await depsGet(reader, '[{:trusted, "1.0.0", repo: "test_repo"}]');
    expect(got.code, got.output).toBe(0);
    const wrong = await new MixUser().mix(
      temporaryFolder(),
      `hex.repo add test_repo ${server.files()} --fetch-public-key SHA256:wrong --auth-key ${server.adminKey}`,
    );
    expect(wrong.output).toContain("Public key fingerprint mismatch");
  });

  it("prints what is wrong with a key, and does not publish", async () => {
    const folder = mixProject({ app: "unwanted", version: "1.0.0" });
    const stranger = new MixUser({ HEX_API_URL: server.api(), HEX_API_KEY: "hex_wrong" });
    const refused = await stranger.mix(folder, "hex.publish package --yes");
    expect(refused.output).toContain("invalid API key");
    expect(refused.code).toBe(1);
    expect((await server.fetch("/repos/test_repo/packages/unwanted")).status).toBe(404);
  });

  it("keeps a private repository from who has no key, without asking them to log in", async () => {
    await publish(mixProject({ app: "hidden", version: "1.0.0" }));
    const guest = new MixUser();
    await mustAdd(guest, `--public-key ${join(server.dataPath, "public_key.pem")}`);
    const got = await depsGet(guest, '[{:hidden, "1.0.0", repo: "test_repo"}]');
    expect(got.code).toBe(1);
    expect(got.output).toContain("or you don't have permissions");
    expect(got.output).not.toContain("authenticate now");
    expect(await got.read("deps/hidden/mix.exs")).toBeUndefined();
  });

  it("is refused by mix when the public key is another's", async () => {
    await publish(mixProject({ app: "genuine", version: "1.0.0" }));
    const path = join(temporaryFolder(), "other.pem");
    writeFileSync(path, await publicKeyPem(await parsePrivateKey(await generateSigningKey())));
    const reader = new MixUser();
    await mustAdd(reader, `--public-key ${path} --auth-key ${server.adminKey}`);
    const got = await depsGet(reader, '[{:genuine, "1.0.0", repo: "test_repo"}]');
    expect(got.code).toBe(1);
    expect(await got.read("deps/genuine/mix.exs")).toBeUndefined();
  });

  it("is refused by mix when a tarball changed on the way", async () => {
    await publish(mixProject({ app: "tampered", version: "1.0.0" }));
    const proxy = await startProxy(server.origin, (path, body) => {
      const copy = Buffer.from(body);
      const at = body.indexOf("contents.tar.gz") + 512 + 40;
      if (path.includes("/tarballs/")) copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
      return copy;
    });
    const reader = new MixUser();
    await mustAdd(reader, access, `${proxy.origin}/repos/test_repo`);
    const got = await depsGet(reader, '[{:tampered, "1.0.0", repo: "test_repo"}]');
    expect(got.code).not.toBe(0);
    expect(await got.read("deps/tampered/mix.exs")).toBeUndefined();
  });
});
