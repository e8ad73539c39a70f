import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { expectSound, storedFiles, world } from "../support/world.ts";

describe("publish", () => {
  it("stores the tarball and a package file that names it, then names and versions", async () => {
    const it = await world();
    expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
    expect(await storedFiles(it)).toEqual(["packages/foo", "tarballs/foo-1.0.0.tar"]);
    await expectSound(it);
    await runDurableObjectAlarm(it.stub);
    expect(await storedFiles(it)).toEqual([
      "names",
      "packages/foo",
      "public_key",
      "tarballs/foo-1.0.0.tar",
      "versions",
    ]);
    await expectSound(it);
  });
});
