/** Webhooks and metrics of a real `npm start`. */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { isGenuine, Listener } from "../support/listener.ts";
import { projectFolder, runToEnd, type Server, startServer, until } from "../support/server.ts";

const secret = "only for tests 0123456789abcdef";
const webhooks = (url: string) => `
[[vars.WEBHOOKS]]
url = "${url}"
secret = "WEBHOOK_SECRET"
events = ["release.*", "key.*", "organization.member.*"]
`;
const upstreamKey = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();
/** Nobody listens there. */
const deadMirror = `
[vars.REPOSITORIES.dead]
kind = "mirror"
public = true
upstream_url = "http://127.0.0.1:9"
upstream_name = "dead"
upstream_public_key = """${upstreamKey}"""
`;
const wrangler = readFileSync(join(projectFolder, "wrangler.toml"), "utf8").replace(
  /^(main|directory) = "(.*)"/gm,
  (_, name, path) => `${name} = "${join(projectFolder, path)}"`,
);

let listener: Listener;
let server: Server;

beforeAll(async () => {
  listener = await Listener.listen(secret);
  server = await startServer({
    config: `${wrangler}\n${deadMirror}${webhooks(listener.url)}`,
    environment: { WEBHOOK_SECRET: secret },
  });
});

describe("webhooks", () => {
  it("are sent within seconds, signed so that others can tell", async () => {
    expect((await server.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
    await until(() => listener.told.length === 1, "the webhook");
    expect(listener.told[0]).toMatchObject({
      event: "release.publish",
      isGenuine: true,
      body: { repository: "test_repo", package: "foo", version: "1.0.0" },
    });
    await server.makeUser("ann", "write");
    await until(() => listener.told.length === 3, "the webhooks of accounts");
    expect(listener.told.map(({ event }) => event).slice(1)).toEqual([
      "organization.member.add",
      "key.generate",
    ]);
    expect(listener.told.every((it) => it.isGenuine)).toBe(true);
    expect(isGenuine("another secret", "t=1,v1=00", Buffer.from(""))).toBe(false);
  });

  it("that hang make no publish slower", async () => {
    const publish = async (version: string) => {
      const began = performance.now();
      expect((await server.publish({ name: "quick", version })).status).toBe(201);
      return performance.now() - began;
    };
    const median = async (major: number) => {
      const times: number[] = [];
      for (let at = 0; at < 15; at++) times.push(await publish(`${major}.${at}.0`));
      return times.sort((one, other) => one - other)[7] ?? 0;
    };
    const before = await median(1);
    const heard = listener.told.length;
    listener.answer = () => undefined;
    await publish("2.99.0");
    await until(() => listener.told.length > heard, "somebody to hang");
    const during = await median(2);
    console.log(`publish: ${before.toFixed(1)} ms, while a receiver hangs ${during.toFixed(1)} ms`);
    expect(during).toBeLessThan(before * 3 + 50);
    // And readers see all of it, in `versions` too, long before the receiver times out.
    await until(
      async () => {
        const { settled } = await server.mustAsk("GET", "/api/repos/test_repo/check");
        return settled;
      },
      "the flush",
      8000,
    );
    listener.answer = undefined;
  });

  it("are shown to the admin, and their secret is nowhere", async () => {
    const shown = await server.mustAsk("GET", "/api/webhooks/deliveries?repository=test_repo");
    expect(shown.length).toBeGreaterThan(10);
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(server.run.stdout + server.run.stderr).not.toContain(secret);
    const { status } = await server.ask("GET", "/api/webhooks/deliveries", { key: "" });
    expect(status).toBe(401);
  });

  it("without their secret stop nothing, and it is said of them and of what they were not told", async () => {
    const lacking = await startServer({ config: `${wrangler}\n${webhooks("http://a.test/hook")}` });
    expect((await lacking.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
    const error = expect.stringMatching(/^WEBHOOK_SECRET is missing: `openssl/);
    const health = await lacking.mustAsk("GET", "/health");
    expect(health.webhooks).toEqual([{ url: "http://a.test/hook", ok: false, error }]);
    const list = "/api/webhooks/deliveries?repository=test_repo";
    const first = async () => (await lacking.mustAsk("GET", list))[0];
    await until(async () => (await first()).last_error !== null, "the try");
    expect(await first()).toMatchObject({ event: "release.publish", last_error: error });
  });

  const wrong: [string, string, Record<string, string>, RegExp][] = [
    [
      "with a short one",
      webhooks("http://a.test"),
      { WEBHOOK_SECRET: "x" },
      /WEBHOOK_SECRET must have/,
    ],
    [
      "to no URL",
      webhooks("a.test"),
      { WEBHOOK_SECRET: secret },
      /WEBHOOKS\.0\.url must begin with/,
    ],
    ["to a file", webhooks("file:///etc/x"), { WEBHOOK_SECRET: secret }, /WEBHOOKS\.0\.url must/],
    [
      "with a password",
      webhooks("http://a:b@c.test"),
      { WEBHOOK_SECRET: secret },
      /WEBHOOKS\.0\.url must/,
    ],
    [
      "of events that there are not",
      webhooks("http://a.test").replace('"key.*"', '"release.published"'),
      { WEBHOOK_SECRET: secret },
      /WEBHOOKS\.0\.events\.1 names no event/,
    ],
    [
      "signed with the admin key",
      webhooks("http://a.test").replace("WEBHOOK_SECRET", "ADMIN_KEY"),
      {},
      /WEBHOOKS\.0\.secret must name a secret/,
    ],
    [
      "of repositories that there are not",
      `${webhooks("http://a.test")}repositories = ["acme"]`,
      { WEBHOOK_SECRET: secret },
      /WEBHOOKS\.0\.repositories names acme/,
    ],
    [
      "twice to one URL",
      webhooks("http://a.test").repeat(2),
      { WEBHOOK_SECRET: secret },
      /WEBHOOKS\.1\.url is declared twice/,
    ],
    [
      "with what is no option",
      `${webhooks("http://a.test")}retries = 3`,
      { WEBHOOK_SECRET: secret },
      /WEBHOOKS\.0\.retries is no option/,
    ],
  ];
  for (const [name, declared, environment, sentence] of wrong) {
    it(`${name} stop the start with a sentence`, async () => {
      const ended = await runToEnd({ config: `${wrangler}\n${declared}`, environment });
      expect(ended.code).not.toBe(0);
      expect(ended.output).toMatch(sentence);
      expect(ended.output).not.toContain(secret);
    });
  }
});

const hasParser = spawnSync("/usr/bin/python3", ["-c", "import prometheus_client"]).status === 0;

describe("metrics", () => {
  it.skipIf(!hasParser)("are read by Prometheus' own client", async () => {
    const text = await (await server.fetch("/metrics")).text();
    const script = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
print(json.dumps({f.name: [f.type, len(f.samples), bool(f.documentation)] for f in parse(sys.stdin.read())}))`;
    const read = spawnSync("/usr/bin/python3", ["-c", script], { input: text, encoding: "utf8" });
    expect(read.stderr).toBe("");
    const families = JSON.parse(read.stdout);
    expect(families.hexedge_http_requests).toEqual(["counter", expect.any(Number), true]);
    expect(families.hexedge_http_request_seconds[0]).toBe("histogram");
    expect(families.hexedge_flush_lag_seconds).toEqual(["gauge", 1, true]);
    expect(families.hexedge_webhook_deliveries[1]).toBeGreaterThanOrEqual(6);
  });

  it("say that an upstream is away", async () => {
    expect((await server.fetch("/repos/dead/packages/foo")).status).toBeGreaterThan(499);
    const text = await (await server.fetch("/metrics")).text();
    expect(text).toContain('hexedge_upstream_circuit_open{repository="dead"} 1');
    expect(text).toMatch(/upstream_requests_total\{repository="dead",result="failed"\} [1-9]/);
    expect(text).toContain('hexedge_mirror_reads_total{repository="dead",result="miss"} 1');
  });

  it("go on counting after a restart", async () => {
    const published = async (from: Server) => {
      const text = await (await from.fetch("/metrics")).text();
      return Number(/group="api_publish",method="POST",status="2xx"\} (\d+)/.exec(text)?.[1]);
    };
    const before = await published(server);
    expect(before).toBeGreaterThan(0);
    await server.run.killGroup();
    const again = await startServer({
      dataPath: server.dataPath,
      config: `${wrangler}\n${webhooks(listener.url)}`,
      environment: { WEBHOOK_SECRET: secret },
    });
    expect(await published(again)).toBe(before);
    await again.publish({ name: "after", version: "1.0.0" });
    expect(await published(again)).toBe(before + 1);
  });
});
