/** What stays in the log of a request: a line for each change, and for each credential that is refused. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { jsonBody } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { packageTarball } from "../support/tarball.ts";
import { world } from "../support/world.ts";
import { registry, registryWith } from "./registry.ts";

let said: { level: string; line: Record<string, unknown> }[] = [];

beforeEach(() => {
  said = [];
  for (const level of ["log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((text) => {
      said.push({ level, line: typeof text === "string" ? JSON.parse(text) : text });
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** The lines since it was last asked. */
function lines(): Record<string, unknown>[] {
  const taken = said.map(({ line }) => line);
  said = [];
  return taken;
}

it("tells each change: who, what, where, and how it was answered", async () => {
  const it = await world();
  const ann = await user(it, "write");
  lines();
  const { repository } = it;
  const common = { level: "info", requestId: expect.any(String), ms: expect.any(Number) };
  const api = `/api/repos/${repository}`;
  const published = await it.admin.publish({ name: "foo", version: "1.0.0" });
  expect(lines()).toEqual([
    {
      ...{ ...common, message: `published foo 1.0.0 to ${repository}`, method: "POST" },
      ...{ path: `${api}/publish`, status: 201, actor: "admin", repository },
      ...{ package: "foo", version: "1.0.0", requestId: published.headers.get("x-request-id") },
    },
  ]);
  const init = { method: "POST", ...jsonBody({ reason: "security" }), key: ann.key };
  const retire = `${api}/packages/foo/releases/1.0.0/retire`;
  expect((await registry(retire, init)).status).toBe(204);
  expect(lines()).toEqual([
    {
      ...{ ...common, message: `POST ${retire} answered 204 to ${ann.name}`, method: "POST" },
      ...{ path: retire, status: 204, actor: ann.name, repository },
      ...{ package: "foo", version: "1.0.0" },
    },
  ]);
  const body = jsonBody({ name: "ci", permissions: [{ domain: "api" }] });
  const made = await it.admin.fetch(`/api/orgs/${repository}/keys`, { method: "POST", ...body });
  const { secret } = (await made.json()) as { secret: string };
  const [line] = lines();
  expect(line).toMatchObject({ path: `/api/orgs/${repository}/keys`, status: 201, actor: "admin" });
  expect(JSON.stringify(line)).not.toContain(secret);
});

it("tells each credential that is refused, and never the credential", async () => {
  const it = await world();
  const ann = await user(it, "read");
  lines();
  const names = `/repos/${it.repository}/names`;
  expect((await registry(names, { key: "a_wrong_key" })).status).toBe(401);
  const publish = `/api/repos/${it.repository}/publish`;
  const release = `/api/repos/${it.repository}/packages/foo/releases/1.0.0`;
  expect((await registry(release, { method: "DELETE", key: ann.key })).status).toBe(403);
  expect((await registry(publish, { method: "POST", body: "x" })).status).toBe(401);
  const form = new FormData();
  for (const [name, value] of Object.entries({ name: "ann", password: "a wrong password" })) {
    form.set(name, value);
  }
  const headers = { origin: "http://hexedge.test" };
  const signIn = await registry("/sign-in", { method: "POST", body: form, headers });
  expect(signIn.status).toBe(401);
  expect(JSON.stringify(said)).not.toMatch(/a_wrong_key|a wrong password/);
  expect(JSON.stringify(said)).not.toContain(ann.key);
  expect(said.map(({ level }) => level)).toEqual(["warn", "warn", "warn", "warn"]);
  expect(lines()).toMatchObject([
    { level: "warn", method: "GET", path: names, status: 401, actor: null },
    { level: "warn", method: "DELETE", path: release, status: 403, actor: ann.name },
    { level: "warn", method: "POST", path: publish, status: 401, actor: "anonymous" },
    { level: "warn", method: "POST", path: "/sign-in", status: 401, actor: "anonymous" },
  ]);
});

it("tells nothing of reads, of what was not there, and of what was refused for what it is", async () => {
  const it = await world({ public: true });
  await it.admin.publish({ name: "foo", version: "1.0.0" });
  lines();
  expect((await it.guest.file("/names")).status).toBe(200);
  expect((await it.admin.api("/packages/foo")).status).toBe(200);
  expect((await it.guest.fetch("/api/users/me")).status).toBe(401);
  expect((await it.admin.retire("foo", "9.0.0")).status).toBe(404);
  expect((await it.admin.upload(new Uint8Array(10))).status).toBe(422);
  expect(lines()).toEqual([]);
});

it("tells a fault once, in the same shape", async () => {
  const init = { method: "POST", key: env.ADMIN_KEY };
  const ask = registryWith({ REPOSITORY: undefined });
  const { repository } = await world();
  const body = await packageTarball();
  const response = await ask(`/api/repos/${repository}/publish`, { ...init, body });
  expect(response.status).toBe(500);
  expect(lines()).toMatchObject([
    {
      ...{ level: "error", requestId: response.headers.get("x-request-id") },
      message: expect.stringMatching(/^POST \/api\/repos\/\w+\/publish failed: /),
    },
  ]);
});
