/** A key that is made for one package of a private repository, on the pages. */
import { beforeAll, describe, expect, it } from "vitest";
import { docsOf } from "../docs/archives.ts";
import { type User, user } from "../support/people.ts";
import { type World, world } from "../support/world.ts";
import { Visitor } from "./visitor.ts";

let place: World;
let ann: User;
let key: string;
let at: string;

beforeAll(async () => {
  place = await world();
  ann = await user(place, "write");
  for (const version of ["1.0.0", "1.1.0"]) {
    expect((await place.admin.publish({ name: "foo", version })).status).toBe(201);
  }
  const requirements = [{ name: "foo", repository: place.repository }];
  expect((await place.admin.publish({ name: "secret_bar", requirements })).status).toBe(201);
  key = (await ann.with(`package:${place.repository}/foo`)).key;
  at = `/packages/${place.repository}/foo`;
});

const mine = () => [
  ...[at, `${at}/1.0.0`, `${at}/1.0.0/files`, `${at}/1.0.0/files/mix.exs`],
  ...[`${at}/1.0.0/raw/mix.exs`, `${at}/diff/1.0.0..1.1.0`, `${at}/feed.atom`],
];

const others = () => [
  ...[`/repositories/${place.repository}`, `/repositories/${place.repository}/feed.atom`],
  ...["", "/1.0.0/files", "/1.0.0/raw/mix.exs", "/feed.atom"].map(
    (path) => `/packages/${place.repository}/secret_bar${path}`,
  ),
  ...["", "/1.0.0/files"].map((path) => `/packages/${place.repository}/not_there${path}`),
  `/docs/${place.repository}/secret_bar/`,
];

async function status(path: string, secret: string): Promise<[string, number]> {
  const response = await place.guest.fetch(path, {
    headers: { authorization: secret, accept: "text/html" },
  });
  await response.text();
  return [path, response.status];
}

describe("a key for one package", () => {
  it("shows the page of the package, its files, and what changed in it", async () => {
    for (const path of mine()) expect(await status(path, key)).toEqual([path, 200]);
    const shown = await place.guest.fetch(at, { headers: { authorization: key } });
    expect(await shown.text()).not.toContain("secret_bar");
  });

  it("shows nothing else of the repository, and not whether there is anything", async () => {
    for (const path of others()) expect(await status(path, key)).toEqual([path, 401]);
  });

  it("opens no more files than it did for programs", async () => {
    for (const file of ["names", "packages/foo", "tarballs/foo-1.0.0.tar"]) {
      const path = `/repos/${place.repository}/${file}`;
      expect((await status(path, key))[1]).toBeGreaterThanOrEqual(401);
    }
  });

  it("shows the files to nobody who only may use the API", async () => {
    const reader = (await ann.with("api:read")).key;
    expect(await status(at, reader)).toEqual([at, 200]);
    const files = `${at}/1.0.0/files`;
    expect(await status(files, reader)).toEqual([files, 401]);
  });

  it("shows nothing any more when its owner may see the repository no longer", async () => {
    const bob = await user(place, "write");
    const his = (await bob.with(`package:${place.repository}/foo`)).key;
    expect(await status(at, his)).toEqual([at, 200]);
    const member = `/api/orgs/${place.repository}/members/${bob.name}`;
    expect((await place.admin.fetch(member, { method: "DELETE" })).status).toBe(204);
    await expect.poll(async () => (await status(`${at}/1.0.0/files`, his))[1]).not.toBe(200);
  });

  it("is good for the same when somebody signs in with it", async () => {
    const browser = new Visitor();
    expect((await browser.signIn({ key })).status).toBe(303);
    for (const path of mine()) {
      expect([path, (await browser.get(path)).status]).toEqual([path, 200]);
    }
    expect((await browser.get(`/repositories/${place.repository}`)).status).toBe(401);
  });

  it("leads to the package's documentation, and to no other", async () => {
    for (const name of ["foo", "secret_bar"]) {
      const docs = docsOf({ "index.html": "<h1>Docs</h1>" });
      expect((await place.admin.publishDocs(name, "1.0.0", docs)).status).toBe(201);
    }
    const page = `/docs/${place.repository}/foo/1.0.0/index.html`;
    expect(await status(page, key)).toEqual([page, 200]);
    const other = `/docs/${place.repository}/secret_bar/1.0.0/index.html`;
    expect(await status(other, key)).toEqual([other, 401]);
    const browser = new Visitor();
    await browser.signIn({ key });
    const led = await browser.get(page);
    expect(led.status).toBe(302);
    const there = new URL(led.headers.get("location") ?? "").pathname;
    expect(there).toContain(`/docs/${place.repository}/foo/~`);
    const opened = await browser.get(there, { "sec-fetch-dest": "document" });
    expect(opened.status).toBe(200);
    expect((await browser.get(other)).status).toBe(401);
  });
});
