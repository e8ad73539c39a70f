/** `npm run hexedge -- rotate-key`, from outside, with a real `npm start` that has to be restarted. */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataFolder } from "../../src/cli/data-folder.ts";
import { unpackNames, unpackPackage, unpackVersions } from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { projectConfig } from "../support/fake-cloudflare.ts";
import { getDeps } from "../support/rebar3.ts";
import {
  node,
  projectFolder,
  type Server,
  startServer,
  temporaryFolder,
  until,
} from "../support/server.ts";

describe("rotating the key of a hosted repository", () => {
  it("signs everything anew while it waits for the restart, says what clients must do, and leads back", async () => {
    const place = await start();
    await place.server.publish({ name: "foo" });
    await place.server.publish({ name: "bar" });
    const oldPem = await servedKey(place.server);
    const oldSecret = readFileSync(join(place.dataPath, "signing_key.pem"), "utf8");

    const rotation = place.type("rotate-key", "test_repo");
    await until(
      () => rotation.stderr.includes("still serves"),
      () => rotation.stderr,
    );
    // It says which and waits: until then readers have what they had.
    expect(rotation.stderr).toContain("restart npm start");
    expect(await servedKey(place.server)).toBe(oldPem);
    await place.restart();
    expect([await rotation.code, rotation.stderr]).toEqual([0, expect.any(String)]);

    const newPem = await servedKey(place.server);
    expect(newPem).not.toBe(oldPem);
    await expectSignedBy(place.server, newPem, ["bar", "foo"]);
    expect(await place.server.problems()).toEqual([]);
    const fingerprint = await publicKeyFingerprint(newPem);
    expect(rotation.stdout).toContain(`now:    ${fingerprint}`);
    expect(rotation.stdout).toContain(`before: ${await publicKeyFingerprint(oldPem)}`);
    expect(rotation.stdout).toContain("mix hex.repo set test_repo --public-key test_repo.pem");
    expect(rotation.stdout).toContain(
      `mix hex.repo add test_repo ${place.server.files()} --fetch-public-key ${fingerprint}`,
    );
    expect(rotation.stdout).toContain(newPem.trim().replaceAll("\n", "\\n"));
    expect(rotation.stdout).toContain("all contain it");
    // The next start would begin with it, and nobody else can read it.
    const kept = place.kept();
    expect(kept).toEqual(["signing_key.pem", "signing_key_test_repo.pem"]);
    for (const name of kept) expect(modeOf(join(place.dataPath, name))).toBe("600");
    expect(readFileSync(join(place.dataPath, "signing_key.pem"), "utf8")).toBe(oldSecret);
    if (erlangAvailable) {
      const { server } = place;
      const asked = { url: server.files(), repoKey: server.adminKey, dependencies: "[foo]" };
      expect(await getDeps({ ...asked, publicKeyPem: newPem })).toMatchObject({ code: 0 });
      const refused = await getDeps({ ...asked, publicKeyPem: oldPem });
      expect(refused.code).not.toBe(0);
    }

    const [, way = ""] = /rotate-key test_repo --signing-key (\S+)/.exec(rotation.stdout) ?? [];
    const back = place.type("--json", "rotate-key", "test_repo", "--signing-key", way);
    await until(
      () => back.stderr.includes("still serves"),
      () => back.stderr,
    );
    await place.restart();
    expect(await back.code).toBe(0);
    expect(await servedKey(place.server)).toBe(oldPem);
    const told = JSON.parse(back.stdout);
    expect(told.way_back).toContain(`--signing-key ${told.old_key_path} --data ${place.dataPath}`);
    expect(told).toMatchObject({
      ...{ repository: "test_repo", kind: "hosted", outcome: "rotated", check: "ok" },
      ...{ old_fingerprint: fingerprint, public_key: oldPem, packages: 2 },
    });
    // The key of the meantime is not lost either.
    const between = readFileSync(told.old_key_path, "utf8");
    expect(await publicKeyPem(await parsePrivateKey(between))).toBe(newPem);
    expect(modeOf(told.old_key_path)).toBe("600");
    expect(readFileSync(told.public_key_path, "utf8")).toBe(oldPem);
  });

  it("goes on with the key that it began with, however often it is interrupted", async () => {
    const place = await start();
    await place.server.publish({ name: "foo" });
    const oldPem = await servedKey(place.server);
    const hasty = place.type("rotate-key", "test_repo", "--wait", "0");
    expect(await hasty.code).toBe(1);
    expect(hasty.stderr).toMatch(/hexedge: test_repo is not signed anew .* Run this again/);
    const begun = readFileSync(join(place.dataPath, "signing_key_test_repo.pem"), "utf8");

    const killed = place.type("rotate-key", "test_repo");
    await until(
      () => killed.stderr.includes("goes on with"),
      () => killed.stderr,
    );
    killed.kill();
    const other = join(temporaryFolder(), "key.pem");
    writeFileSync(other, await generateSigningKey());
    const another = place.type("rotate-key", "test_repo", "--signing-key", other);
    expect(await another.code).toBe(1);
    expect(another.stderr).toContain("is under way");

    // As one leaves it that is killed while it writes.
    writeFileSync(join(place.dataPath, "signing_key_test_repo.123.new.pem"), "half a key");
    await place.restart();
    const last = place.type("rotate-key", "test_repo", "--json");
    expect([await last.code, last.stderr]).toEqual([0, expect.any(String)]);
    const told = JSON.parse(last.stdout);
    expect(told.fingerprint).toBe(await fingerprintOf(begun));
    expect(told.old_key_path).toBe(join(place.dataPath, "signing_key.pem"));
    expect(await servedKey(place.server)).not.toBe(oldPem);
    expect(place.kept()).toEqual(["signing_key.pem", "signing_key_test_repo.pem"]);
  });

  it("signs with it also when npm start did not run", async () => {
    const place = await start();
    await place.server.publish({ name: "foo" });
    await place.server.run.kill("SIGTERM");
    const rotation = place.type("rotate-key", "test_repo");
    await until(
      () => rotation.stderr.includes("waits:"),
      () => rotation.stderr,
    );
    await place.begin();
    expect([await rotation.code, rotation.stderr]).toEqual([0, expect.any(String)]);
    await expectSignedBy(place.server, await servedKey(place.server), ["foo"]);
  });
});

describe("keys of single repositories in the data folder", () => {
  it("win over the one of all, and give way to the environment; others beside them are none", async () => {
    const path = join(temporaryFolder(), "data");
    const data = await DataFolder.open(path);
    const [kept, other] = [await generateSigningKey(), await generateSigningKey()];
    writeFileSync(join(path, "signing_key_acme.pem"), kept);
    for (const name of ["acme.next", "acme.old-abc", "Acme", "9"]) {
      writeFileSync(join(path, `signing_key_${name}.pem`), "no key");
    }
    expect((await data.secrets({})).ownSigningKeys).toEqual({ SIGNING_KEY_ACME: kept });
    const environment = { SIGNING_KEY_ACME: other, SIGNING_KEY_LIB: kept };
    expect((await data.secrets(environment)).ownSigningKeys).toEqual(environment);
    writeFileSync(join(path, "signing_key_acme.pem"), "no key");
    await expect(data.secrets({})).rejects.toThrow(/signing_key_acme\.pem: /);
    data.close();
  });
});

describe("rotating the key of a group", () => {
  it("signs the group anew, and not its members", async () => {
    const place = await start();
    await place.server.publish({ name: "foo" });
    const [ofMember, ofGroup] = [
      await servedKey(place.server),
      await servedKey(place.server, "all"),
    ];
    await expectSignedBy(place.server, ofGroup, ["foo"], "all");
    const rotation = place.type("rotate-key", "all");
    await until(
      () => rotation.stderr.includes("still serves"),
      () => rotation.stderr,
    );
    await place.restart();
    expect([await rotation.code, rotation.stderr]).toEqual([0, expect.any(String)]);
    const now = await servedKey(place.server, "all");
    expect(now).not.toBe(ofGroup);
    await expectSignedBy(place.server, now, ["foo"], "all");
    await expectSignedBy(place.server, ofMember, ["foo"]);
    expect(rotation.stdout).toContain("mix hex.repo set all --public-key all.pem");
  });
});

describe("what cannot be rotated", () => {
  it("is refused with a sentence, and nothing is made", async () => {
    const place = await start();
    await place.server.publish({ name: "foo" });
    const before = readdirSync(place.dataPath).sort();
    const key = (name: string, pem: string) => {
      const path = join(place.folder, name);
      writeFileSync(path, pem);
      return path;
    };
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const pemOf = (it: typeof weak) => it.export({ type: "pkcs8", format: "pem" }).toString();
    const used = join(place.dataPath, "signing_key.pem");
    const refusals: [string[], RegExp][] = [
      [["hexpm_mirror"], /is a verbatim mirror: upstream signs/],
      [["nobodys"], /declares no repository nobodys: there are test_repo/],
      [["test_repo", "--signing-key", used], /is the key that signs already: SHA256:/],
      [["test_repo", "--signing-key", key("weak.pem", pemOf(weak))], /1024 bits, 2048 are/],
      [["test_repo", "--signing-key", key("curve.pem", pemOf(curve))], /no RSA key/],
      [["test_repo", "--signing-key", key("text.pem", "hello")], /text\.pem: /],
      [["test_repo", "--signing-key", join(place.folder, "none.pem")], /is not there/],
      [["test_repo", "--data", place.folder], /is no data folder of npm start/],
    ];
    for (const [args, sentence] of refusals) {
      const told = place.type("rotate-key", ...args);
      expect([args, await told.code, told.stdout]).toEqual([args, 1, ""]);
      expect(told.stderr).toMatch(sentence);
      expect(told.stderr.trim().split("\n")).toHaveLength(1);
    }
    expect(await place.type("rotate-key").code).toBe(2);
    expect(await place.type("rotate-key", "test_repo", "--wait", "soon").code).toBe(2);
    expect(readdirSync(place.dataPath).sort()).toEqual(before);
  });

  it("is the same after a dry run, which says what would happen", async () => {
    const place = await start();
    await place.server.publish({ name: "foo" });
    const fingerprint = await publicKeyFingerprint(await servedKey(place.server));
    const before = readdirSync(place.dataPath).sort();
    const dry = place.type("rotate-key", "test_repo", "--dry-run");
    expect(await dry.code).toBe(0);
    expect(dry.stdout).toContain(`instead of ${fingerprint}`);
    expect(dry.stdout).toContain("restart npm start");
    const json = place.type("rotate-key", "test_repo", "--dry-run", "--json");
    expect(await json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ...{ repository: "test_repo", outcome: "planned", old_fingerprint: fingerprint },
      key_path: join(place.dataPath, "signing_key_test_repo.pem"),
    });
    expect(readdirSync(place.dataPath).sort()).toEqual(before);
  });
});

/** A Hexedge with a group, and its administrator at a terminal. */
class Place {
  readonly folder = temporaryFolder();
  readonly configPath = join(this.folder, "wrangler.toml");
  server!: Server;

  get dataPath(): string {
    return join(this.folder, "data");
  }

  /** Files of signing keys, private ones. */
  kept(): string[] {
    return readdirSync(this.dataPath)
      .filter((name) => name.startsWith("signing_key"))
      .sort();
  }

  async begin(): Promise<void> {
    const port = this.server === undefined ? {} : { port: this.server.port };
    const args = ["--config", this.configPath];
    this.server = await startServer({ dataPath: this.dataPath, args, ...port });
  }

  async restart(): Promise<void> {
    await this.server.run.kill("SIGTERM");
    await this.begin();
  }

  type(...args: string[]) {
    const { FORCE_COLOR, HEXEDGE_KEY, ...inherited } = process.env;
    const script = join(projectFolder, "src/cli/hexedge.ts");
    const own = ["--config", this.configPath];
    const data = args.includes("--data") ? [] : ["--data", this.dataPath];
    const child = spawn(node, [script, ...args, ...own, ...data], {
      cwd: projectFolder,
      env: { ...inherited, HEXEDGE_URL: this.server.origin, HEXEDGE_KEY: this.server.adminKey },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 100_000,
    });
    const code = new Promise<number | null>((done) => child.once("close", done));
    const told = { stdout: "", stderr: "", code, kill: () => child.kill("SIGKILL") };
    child.stdout.on("data", (data) => {
      told.stdout += data;
    });
    child.stderr.on("data", (data) => {
      told.stderr += data;
    });
    return told;
  }
}

async function start(): Promise<Place> {
  const place = new Place();
  const group =
    '\n[vars.REPOSITORIES.all]\nkind = "group"\nname = "all"\nmembers = ["test_repo"]\n';
  writeFileSync(place.configPath, projectConfig() + group);
  await place.begin();
  return place;
}

async function servedKey(server: Server, repository = "test_repo"): Promise<string> {
  return (await server.fetch(`/repos/${repository}/public_key`)).text();
}

/** All of it, read as a client reads. */
async function expectSignedBy(
  server: Server,
  pem: string,
  packages: string[],
  repository = "test_repo",
): Promise<void> {
  const key = await parsePublicKey(pem);
  const get = async (path: string) => {
    const answer = await server.fetch(`/repos/${repository}/${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const names = await unpackNames(await get("names"), key, { repository });
  const versions = await unpackVersions(await get("versions"), key, { repository });
  expect(names.packages.map(({ name }) => name)).toEqual(packages);
  expect(versions.packages.map(({ name }) => name)).toEqual(packages);
  for (const name of packages) {
    const { releases } = await unpackPackage(await get(`packages/${name}`), key, {
      ...{ repository, name },
    });
    expect(releases).toHaveLength(1);
  }
}

async function fingerprintOf(pem: string): Promise<string> {
  return publicKeyFingerprint(await publicKeyPem(await parsePrivateKey(pem)));
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
