/** How a curated mirror is declared, and who may ask what it holds. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";

function declared(mirror: object, others: object = {}): Env {
  const REPOSITORIES = { hex: { kind: "mirror", ...mirror } };
  return { ...env, ROOT_REPOSITORY: undefined, REPOSITORIES, ...others } as unknown as Env;
}

describe("the declaration of a curated mirror", () => {
  const wrong: [string, object, object, RegExp][] = [
    [
      "without rules",
      { mode: "curated" },
      {},
      /^REPOSITORIES\.hex\.rules is missing: declare \[vars\./,
    ],
    [
      "verbatim, with rules",
      { rules: {} },
      {},
      /^REPOSITORIES\.hex\.rules would hold nothing back/,
    ],
    [
      "without a key to sign with",
      { mode: "curated", rules: {} },
      { SIGNING_KEY: undefined },
      /^SIGNING_KEY is missing/,
    ],
    ["with a rule that is none", { mode: "curated", rules: { cooldwon: "7d" } }, {}, /cooldwon/],
    [
      "with a policy that Hex would not ask for",
      { mode: "curated", rules: {}, policy: "../names" },
      {},
      /^REPOSITORIES\.hex\.policy is no name of a policy/,
    ],
  ];
  for (const [what, mirror, others, sentence] of wrong) {
    it(`is refused ${what}`, () => {
      expect(() => readConfig(declared(mirror, others))).toThrow(sentence);
    });
  }

  it("is taken with rules and a key, which may be its own", () => {
    const others = { SIGNING_KEY: undefined, SIGNING_KEY_HEX: env.SIGNING_KEY };
    const config = readConfig(declared({ mode: "curated", rules: { cooldown: "7d" } }, others));
    expect(config.repositories.get("hex")).toMatchObject({
      declaration: { policy: "default", rules: { cooldownDays: 7 } },
    });
  });
});

describe("a private curated mirror", () => {
  const ask = (path: string) =>
    createApp().fetch(
      new Request(`http://hexedge.test${path}`),
      declared({ mode: "curated", rules: {} }),
      createExecutionContext(),
    );

  it("tells a stranger nothing", async () => {
    const verdicts = await ask("/api/repos/hex/packages/foo/verdicts");
    const absent = await ask("/api/repos/nothing/packages/foo/verdicts");
    expect([verdicts.status, absent.status]).toEqual([absent.status, verdicts.status]);
    expect([401, 403, 404]).toContain(verdicts.status);
    for (const path of [
      "packages/foo",
      "policies/default",
      "public_key",
      "tarballs/foo-1.0.0.tar",
    ]) {
      expect((await ask(`/repos/hex/${path}`)).status).toBe(403);
    }
  });
});
