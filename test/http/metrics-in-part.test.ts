/** `GET /metrics` when something is broken: what can be told is told, and under labels that are ours. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { takeCounts } from "../../src/metrics/tally.ts";
import { world } from "../support/world.ts";
import { type Ask, registryWith } from "./registry.ts";

let errors: MockInstance<typeof console.error>;

beforeEach(() => {
  errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  takeCounts();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Two repositories: with all that are declared for tests it would open a thousand of them. */
async function fewRepositories(settings: object): Promise<{ ask: Ask; repository: string }> {
  const { repository } = await world({ public: true });
  const REPOSITORIES = { [repository]: { kind: "hosted", public: true }, acme: { kind: "hosted" } };
  const GIT = { repository };
  const ask = registryWith({ REPOSITORIES, GIT, ROOT_REPOSITORY: undefined, ...settings });
  return { ask, repository };
}

const broken = {
  getByName: () => {
    throw new Error("it is overloaded");
  },
};

describe("metrics", () => {
  it.each([
    ["metrics", "accounts", { METRICS: undefined }],
    ["metrics", "accounts", { METRICS: broken }],
    ["accounts", "metrics", { ACCOUNTS_OBJECT: broken }],
  ])("are told without those of %s, and with those of %s", async (silent, other, settings) => {
    const { ask, repository } = await fewRepositories(settings);
    const response = await ask("/metrics", { key: env.ADMIN_KEY });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain(`hexedge_up{part="${silent}"} 0\n`);
    expect(text).toContain(`hexedge_up{part="${other}"} 1\n`);
    expect(text).toContain(`hexedge_repository_up{repository="${repository}"} 1\n`);
    expect(errors.mock.calls.join("\n")).toContain(`${silent} does not say how it is`);
  });

  it("are not collected where nobody would take them over", async () => {
    const { ask } = await fewRepositories({ METRICS: undefined });
    expect((await ask("/api")).status).toBe(200);
    expect([...takeCounts().keys()].filter((it) => it.includes("_http_request"))).toEqual([]);
  });

  it("of a storage that fails are by repository, or of git, wherever git is asked about", async () => {
    const BUCKET = { get: () => Promise.reject(new Error("R2 is away")) };
    const { ask, repository } = await fewRepositories({ BUCKET });
    const pack = `objects/pack/pack-${"a".repeat(40)}.pack`;
    for (const host of ["one.test", "acme"]) {
      expect((await ask(`/git/${host}/owner/name.git/${pack}`)).status).toBe(500);
    }
    expect((await ask(`/repos/${repository}/names`)).status).toBe(500);
    const failed = [...takeCounts()].filter(([series]) => series.includes("storage_errors"));
    const series = (label: string) =>
      `hexedge_storage_errors_total{repository="${label}",operation="get"}`;
    expect(failed).toEqual([
      [series("git"), 2],
      [series(repository), 1],
    ]);
  });
});
