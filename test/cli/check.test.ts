/** `npm run hexedge -- check`: damage done to the files below a running Hexedge, found and made good again. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { says } from "../static/says.ts";
import { hexedge } from "../support/hexedge.ts";
import { killedAfter } from "../support/killed.ts";
import { freePort, type Server, startServer, temporaryFolder, until } from "../support/server.ts";
import { packageTarball, type ReleaseOptions, tar } from "../support/tarball.ts";

const declared = (...names: string[]) => `name = "hexedge"
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars]
LIMITS = { api_per_minute = 0 }
${names.map((name) => `[vars.REPOSITORIES.${name}]\nkind = "hosted"\n`).join("")}`;

const docs = gzipSync(tar([{ path: "index.html", bytes: "<p>foo</p>" }]), { mtime: 0 });
const upload = { method: "POST", headers: { "content-type": "application/octet-stream" } };
const cannotBeMended =
  "publish it again with --replace, revert it, or put the file back from a copy of the bucket";

class Acme {
  readonly server: Server;
  readonly name: string;

  constructor(server: Server, name: string) {
    this.server = server;
    this.name = name;
  }

  /** Of the bucket, which is a folder. */
  path(key: string): string {
    return join(this.server.dataPath, "files", key);
  }

  file(path: string): string {
    return this.path(`repos/${this.name}/${path}`);
  }

  api(path: string): string {
    return `/api/repos/${this.name}${path}`;
  }

  async publish(release: ReleaseOptions, replace = false): Promise<Response> {
    const body = (await packageTarball(release)).slice();
    return this.server.fetch(this.api(`/publish?replace=${replace}`), { ...upload, body });
  }

  async mustPublish(...releases: ReleaseOptions[]): Promise<void> {
    for (const release of releases) {
      const answer = await this.publish(release);
      expect(answer.status, await answer.text()).toBe(201);
    }
  }

  async publishDocs(name: string, version: string): Promise<void> {
    const path = this.api(`/packages/${name}/releases/${version}/docs`);
    expect((await this.server.fetch(path, { ...upload, body: docs.slice() })).status).toBe(201);
  }

  async step() {
    return this.server.mustAsk("GET", this.api("/check"));
  }

  async settles(): Promise<void> {
    const isSettled = async () => {
      const { settled, problems } = await this.step();
      return settled && problems.length === 0;
    };
    await until(isSettled, "nothing on its way", 60_000);
  }

  /** A file that was seen is not looked at again for a second. */
  async notices(problems: number): Promise<void> {
    await until(async () => (await this.step()).problems.length === problems, "the damage");
  }

  check(...args: string[]) {
    return hexedge(this.server, ["check", this.name, ...args]);
  }

  /**
   * What clients read, verified with Hexedge's key; without when packages last changed: that of a
   * retirement is not in the bucket.
   */
  async says() {
    const said = await this.#says();
    return { ...said, names: said.names.map(({ name }) => name) };
  }

  #says() {
    return says(async (path) => {
      const answer = await this.server.fetch(`/repos/${this.name}/${path}`);
      return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
    }, this.name);
  }
}

describe("hexedge check", () => {
  let server: Server;

  beforeAll(async () => {
    server = await startServer({ config: declared("well", "acme", "strays") });
  });

  it("says that nothing is wrong", async () => {
    const well = new Acme(server, "well");
    await well.mustPublish({ name: "foo" }, { name: "foo", version: "1.1.0" }, { name: "bar" });
    await well.settles();
    const told = await well.check();
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toBe("well: 2 packages, 3 releases, nothing wrong\n");
    const json = await well.check("--json");
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ repository: "well", packages: 2, releases: 3, settled: true },
      ...{ problems: [], repaired: 0 },
    });
    expect(await well.check("--repair")).toMatchObject({
      ...{ code: 0, stderr: "", stdout: "well: 2 packages, 3 releases, nothing wrong\n" },
    });
  });

  it("tells each damage and what mends it, and mends all but lost bytes", async () => {
    const acme = new Acme(server, "acme");
    await acme.mustPublish(...[{ name: "foo" }, { name: "bar" }, { name: "baz" }, { name: "qux" }]);
    await acme.publishDocs("baz", "1.0.0");
    await acme.settles();
    const before = await acme.says();
    const tarball = readFileSync(acme.file("tarballs/bar-1.0.0.tar"));
    rmSync(acme.file("packages/foo"));
    writeFileSync(acme.file("names"), "garbage");
    writeFileSync(acme.file("public_key"), "not a key");
    const changed = Buffer.from(tarball);
    changed[700] = (changed[700] ?? 0) ^ 1;
    writeFileSync(acme.file("tarballs/bar-1.0.0.tar"), changed);
    rmSync(acme.path("pages/acme/baz-1.0.0"));
    writeFileSync(acme.file("tarballs/qux-9.9.9.tar"), "somebody's own");

    await acme.notices(6);
    const told = await acme.check();
    expect(told.code).toBe(1);
    const lines = told.stdout.trimEnd().split("\n");
    expect(lines.at(-1)).toBe("acme: 4 packages, 4 releases, 6 wrong");
    const cureOf = (text: string) => lines.find((it) => it.includes(text))?.split(" — ")[1];
    expect(cureOf("packages/foo")).toBe("`--repair` writes it anew");
    const index = "`--repair` writes names, versions and public_key anew";
    expect(cureOf("names:")).toBe(index);
    expect(cureOf("public_key")).toBe(index);
    expect(cureOf("tarballs/bar-1.0.0.tar has checksum")).toBe(cannotBeMended);
    expect(cureOf("pages/acme/baz-1.0.0 is missing")).toBe("`--repair` unpacks the docs anew");
    const stray = "repos/acme/tarballs/qux-9.9.9.tar: nobody knows of it";
    expect(cureOf(stray)).toBe("`--repair --prune` removes it");
    expect(told.stderr).toBe(
      "hexedge: 6 things are wrong in acme: --repair mends 4, --repair --prune removes 1\n",
    );

    const repaired = await acme.check("--repair", "--json");
    expect(repaired.stderr).toBe(
      "hexedge: 2 things are still wrong in acme: --repair --prune removes 1\n",
    );
    expect(repaired.code).toBe(1);
    const report = JSON.parse(repaired.stdout);
    expect(report).toMatchObject({ packages: 4, releases: 4, settled: true, repaired: 4 });
    expect(report.problems).toEqual([
      { problem: expect.stringContaining("bar-1.0.0.tar has checksum"), cure: null },
      { problem: stray, cure: "remove" },
    ]);
    expect(await acme.says()).toEqual(before);
    expect(readFileSync(acme.file("tarballs/qux-9.9.9.tar"), "utf8")).toBe("somebody's own");

    writeFileSync(acme.file("tarballs/bar-1.0.0.tar"), tarball);
    await acme.notices(1);
    const pruned = await acme.check("--repair", "--prune");
    expect(pruned).toMatchObject({ code: 0, stderr: "" });
    expect(pruned.stdout).toBe("acme: 4 packages, 4 releases, 1 repaired, nothing wrong\n");
    expect(readdirSync(acme.file("tarballs"))).not.toContain("qux-9.9.9.tar");
    expect(await acme.says()).toEqual(before);
  });

  it("changes nothing without --repair, and says what options are for", async () => {
    const strays = new Acme(server, "strays");
    await strays.mustPublish({ name: "foo" });
    await strays.settles();
    // Whoever may write into the bucket may not write onto the terminal.
    writeFileSync(strays.file("tarballs/\u001b[31mred"), "");
    const told = await strays.check();
    expect(told).toMatchObject({ code: 1 });
    expect(told.stdout).toContain("tarballs/\ufffd[31mred: nobody knows of it");
    const prune = await strays.check("--prune");
    expect(prune).toMatchObject({ code: 1, stdout: "" });
    expect(prune.stderr).toBe("hexedge: --prune is for --repair: without it nothing is changed\n");
    expect(readdirSync(strays.file("tarballs"))).toHaveLength(2);
    const nowhere = await hexedge(server, ["check", "nowhere"]);
    expect(nowhere).toMatchObject({ code: 1, stdout: "" });
    expect(nowhere.stderr).toContain("There is no repository nowhere here");
    const ann = await server.makeUser("ann", "write", "strays");
    const refused = await hexedge({ ...server, adminKey: ann }, ["check", "strays", "--repair"]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("ask with a key that is, such as the admin key");
  });
});

describe("hexedge check of a large repository", () => {
  const step = { packages: 1, releases: 2, settled: true, problems: [], cures: [], next: null };

  /** A Hexedge that gives these answers, one after the other, and the last one from then on. */
  async function answering(...answers: object[]): Promise<{ origin: string; asked: string[] }> {
    const asked: string[] = [];
    const api = createServer((request, response) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(`${request.method} ${request.url}`);
      response.statusCode = answer && "status" in answer ? Number(answer.status) : 200;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer));
    });
    onTestFinished(() => void api.close());
    await new Promise<void>((done) => api.listen(0, "127.0.0.1", done));
    const address = api.address();
    const port = typeof address === "object" ? address?.port : undefined;
    return { origin: `http://127.0.0.1:${port}`, asked };
  }

  it("goes on where it was when an answer is a fault", async () => {
    const { origin, asked } = await answering(
      { ...step, problems: ["one"], cures: ["write package"], next: "packages/foo/1.0.0" },
      ...[{ status: 503, message: "storage is down" }, { ...step, next: "keys/a%2Fb" }, step],
    );
    const told = await hexedge({ origin, adminKey: "key" }, ["check", "acme"]);
    expect(told.stdout).toBe(
      "one — `--repair` writes it anew\nacme: 3 packages, 6 releases, 1 wrong\n",
    );
    expect(told).toMatchObject({
      ...{ code: 1, stderr: "hexedge: 1 thing is wrong in acme: --repair mends 1\n" },
    });
    expect(asked).toEqual([
      "GET /api/repos/acme/check",
      "GET /api/repos/acme/check?after=packages%2Ffoo%2F1.0.0",
      "GET /api/repos/acme/check?after=packages%2Ffoo%2F1.0.0",
      "GET /api/repos/acme/check?after=keys%2Fa%252Fb",
    ]);
  });

  it("waits a moment for whoever publishes, and says when they go on", async () => {
    const busy = { ...step, settled: false };
    const soon = await answering(busy, busy, step);
    const told = await hexedge({ ...soon, adminKey: "key" }, ["check", "acme"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toBe("acme: 1 package, 2 releases, nothing wrong\n");
    const always = await answering(busy);
    const unsure = await hexedge({ ...always, adminKey: "key" }, ["check", "acme"]);
    expect(unsure).toMatchObject({
      ...{ code: 1, stderr: "hexedge: not all of acme could be compared: run it again\n" },
    });
    expect(unsure.stdout).toContain("names and versions were not compared");
  });

  it("goes on with a restore, and believes that it is done when the answer was lost", async () => {
    const lost = {
      ...step,
      packages: 0,
      releases: 0,
      problems: ["lost"],
      cures: ["restore ledger"],
    };
    const down = { status: 503, message: "storage is down" };
    const part = { packages: 2, releases: 3, defects: [], next: "packages/foo" };
    const done = { status: 409, message: "acme has its ledger: there is nothing to restore" };
    const { origin, asked } = await answering(
      ...[lost, part, down, { ...part, next: null }, down, done, step],
    );
    const told = await hexedge({ origin, adminKey: "key" }, ["check", "acme", "--repair"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(/^acme: 4 packages, 6 releases restored; /);
    expect(asked.map((it) => it.replace("/api/repos/acme/", ""))).toEqual([
      ...["POST check", "POST restore", "POST restore", "POST restore"],
      ...["POST restore/finish", "POST restore/finish", "POST check"],
    ]);
    // Not done the time before, it says so.
    const never = await answering(lost, { ...part, next: null }, done);
    const refused = await hexedge({ ...never, adminKey: "key" }, ["check", "acme", "--repair"]);
    expect(refused).toMatchObject({ code: 1, stderr: `hexedge: ${done.message}\n` });
  });

  it("repairs until a whole check finds nothing more", async () => {
    const damaged = { ...step, problems: ["two"], cures: ["write index"], repaired: 1 };
    const first = { ...step, settled: false, next: "packages/foo" };
    const { origin, asked } = await answering(first, damaged, first, damaged, step);
    const args = ["check", "acme", "--repair", "--prune", "--json"];
    const told = await hexedge({ origin, adminKey: "key" }, args);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(told.stdout)).toMatchObject({ problems: [], repaired: 1, settled: true });
    expect(asked.slice(1)).toEqual([
      "POST /api/repos/acme/check?after=packages%2Ffoo&prune=true",
      "POST /api/repos/acme/check?prune=true",
      "POST /api/repos/acme/check?after=packages%2Ffoo&prune=true",
      "POST /api/repos/acme/check?prune=true",
    ]);
  });
});

describe("hexedge check --repair, when the ledger is lost", () => {
  const config = declared("acme");

  /** Packages with a retirement and docs, on a machine that then loses its ledgers, and no file. */
  async function lost(count = 0): Promise<Acme> {
    const options = { config, dataPath: temporaryFolder(), port: await freePort() };
    const acme = new Acme(await startServer(options), "acme");
    await acme.mustPublish({ name: "base" }, { name: "base", version: "1.1.0" });
    await acme.mustPublish({ name: "uses", requirements: [{ name: "base", repository: "acme" }] });
    for (let at = 0; at < count; at++) await acme.mustPublish({ name: `many_${at}` });
    await acme.server.mustAsk("POST", acme.api("/packages/base/releases/1.0.0/retire"), {
      body: { reason: "security", message: "leaky" },
    });
    await acme.publishDocs("base", "1.1.0");
    await acme.settles();
    await acme.server.run.killGroup("SIGTERM");
    const paths = readdirSync(options.dataPath, { recursive: true, encoding: "utf8" });
    const ledgers = paths.filter((it) => /Repository\/[0-9a-f]+\.sqlite/.test(it));
    expect(
      ledgers.length,
      paths.filter((it) => !it.startsWith("files")).join("\n"),
    ).toBeGreaterThan(0);
    for (const it of ledgers) rmSync(join(options.dataPath, it));
    return new Acme(await startServer(options), "acme");
  }

  it("makes a new one of what the bucket holds", async () => {
    const acme = await lost();
    const before = await acme.says();
    const refused = await acme.publish({ name: "base", version: "2.0.0" });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain("hexedge check acme --repair");
    const told = await acme.check();
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(
      /^the ledger is empty although the bucket holds packages.* — `--repair` makes it anew of what the bucket holds\n/,
    );
    expect(await acme.says()).toEqual(before);

    const repaired = await acme.check("--repair");
    expect(repaired).toMatchObject({ code: 0, stderr: "" });
    expect(repaired.stdout).toBe(
      "acme: 2 packages, 3 releases restored; there was no backup, so who owns the packages and who " +
        "published them is not known\nacme: 2 packages, 3 releases, nothing wrong\n",
    );
    expect(await acme.says()).toEqual(before);
    const base = await acme.server.mustAsk("GET", acme.api("/packages/base"));
    expect(base.retirements).toMatchObject({ "1.0.0": { reason: "security", message: "leaky" } });
    expect(base.releases.map((it: { has_docs: boolean }) => it.has_docs)).toEqual([true, false]);
    await acme.mustPublish({ name: "base", version: "2.0.0" });
    expect((await acme.publish({ name: "base", salt: "another" })).status).toBe(422);
    await acme.settles();
    expect(await acme.check()).toMatchObject({ code: 0 });
  });

  it("knows owners and publishers again from the backup", async () => {
    const acme = await lost();
    const at = Date.parse("2024-01-02T03:04:05Z");
    const ann = await acme.server.mustAsk("POST", "/api/users", {
      body: { username: "ann", password: "password of ann", email: "ann@hexedge.test" },
    });
    expect(ann.username).toBe("ann");
    const line = {
      ...{
        package: "base",
        created: at,
        updated: at,
        downloads: 7,
        owners: [[1, "ann", "full", at]],
      },
      releases: [["1.0.0", "ann", at, at, 7]],
    };
    const backups = acme.path("backups");
    expect(readdirSync(acme.path(""))).not.toContain("backups");
    mkdirSync(backups);
    writeFileSync(join(backups, "acme"), gzipSync(Buffer.from(`${JSON.stringify(line)}\n`)));
    const told = await acme.check("--repair", "--json");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(told.stdout).restored).toEqual({
      ...{ packages: 2, releases: 3, defects: [], finished: true, backup: 1 },
    });
    const owners = await acme.server.mustAsk("GET", acme.api("/packages/base/owners"));
    expect(owners).toMatchObject([{ username: "ann", level: "full" }]);
  });

  it("stops before anything is changed when something cannot be restored", async () => {
    const acme = await lost();
    rmSync(acme.file("tarballs/base-1.1.0.tar"));
    writeFileSync(acme.file("tarballs/stray-1.0.0.tar"), "nobody's");
    const file = () => readFileSync(acme.file("packages/base"));
    const before = file();
    const stopped = await acme.check("--repair");
    expect(stopped.code).toBe(1);
    expect(stopped.stdout).toMatch(
      /base 1\.1\.0 +missing +there is no repos\/acme\/tarballs\/base-1\.1\.0\.tar\n/,
    );
    expect(stopped.stdout).toMatch(/stray 1\.0\.0 +orphan/);
    expect(stopped.stdout).toMatch(/\nacme: 2 packages, 2 releases can be restored\n$/);
    expect(stopped.stderr).toMatch(
      /^hexedge: 1 thing in the bucket cannot be restored, so nothing was changed.*--without-broken/,
    );
    expect(file()).toEqual(before);
    expect((await acme.publish({ name: "base", version: "2.0.0" })).status).toBe(422);

    const went = await acme.check("--repair", "--without-broken", "--prune");
    expect(went).toMatchObject({ code: 0, stderr: "" });
    expect(went.stdout).toMatch(/acme: 2 packages, 2 releases, \d repaired, nothing wrong\n$/);
    const { versions } = await acme.says();
    expect(versions.map((it) => [it.name, it.versions])).toEqual([
      ["base", ["1.0.0"]],
      ["uses", ["1.0.0"]],
    ]);
    await acme.mustPublish({ name: "base", version: "1.1.0" });
  });

  it("ends the same after it was killed, and after the server was", async () => {
    const acme = await lost(30);
    const before = await acme.says();
    const args = ["check", "acme", "--repair"];
    // Between steps of a restore that nobody went on with:
    await acme.server.mustAsk("POST", acme.api("/restore"), { body: {} });
    await acme.server.run.killGroup("SIGKILL");
    const { dataPath, port } = acme.server;
    const again = new Acme(await startServer({ config, dataPath, port }), "acme");
    const restored = async () => (await again.step()).cures[0] !== "restore ledger";
    expect(await restored()).toBe(false);
    expect((await again.publish({ name: "new" })).status).toBe(422);
    let killed = 0;
    for (let ms = 350; !(await restored()) && ms < 3000; ms += 100) {
      if (await killedAfter(ms, again.server, args)) killed++;
    }
    expect(killed).toBeGreaterThan(0);
    const told = await again.check("--repair");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(
      /acme: 32 packages, 33 releases(, \d+ repaired)?, nothing wrong\n$/,
    );
    expect(await again.says()).toEqual(before);
  });

  it("does a step a second time when its answer was lost", async () => {
    const acme = await lost();
    for (let time = 0; time < 2; time++) {
      const { next } = await acme.server.mustAsk("POST", acme.api("/restore"), { body: {} });
      expect(next).toMatch(/\/orphans\/$/);
      const body = { after: String(next).replace("orphans", "packages") };
      await acme.server.mustAsk("POST", acme.api("/restore"), { body });
    }
    expect(await acme.check("--repair")).toMatchObject({ code: 0, stderr: "" });
  });
});
