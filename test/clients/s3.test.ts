/** A registry with all its files on S3: what users see is the same, and so is what lies in the bucket. */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { docsTarball } from "../support/exdoc.ts";
import { getDeps } from "../support/rebar3.ts";
import { FakeS3, fakeKeys } from "../support/s3.ts";
import {
  freePort,
  runToEnd,
  type Server,
  startServer,
  temporaryFolder,
  until,
} from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const signingKey = await generateSigningKey();
const environment = {
  SIGNING_KEY: signingKey,
  S3_ACCESS_KEY_ID: fakeKeys.accessKeyId,
  S3_SECRET_ACCESS_KEY: fakeKeys.secretAccessKey,
};

const configOf = (fake: FakeS3, prefix = "") => `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars]
STORAGE = "s3"
[vars.S3]
endpoint = "${fake.endpoint}"
region = "${fake.region}"
bucket = "${fake.bucket}"
prefix = "${prefix}"
${repositories}`;

const repositories = `
[vars.REPOSITORIES.test_repo]
kind = "hosted"
[vars.REPOSITORIES.on_disk]
kind = "hosted"
public = true
storage = "folder"
[vars.REPOSITORIES.both]
kind = "group"
name = "both"
members = ["on_disk", "test_repo"]
`;

const probe = "conditional-writes-probe";

/** What a user does; the same in every registry. */
async function use(server: Server): Promise<void> {
  for (const version of ["1.0.0", "1.1.0", "2.0.0-rc.1"]) {
    expect((await server.publish({ name: "foo", version })).status).toBe(201);
  }
  expect((await server.publish({ name: "bar", version: "1.0.0" })).status).toBe(201);
  const html = new TextEncoder().encode("<h1>Docs of foo</h1>");
  const docs = docsTarball([{ path: "index.html", bytes: html }]);
  for (const version of ["1.0.0", "1.1.0"]) {
    const path = `/api/repos/test_repo/packages/foo/releases/${version}/docs`;
    const { status } = await server.fetch(path, { method: "POST", body: docs.slice() });
    expect(status).toBe(201);
  }
  const reverted = "/api/repos/test_repo/packages/foo/releases/1.1.0";
  expect((await server.fetch(reverted, { method: "DELETE" })).status).toBe(204);
}

/** When everything that was begun is done, and sound. */
async function settled(server: Server): Promise<void> {
  await until(async () => {
    const report = await server.mustAsk("GET", "/api/repos/test_repo/check");
    expect(report.problems).toEqual([]);
    return report.settled;
  }, "the repository to settle");
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => `${it.parentPath}/${it.name}`.slice(folder.length + 1))
    .sort();
}

describe("a registry on S3", () => {
  let fake: FakeS3;
  let server: Server;
  let place: { port: number; dataPath: string; config: string };

  beforeAll(async () => {
    fake = await FakeS3.start();
    fake.keysPerPage = 3;
    const [port, dataPath] = [await freePort(), temporaryFolder()];
    const pem = await publicKeyPem(await parsePrivateKey(signingKey));
    const mirror = `
[vars.REPOSITORIES.copy]
kind = "mirror"
upstream_url = "http://127.0.0.1:${port}/repos/on_disk"
upstream_name = "on_disk"
upstream_public_key = ${JSON.stringify(pem)}`;
    place = { port, dataPath, config: configOf(fake, "team/hex") + mirror };
    server = await startServer({ ...place, environment });
    await use(server);
    await settled(server);
  });
  afterAll(() => fake.stop());

  it("has the same files there as a registry in a folder has", async () => {
    const config = `compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]${repositories}`;
    const other = await startServer({ config });
    await use(other);
    await settled(other);
    const expected = filesIn(`${other.dataPath}/files`).filter((it) => it.includes("/test_repo/"));
    expect(expected.length).toBeGreaterThan(8);
    const keys = [...expected, probe].map((key) => `team/hex/${key}`).sort();
    await until(() => fake.keys().length <= keys.length, "what was reverted to be gone");
    expect(fake.keys()).toEqual(keys);
    const local = filesIn(`${server.dataPath}/files`);
    expect(local.filter((it) => !it.startsWith("repos/on_disk/"))).toEqual([]);
  });

  it("serves releases, parts of them and pages of documentation", async () => {
    const tarball = await server.file("/tarballs/foo-2.0.0-rc.1.tar");
    expect(tarball).toEqual(await packageTarball({ name: "foo", version: "2.0.0-rc.1" }));
    const part = await server.fetch("/repos/test_repo/tarballs/bar-1.0.0.tar", {
      headers: { range: "bytes=100-199" },
    });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 100]);
    const etag = part.headers.get("etag") ?? "";
    const again = await server.fetch("/repos/test_repo/tarballs/bar-1.0.0.tar", {
      headers: { "if-none-match": etag },
    });
    expect(again.status).toBe(304);
    const reverted = await server.fetch("/repos/test_repo/tarballs/foo-1.1.0.tar");
    expect(reverted.status).toBe(404);
    const page = await server.fetch("/packages/test_repo/foo/1.0.0/files/mix.exs");
    expect(page.status).toBeLessThan(500);
  });

  it.skipIf(!erlangAvailable)("is one to rebar3, and so to hex_core", async () => {
    const fetched = await getDeps({
      ...{ url: server.files(), publicKeyPem: server.publicKeyPem, repoKey: server.adminKey },
      dependencies: `[bar, {foo, "1.0.0"}]`,
    });
    expect(fetched.output).toContain("Fetching foo v1.0.0");
    expect(fetched.output).toContain("Fetching bar v1.0.0");
    expect(fetched.code).toBe(0);
  });

  it("is seen as one with a repository in a folder", async () => {
    const tarball = await packageTarball({ name: "local", version: "1.0.0" });
    const published = await server.fetch("/api/repos/on_disk/publish", {
      ...{ method: "POST", body: tarball.slice() },
      headers: { "content-type": "application/octet-stream" },
    });
    expect(published.status).toBe(201);
    for (const path of ["packages/local", "packages/bar", "names", "versions"]) {
      expect([path, (await server.fetch(`/repos/both/${path}`)).status]).toEqual([path, 200]);
    }
    for (const path of ["tarballs/local-1.0.0.tar", "tarballs/bar-1.0.0.tar"]) {
      expect([path, (await server.fetch(`/repos/both/${path}`)).status]).toEqual([path, 200]);
    }
    expect(filesIn(`${server.dataPath}/files`)).toContain("repos/on_disk/tarballs/local-1.0.0.tar");
    expect(fake.keys()).toContain("team/hex/repos/both/packages/local");
  });

  it("keeps there what a mirror has fetched, also when an answer was lost", async () => {
    fake.fail("PUT team/hex/repos/copy/", { kind: "lose answer" }, 2);
    for (const path of ["packages/local", "tarballs/local-1.0.0.tar"]) {
      const own = await server.fetch(`/repos/on_disk/${path}`);
      const mirrored = await server.fetch(`/repos/copy/${path}`);
      expect([path, mirrored.status]).toEqual([path, 200]);
      expect(await mirrored.arrayBuffer()).toEqual(await own.arrayBuffer());
      await until(() => fake.keys().includes(`team/hex/repos/copy/${path}`), `${path} to be kept`);
    }
  });

  it("publishes through slow-downs, lost answers and a moment without S3", async () => {
    fake.fail("PUT ", { kind: "refuse", status: 503, code: "SlowDown" }, 2);
    expect((await server.publish({ name: "weather", version: "1.0.0" })).status).toBe(201);
    fake.fail("PUT ", { kind: "lose answer" }, 2);
    expect((await server.publish({ name: "weather", version: "1.0.1" })).status).toBe(201);
    fake.fail("PUT ", { kind: "cut off" }, 2);
    fake.fail("GET ", { kind: "cut off" }, 2);
    expect((await server.publish({ name: "weather", version: "1.0.2" })).status).toBe(201);
    expect(await server.problems()).toEqual([]);
    for (const patch of [0, 1, 2]) await server.file(`/tarballs/weather-1.0.${patch}.tar`);
  });

  it("says what is wrong in its log, and no secret, when S3 does not answer", async () => {
    fake.fail("GET ", { kind: "refuse", status: 403, code: "AccessDenied" }, 1);
    const refused = await server.fetch("/repos/test_repo/tarballs/bar-1.0.0.tar");
    expect(refused.status).toBeGreaterThanOrEqual(500);
    const said = () => server.run.stdout + server.run.stderr;
    await until(() => said().includes("s3:ListBucket on the bucket"), "the sentence");
    expect(said()).not.toContain(fakeKeys.secretAccessKey);
    expect(await refused.text()).not.toContain(fakeKeys.secretAccessKey);
  });

  it("goes on after a restart, and after every kill -9 in the middle of publishing", async () => {
    const answered: string[] = [];
    for (let round = 0; round < 4; round++) {
      await server.run.killGroup(round === 0 ? "SIGTERM" : "SIGKILL");
      server = await startServer({ ...place, environment });
      const publishers = [0, 1, 2].map(async (person) => {
        for (let number = 0; ; number++) {
          const version = `${round}.${person}.${number}`;
          const response = await server.publish({ name: `p${person}`, version }).catch(() => null);
          if (!response) return;
          expect(response.status).toBe(201);
          answered.push(`p${person}-${version}`);
        }
      });
      await sleep(700 + 400 * Math.random());
      await server.run.killGroup("SIGKILL");
      await Promise.all(publishers);
    }
    server = await startServer({ ...place, environment });
    expect(answered.length).toBeGreaterThan(10);
    for (const release of answered) await server.file(`/tarballs/${release}.tar`);
    await until(
      async () => ((await server.problems()) as unknown[]).length === 0,
      "all to be sound",
    );
  });
});

describe("npm start with repositories on S3", () => {
  it("does not start without the secrets, and says which", async () => {
    const fake = await FakeS3.start();
    const { code, output } = await runToEnd({ config: configOf(fake) });
    expect(code).not.toBe(0);
    expect(output).toContain("S3_ACCESS_KEY_ID is missing");
    await fake.stop();
  });

  it("does not publish into an S3 that overwrites what is there", async () => {
    const fake = await FakeS3.start();
    fake.isCareless = true;
    const server = await startServer({ config: configOf(fake), environment });
    expect((await server.publish()).status).toBeGreaterThanOrEqual(500);
    const said = () => server.run.stdout + server.run.stderr;
    await until(() => said().includes("does not keep conditions on writes"), "the sentence");
    expect(fake.keys()).toEqual([probe]);
    await fake.stop();
  });
});
