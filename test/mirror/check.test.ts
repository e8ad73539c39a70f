/** What a mirror keeps, read by somebody who trusts nobody. */
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { read } from "../support/answers.ts";
import { injectUpstream, mirrorWorld } from "../support/mirror.ts";
import { Person } from "../support/world.ts";

async function filled() {
  const it = await mirrorWorld();
  const releases = [
    { name: "bar", version: "0.1.0" },
    { name: "foo", version: "1.0.0" },
    { name: "foo", version: "1.1.0" },
  ];
  for (const release of releases) {
    expect((await it.author.publish(release)).status).toBe(201);
  }
  for (const { name, version } of releases) {
    expect((await it.reader.file(`/packages/${name}`)).status).toBe(200);
    const tarball = await it.reader.file(`/tarballs/${name}-${version}.tar`);
    expect((await tarball.arrayBuffer()).byteLength).toBeGreaterThan(1000);
  }
  const key = `repos/${it.repository}/tarballs/foo-1.1.0.tar`;
  await vi.waitFor(async () => expect(await env.BUCKET.head(key)).not.toBeNull());
  return { it, admin: new Person(it.repository, env.ADMIN_KEY) };
}

const check = async (admin: Person, method = "GET", query = "") =>
  read(await admin.api(`/check${query}`, { method }));

it("is right when nobody touched it, in one step or in several", async () => {
  const { admin } = await filled();
  const whole = { status: "ok", packages: 2, releases: 3, problems: [], next: null, settled: true };
  expect(await check(admin)).toMatchObject(whole);
  expect(await check(admin, "GET", "?after=bar")).toMatchObject({ packages: 1, releases: 2 });
});

it("that is damaged is told, removed, and fetched again", async () => {
  const { it, admin } = await filled();
  const put = (path: string) => env.BUCKET.put(`repos/${it.repository}/${path}`, "hello");
  const due = await (await it.reader.file("/tarballs/foo-1.0.0.tar")).arrayBuffer();
  await put("tarballs/foo-1.0.0.tar");
  await put("packages/bar");
  const told = await check(admin);
  expect(told.problems).toEqual([
    expect.stringMatching(/packages\/bar: .*gzip/),
    expect.stringMatching(/foo-1\.0\.0\.tar has checksum/),
  ]);
  expect(told.cures).toEqual(["fetch again", "fetch again"]);
  expect(await check(admin, "POST")).toMatchObject({ repaired: 2 });
  const again = await (await it.reader.file("/tarballs/foo-1.0.0.tar")).arrayBuffer();
  expect(new Uint8Array(again)).toEqual(new Uint8Array(due));
  // An isolate that read it a moment ago finds out by asking once.
  await vi.waitFor(async () => {
    expect((await it.reader.file("/packages/bar")).status).toBe(200);
  });
  await vi.waitFor(async () => expect(await check(admin)).toMatchObject({ problems: [] }));
});

it("is looked through by admins only, and removes nothing of other repositories", async () => {
  const { it, admin } = await filled();
  expect((await it.reader.api("/check")).status).toBe(401);
  const others = `repos/${it.author.repository}/tarballs/foo-1.0.0.tar`;
  await injectUpstream(it);
  await it.stub.drop([others]);
  expect(await env.BUCKET.head(others)).not.toBeNull();
  expect(await check(admin)).toMatchObject({ releases: 3 });
});
