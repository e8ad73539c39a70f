/** What `/health` tells the admin of a Worker with R2, KV and Durable Objects, and of one that lacks them. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";

const declared = {
  shut_000: { kind: "hosted" },
  mirror_000: {
    kind: "mirror",
    public: true,
    upstream_url: "http://upstream.test/repos/source_000",
  },
  group_000: { kind: "group", members: ["shut_000", "mirror_000"] },
};

describe("the health of what is behind the Worker", () => {
  it("writes, reads and removes something in each storage, and leaves nothing", async () => {
    const health = await ask("/health?probe");
    const well = { ok: true, put_ms: expect.any(Number), get_ms: expect.any(Number) };
    expect(health.storages).toEqual([
      { storage: "kv", ...well, delete_ms: expect.any(Number) },
      { storage: "r2", ...well, delete_ms: expect.any(Number) },
    ]);
    const left = await (env as Env).BUCKET?.list({ prefix: "health/" });
    const keys = await (env as Env).INDEX.list({ prefix: "health/" });
    expect([left?.objects, keys.keys.filter(({ name }) => name !== "health/cron")]).toEqual([
      [],
      [],
    ]);
  });

  it("names every repository with the key that signs it, and asks an object of each kind", async () => {
    const health = await ask("/health");
    const signingKey = { fingerprint: expect.stringMatching(/^SHA256:/) };
    expect(health.repositories).toEqual([
      {
        ...{ name: "shut_000", kind: "hosted", public: false, signed_name: "shut_000" },
        signing_key: signingKey,
      },
      {
        ...{ name: "mirror_000", kind: "mirror", public: true, signed_name: "hexpm" },
        signing_key: null,
      },
      {
        ...{ name: "group_000", kind: "group", public: false, signed_name: expect.any(String) },
        signing_key: signingKey,
      },
    ]);
    expect(health.objects).toMatchObject(
      ["ACCOUNTS_OBJECT", "REPOSITORY", "MIRROR", "METRICS", "GROUP"].map((binding) => ({
        binding,
        ok: true,
      })),
    );
  });

  it("says which webhook lacks its secret, and which has it", async () => {
    const WEBHOOKS = ["ci", "chat"].map((it) => ({
      ...{ url: `https://${it}.test/`, secret: `${it.toUpperCase()}_SECRET` },
    }));
    const health = await ask("/health", { WEBHOOKS, CI_SECRET: "0123456789abcdef" });
    expect(health.webhooks).toEqual([
      { url: "https://ci.test/", ok: true },
      {
        ...{ url: "https://chat.test/", ok: false },
        error: expect.stringMatching(/^CHAT_SECRET is missing: `openssl/),
      },
    ]);
  });

  it.each(["BUCKET", "INDEX", "ACCOUNTS_OBJECT", "REPOSITORY", "MIRROR", "METRICS", "GROUP"])(
    "still tells the rest when %s is not bound",
    async (binding) => {
      const health = await ask("/health?probe", { [binding]: undefined });
      const all = [...health.objects, ...health.storages];
      const broken = all.filter(({ ok }) => !ok).map((it) => it.binding ?? it.storage);
      const expected = { BUCKET: "r2", INDEX: "kv" }[binding] ?? binding;
      expect(broken).toEqual([expected]);
    },
  );
});

interface Health {
  repositories: unknown[];
  webhooks: unknown[];
  objects: { binding?: string; storage?: string; ok: boolean }[];
  storages: { binding?: string; storage?: string; ok: boolean }[];
}

async function ask(path: string, change: Record<string, unknown> = {}): Promise<Health> {
  const settings = { ...env, REPOSITORIES: declared, ROOT_REPOSITORY: undefined, ...change };
  const context = createExecutionContext();
  const answer = await createApp().fetch(
    new Request(`http://hexedge.test${path}`, {
      headers: { authorization: String((env as Env).ADMIN_KEY) },
    }),
    settings as unknown as Env, // a binding may be missing, which the type does not know
    context,
  );
  await waitOnExecutionContext(context);
  expect(answer.status).toBe(200);
  return answer.json();
}
