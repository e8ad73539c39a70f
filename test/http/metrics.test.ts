/** `GET /metrics`: what Prometheus gets. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { metricsName } from "../../src/env.ts";
import { groupOf } from "../../src/http/measure.ts";
import { countErrors } from "../../src/metrics/storage.ts";
import { histogramOf, observe, seriesOf, takeCounts } from "../../src/metrics/tally.ts";
import { metricsText } from "../../src/metrics/text.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { injectFaults } from "../support/faulty-storage.ts";
import { mirrorWorld } from "../support/mirror.ts";
import { type World, world } from "../support/world.ts";
import { registryWith } from "./registry.ts";

async function samples({ repository }: World): Promise<(series: string) => number> {
  // With all that are declared for tests it would open a thousand of them.
  const REPOSITORIES = { [repository]: { kind: "hosted", public: true } };
  const ask = registryWith({ REPOSITORIES, ROOT_REPOSITORY: undefined });
  const response = await ask("/metrics", { key: env.ADMIN_KEY });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).split("\n").filter((line) => /^[^#]/.test(line));
  const values = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), line]));
  return (series) => Number(values.get(series)?.split(" ").at(-1) ?? 0);
}

describe("metrics", () => {
  it("are for the admin key alone", async () => {
    const { guest } = await world();
    expect((await guest.fetch("/metrics")).status).toBe(401);
    const wrong = await guest.fetch("/metrics", { headers: { authorization: "wrong" } });
    expect(wrong.status).toBe(401);
  });

  it("count requests, downloads and refused credentials, and never go back", async () => {
    const it = await world({ public: true });
    const requests = (group: string, method: string, status: string) =>
      `hexedge_http_requests_total{group="${group}",method="${method}",status="${status}"}`;
    const before = await samples(it);
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    await it.guest.file("/tarballs/foo-1.0.0.tar");
    await it.guest.file("/tarballs/foo-1.0.0.tar");
    await it.guest.file("/tarballs/bar-1.0.0.tar");
    await it.guest.file("/names", { headers: { authorization: "wrong" } });
    const now = await samples(it);
    const more = (series: string) => now(series) - before(series);
    expect(more(requests("api_publish", "POST", "2xx"))).toBe(1);
    expect(more(requests("files_tarballs", "GET", "2xx"))).toBe(2);
    expect(more(requests("files_tarballs", "GET", "4xx"))).toBe(1);
    expect(more('hexedge_http_request_seconds_count{group="files_tarballs"}')).toBe(3);
    expect(more('hexedge_http_request_seconds_bucket{group="files_tarballs",le="+Inf"}')).toBe(3);
    expect(more(`hexedge_downloads_total{repository="${it.repository}"}`)).toBe(2);
    expect(more('hexedge_refused_credentials_total{reason="credential_unknown"}')).toBe(1);
    const again = await samples(it);
    expect(again(requests("files_tarballs", "GET", "2xx"))).toBe(
      now(requests("files_tarballs", "GET", "2xx")),
    );
  });

  it("say how far the files are behind, and what failed in storage", async () => {
    const it = await world({ public: true });
    const of = (name: string) => `${name}{repository="${it.repository}"}`;
    const storage = await injectFaults(it);
    storage.fault = { at: 2, happens: false, kind: "outage" };
    expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(500);
    const behind = await samples(it);
    expect(behind(of("hexedge_dirty_packages"))).toBe(1);
    expect(behind(of("hexedge_unindexed_packages"))).toBe(1);
    expect(behind(of("hexedge_flush_lag_seconds"))).toBeGreaterThan(0);
    expect(behind(of("hexedge_repository_up"))).toBe(1);
    storage.fault = undefined;
    await it.stub.recover();
    await it.stub.recover();
    const upToDate = await samples(it);
    expect(upToDate(of("hexedge_dirty_packages"))).toBe(0);
    expect(upToDate(of("hexedge_flush_lag_seconds"))).toBe(0);
  });

  it("hear of what failed in an isolate that nobody sends requests to", async () => {
    const { stub, repository } = await world({ public: true });
    const failing: Pick<Storage, "put"> = { put: () => Promise.reject(new Error("it is down")) };
    await runInDurableObject(stub, async (instance: Repository) => {
      const { storage } = instance.world;
      instance.world.storage = countErrors({ ...storage, ...failing }, repository);
      instance.world.retryDelaysMs = [];
      await expect(instance.recover()).rejects.toThrow("it is down");
    });
    // Not `GET /metrics`, which hands over what its own isolate has counted.
    const series = `hexedge_storage_errors_total{repository="${repository}",operation="put"}`;
    const counted = async () => (await env.METRICS.getByName(metricsName).all())[series] ?? 0;
    await vi.waitUntil(async () => (await counted()) > 0);
  });

  it("tell what a mirror has from what it had to fetch", async () => {
    const open = await world({ public: true });
    const { author, reader, repository } = await mirrorWorld();
    await author.publish({ name: "foo", version: "1.0.0" });
    const of = (result: string) =>
      `hexedge_mirror_reads_total{repository="${repository}",result="${result}"}`;
    for (let at = 0; at < 3; at++) {
      const response = await reader.file("/tarballs/foo-1.0.0.tar");
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
    const now = await samples(open);
    expect([now(of("miss")), now(of("hit"))]).toEqual([1, 2]);
  });

  it("have few labels, whatever is asked for", () => {
    const groups: [string, string][] = [
      ["/", "pages"],
      ["/names", "files_names"],
      ["/packages/foo", "files_packages"],
      ["/packages", "pages"],
      ["/packages/acme/foo", "pages"],
      ["/tarballs/foo-1.0.0.tar", "files_tarballs"],
      ["/repos/acme/names", "files_names"],
      ["/repos/acme/tarballs/foo-1.0.0.tar", "files_tarballs"],
      ["/repos/acme/anything", "files_other"],
      ["/docs/acme/foo/index.html", "docs_pages"],
      ["/git/github.com/a/b.git", "git"],
      ["/metrics", "metrics"],
      ["/api", "api_other"],
      ["/api/publish", "api_publish"],
      ["/api/repos", "api_repos"],
      ["/api/repos/acme", "api_repos"],
      ["/api/repos/acme/publish", "api_publish"],
      ["/api/repos/acme/packages/foo", "api_packages"],
      ["/api/repos/acme/packages/foo/releases/1.0.0", "api_releases"],
      ["/api/repos/acme/packages/foo/releases/1.0.0/docs", "api_docs"],
      ["/api/repos/acme/repos/acme/packages/foo/owners/ann", "api_owners"],
      ["/api/audit-logs", "api_audit_logs"],
      ["/api/what/ever", "api_other"],
    ];
    expect(groups.map(([path]) => [path, groupOf(path)])).toEqual(groups);
  });

  it("are written as the format has it", () => {
    takeCounts();
    const histogram = histogramOf("hexedge_http_request_seconds", { group: "pages" });
    for (const seconds of [0.0005, 0.3, 99]) observe(histogram, seconds);
    const values = takeCounts();
    values.set(seriesOf("hexedge_downloads_total", { repository: 'a"b\\c\nd' }), 3);
    const text = metricsText(values);
    expect(text).toContain('hexedge_downloads_total{repository="a\\"b\\\\c\\nd"} 3\n');
    expect(text).toContain("# TYPE hexedge_http_request_seconds histogram\n");
    expect(text).toContain(
      [
        'hexedge_http_request_seconds_bucket{group="pages",le="0.001"} 1',
        'hexedge_http_request_seconds_bucket{group="pages",le="0.5"} 2',
        'hexedge_http_request_seconds_bucket{group="pages",le="+Inf"} 3',
        'hexedge_http_request_seconds_sum{group="pages"} 99.3005',
        'hexedge_http_request_seconds_count{group="pages"} 3',
      ].join("\n"),
    );
    expect(text.endsWith("\n")).toBe(true);
  });
});
