/** What a look at an index of hex.pm's size costs. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { buildNames, buildVersions } from "../../src/hex/registry.ts";
import { parsePrivateKey } from "../../src/hex/sign.ts";
import { injectUpstream, type MirrorWorld, mirrorWorld } from "../support/mirror.ts";

describe("a look at 20,000 packages", () => {
  it("takes some dozen statements, and one alarm's time", async () => {
    const it = await mirrorWorld({ sync: "eager" });
    // To look is all that is done.
    await injectUpstream(it, {}, { requestsMax: 0 });
    const statements = await countStatements(it);
    const first = await lookAt(it, await index(it, 20_000, 0));
    const firstStatements = statements.splice(0).length;
    expect((await it.stub.status()).pending).toBe(20_000);

    passSeconds(301);
    const same = await lookAt(it, "unchanged");
    const sameStatements = statements.splice(0).length;
    passSeconds(301);
    const changed = await lookAt(it, await index(it, 20_000, 10));
    const changedStatements = statements.splice(0).length;
    vi.useRealTimers();
    const figures = { first, same, changed, firstStatements, sameStatements, changedStatements };
    console.log(`FIGURES ${JSON.stringify(figures)}`);
    expect(firstStatements).toBeLessThan(60);
    expect(sameStatements).toBeLessThan(40);
    expect(changedStatements).toBeLessThan(60);
    expect(first).toBeLessThan(20_000);
  });
});

async function lookAt(
  it: MirrorWorld,
  files: { versions: Uint8Array; names: Uint8Array } | "unchanged",
): Promise<number> {
  it.upstream.answer = (path) => {
    if (files === "unchanged") return new Response(null, { status: 304 });
    const bytes = path === "versions" ? files.versions : files.names;
    return new Response(bytes, { headers: { etag: `"${path}"` } });
  };
  const before = performance.now();
  await runInDurableObject(it.stub, async (instance) => instance.alarm());
  return Math.round(performance.now() - before);
}

/** Twelve versions of each, as hex.pm has; `changed` of them have one more. */
async function index({ author }: MirrorWorld, count: number, changed: number) {
  const key = await parsePrivateKey(env.SIGNING_KEY ?? "");
  const { repository } = author;
  const number = (at: number) => String(at).padStart(5, "0");
  const versions = Array.from({ length: count }, (_, at) => ({
    name: `package_${number(at)}`,
    versions: Array.from({ length: at < changed ? 13 : 12 }, (_, minor) => `1.${minor}.0`),
    ...{ retired: [], withAdvisories: [] },
  }));
  const names = versions.map(({ name }, at) => ({
    name,
    updatedAt: { seconds: 1_700_000_000 + (at < changed ? 1 : 0), nanos: 0 },
  }));
  const times = { mtimeSeconds: 1_700_000_000 };
  return {
    versions: await buildVersions({ repository, packages: versions }, key, times),
    names: await buildNames({ repository, packages: names }, key, times),
  };
}

async function countStatements({ stub }: MirrorWorld): Promise<string[]> {
  const statements: string[] = [];
  await runInDurableObject(stub, ({ world }) => {
    const { sql } = world;
    const exec = (query: string, ...bindings: unknown[]) => {
      statements.push(query);
      return sql.exec(query, ...bindings);
    };
    world.sql = { exec } as unknown as SqlStorage;
  });
  return statements;
}

function passSeconds(seconds: number): void {
  const now = Date.now() + seconds * 1000;
  vi.useFakeTimers({ toFake: ["Date"], now });
}
