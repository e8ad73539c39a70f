/** `npm run hexedge -- rotate-key … --cloudflare`, against a Cloudflare that is none and a Worker that is real. */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  generateSigningKey,
  parsePrivateKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { Cloud } from "../support/fake-cloudflare.ts";

const rotate = ["rotate-key", "test_repo", "--cloudflare", "--json"];
const uploads = (cloud: Cloud) => cloud.calls.filter((it) => it.startsWith("secret bulk")).length;

describe("rotating the key of a Worker on Cloudflare", () => {
  it("puts it into a secret of the repository's own, and waits until all is signed anew", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    await cloud.server?.publish({ name: "foo" });
    const before = cloud.account.workers.hexedge?.secrets ?? {};
    const oldPem = await servedKey(cloud);

    const { code, output } = await cloud.hexedge(...rotate);
    expect([code, output]).toEqual([0, expect.stringContaining('"rotated"')]);
    const newPem = await servedKey(cloud);
    expect(newPem).not.toBe(oldPem);
    expect(output).toContain(await publicKeyFingerprint(newPem));
    expect(output).toContain(`${cloud.address}/repos/test_repo/public_key`);
    expect(await cloud.server?.problems()).toEqual([]);

    const { secrets = {} } = cloud.account.workers.hexedge ?? {};
    const { SIGNING_KEY_TEST_REPO: own = "", ...others } = secrets;
    expect(others).toEqual(before);
    expect(await publicHalf(own)).toBe(newPem);
    // What Cloudflare never gives back is kept, for nobody else to read; and nothing more.
    const kept = join(cloud.folder, ".hexedge/hexedge");
    expect(readdirSync(kept).filter((name) => /sign|upload/.test(name))).toEqual([
      "signing_key.pem",
      "signing_key_test_repo.pem",
    ]);
    const path = join(kept, "signing_key_test_repo.pem");
    expect(readFileSync(path, "utf8")).toBe(own);
    expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
    expect(cloud.account.secretsFileModes.at(-1)).toBe("600");
    const [, line = ""] = own.split("\n");
    expect(JSON.stringify(cloud.account.calls) + output).not.toContain(line);

    // Another deployment changes nothing about it.
    expect((await cloud.setup()).code).toBe(0);
    expect(await servedKey(cloud)).toBe(newPem);
  });

  it("goes on with the same key after a failure, and puts it once", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    await cloud.server?.publish({ name: "foo" });
    const oldPem = await servedKey(cloud);
    cloud.write({ failing: { "secret bulk": "fetch failed" } });
    const failed = await cloud.hexedge(...rotate);
    expect([failed.code, failed.output]).toEqual([1, expect.stringContaining("fetch failed")]);
    expect(failed.output).toContain("running this again goes on with it");
    expect(await servedKey(cloud)).toBe(oldPem);
    const path = join(cloud.folder, ".hexedge/hexedge/signing_key_test_repo.next.pem");
    const begun = readFileSync(path, "utf8");

    cloud.write({ failing: {} });
    const hasty = await cloud.hexedge(...rotate, "--wait", "0");
    const uploaded = uploads(cloud);
    const patient = await cloud.hexedge(...rotate);
    // It may have been signed already when the hasty one looked; if not, the next one only waits.
    expect([hasty.code === 0 ? 0 : patient.code, patient.output]).toEqual([0, patient.output]);
    if (hasty.code !== 0) expect(uploads(cloud)).toBe(uploaded);
    if (hasty.code !== 0) expect(await servedKey(cloud)).toBe(await publicHalf(begun));
  });

  it("only says what it would do in a dry run", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    const before = cloud.files();
    const { code, output } = await cloud.hexedge(...rotate.slice(0, -1), "--dry-run");
    expect([code, output]).toEqual([0, expect.stringContaining("SIGNING_KEY_TEST_REPO")]);
    expect([cloud.files(), uploads(cloud)]).toEqual([before, 0]);
  });

  it("replaces no secret that is kept nowhere else", async () => {
    const cloud = await Cloud.open();
    const environment = { SIGNING_KEY_TEST_REPO: await generateSigningKey() };
    await cloud.setupWith(environment);
    const { secrets } = cloud.account.workers.hexedge ?? {};
    expect(secrets).toMatchObject(environment);
    const { code, output } = await cloud.hexedge(...rotate);
    expect([code, output]).toEqual([1, expect.stringContaining("is not kept here")]);
    expect(cloud.account.workers.hexedge?.secrets).toEqual(secrets);
  });

  it("wants a Worker, and the wrangler.toml that says which", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    cloud.write({ workers: {} });
    const none = await cloud.hexedge(...rotate);
    expect([none.code, none.output]).toEqual([1, expect.stringContaining("npm run setup")]);
    rmSync(cloud.configPath);
    const nowhere = await cloud.hexedge(...rotate);
    expect([nowhere.code, nowhere.output]).toEqual([1, expect.stringContaining("wrangler.toml")]);
  });
});

async function servedKey({ server }: Cloud): Promise<string> {
  const answer = await server?.fetch("/repos/test_repo/public_key");
  expect(answer?.status).toBe(200);
  return (await answer?.text()) ?? "";
}

async function publicHalf(pem: string): Promise<string> {
  return publicKeyPem(await parsePrivateKey(pem));
}
