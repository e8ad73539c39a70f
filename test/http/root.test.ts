/** The root repository under the paths at which hex.pm's host serves its public one. */
import { describe, expect, it } from "vitest";
import { user } from "../support/people.ts";
import { world } from "../support/world.ts";
import { registry, registryWith } from "./registry.ts";

const paths = ["/names", "/versions", "/public_key", "/packages/foo", "/tarballs/foo-1.0.0.tar"];

describe("the root repository", () => {
  it("has its files at the root, the same as below /repos", async () => {
    const it = await world({ public: true });
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    const root = registryWith({ ROOT_REPOSITORY: it.repository });
    for (const path of paths) {
      const [short, long] = await Promise.all([root(path), it.guest.file(path)]);
      expect(short.status).toBe(200);
      expect(await bytes(short)).toEqual(await bytes(long));
    }
    expect((await root("/packages/nothing")).status).toBe(404);
    expect((await root("/packages/..%2f..%2fnames")).status).toBe(404);
    expect((await root("/packages/foo", { method: "POST" })).status).toBe(405);
  });

  it("is as private there as elsewhere, and an organization is beside it", async () => {
    const it = await world();
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    const root = registryWith({ ROOT_REPOSITORY: it.repository });
    const member = await user(it, "read");
    const stranger = await user(it);
    for (const path of paths) {
      expect((await root(path)).status).toBe(403);
      expect((await root(path, { key: stranger.key })).status).toBe(404);
      expect((await root(path, { key: member.key })).status).toBe(200);
      const beside = `/repos/${it.repository}${path}`;
      expect((await root(beside, { key: member.key })).status).toBe(200);
    }
  });

  it("is not there when none is declared", async () => {
    const none = registryWith({ ROOT_REPOSITORY: undefined });
    for (const path of paths) expect((await none(path)).status).toBe(404);
    expect((await registry("/names/more")).status).toBe(404);
  });
});

async function bytes(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}
