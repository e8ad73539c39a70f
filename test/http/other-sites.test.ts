/** What another site makes a browser send, and addresses that nobody means. */
import { describe, expect, it } from "vitest";
import { jsonBody } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { world } from "../support/world.ts";

describe("a change over the API that a browser sends", () => {
  it.each<[string, Record<string, string>, number]>([
    ["for another site", { origin: "https://evil.example" }, 403],
    ["out of a sandbox", { origin: "null" }, 403],
    ["for a neighbour", { "sec-fetch-site": "same-site" }, 403],
    ["for somebody, who knows who", { "sec-fetch-site": "cross-site" }, 403],
    ["for a page of ours", { origin: "http://hexedge.test", "sec-fetch-site": "same-origin" }, 201],
    ["because somebody typed it", { "sec-fetch-site": "none" }, 201],
    ["and a program does not say why", {}, 201],
  ])("%s", async (_, headers, status) => {
    const it = await world();
    const ann = await user(it, "write");
    const body = jsonBody({ name: "laptop", permissions: [{ domain: "api", resource: "read" }] });
    const asked = { method: "POST", ...body, headers: { ...body.headers, ...headers } };
    expect((await ann.fetch("/api/keys", asked)).status).toBe(status);
  });
});

describe("an address that nobody means", () => {
  it.each(["/docs/a%0d%0ab/decimal/~x/", "/docs/a%00b/decimal/", "/docs/%2e%2e/decimal/"])(
    "is not there: %s",
    async (path) => {
      const { guest } = await world();
      expect((await guest.fetch(path)).status).toBe(404);
    },
  );

  it.each(["1e300", "1e18", "-1", "0.5", "x"])(
    "of page %s has nothing, or the first",
    async (page) => {
      const { admin, repository } = await world();
      for (const path of [`/repositories/${repository}?`, `/packages?repository=${repository}&`]) {
        expect((await admin.fetch(`${path}page=${page}`)).status).toBe(200);
      }
      expect((await admin.api(`/packages?page=${page}`)).status).toBe(200);
    },
  );
});
