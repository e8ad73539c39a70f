import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/error.ts";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import worker from "../../src/index.ts";
import { asksForErlang, read } from "../support/answers.ts";

/** The least that a deployment needs. */
const least = {
  ADMIN_KEY: "sixteen_letters_",
  ACCOUNTS_SECRET: "thirty-two characters, blanks too",
  SIGNING_KEY: env.SIGNING_KEY,
  REPOSITORIES: { acme: { kind: "hosted" } },
};

/** All on S3, and this of it declared otherwise. */
function onS3(declared: object) {
  return {
    ...{ STORAGE: "s3", S3_ACCESS_KEY_ID: "key", S3_SECRET_ACCESS_KEY: "secret" },
    S3: { endpoint: "https://s3.example.com", region: "eu-1", bucket: "hexedge", ...declared },
  };
}

/** What may be declared wrongly: the key, what is declared, and how the sentence about it begins. */
const wrong: [string, object, RegExp][] = [
  ["no ADMIN_KEY", { ADMIN_KEY: undefined }, /^ADMIN_KEY is missing: `npx wrangler secret put/],
  ["an empty ADMIN_KEY", { ADMIN_KEY: "" }, /^ADMIN_KEY must have at least 16/],
  ["a short ADMIN_KEY", { ADMIN_KEY: "fifteen_letters" }, /^ADMIN_KEY must have at least 16/],
  ["an ADMIN_KEY that is a number", { ADMIN_KEY: 1234567890123456 }, /^ADMIN_KEY /],
  [
    "an ADMIN_KEY with blanks around, which no header keeps",
    { ADMIN_KEY: " sixteen_letters_ " },
    /^ADMIN_KEY /,
  ],
  ["an ADMIN_KEY with a blank in it", { ADMIN_KEY: "Bearer sixteen_letters_" }, /^ADMIN_KEY /],
  ["an ADMIN_KEY that ends its line", { ADMIN_KEY: "sixteen_letters_\n" }, /^ADMIN_KEY /],
  ["an ADMIN_KEY that no header can hold", { ADMIN_KEY: "schlüssel_für_alle" }, /^ADMIN_KEY /],
  [
    "an ADMIN_KEY that is longer than what is compared",
    { ADMIN_KEY: "x".repeat(257) },
    /^ADMIN_KEY /,
  ],
  [
    "no ACCOUNTS_SECRET",
    { ACCOUNTS_SECRET: undefined },
    /^ACCOUNTS_SECRET is missing: `.*npx wrangler secret put ACCOUNTS_SECRET`/,
  ],
  ["an empty ACCOUNTS_SECRET", { ACCOUNTS_SECRET: "" }, /^ACCOUNTS_SECRET must have at least 32/],
  [
    "a short ACCOUNTS_SECRET",
    { ACCOUNTS_SECRET: "x".repeat(31) },
    /^ACCOUNTS_SECRET must have at least 32/,
  ],
  ["an ACCOUNTS_SECRET that is a number", { ACCOUNTS_SECRET: 1e40 }, /^ACCOUNTS_SECRET /],
  ["ACCOUNTS that are text", { ACCOUNTS: "open" }, /^ACCOUNTS is a table with signup/],
  ["a sign-up that is none", { ACCOUNTS: { signup: "yes" } }, /^ACCOUNTS\.signup must be "open"/],
  ["a sign-up that is true", { ACCOUNTS: { signup: true } }, /^ACCOUNTS\.signup must be "open" or/],
  ["a misspelt sign-up", { ACCOUNTS: { singup: "open" } }, /^ACCOUNTS\.singup /],
  ["LIMITS that are a number", { LIMITS: 500 }, /^LIMITS is a table of limits: api_per_minute/],
  ["a limit that is text", limits("500"), /^LIMITS\.api_per_minute must be a number/],
  ["a limit that is not whole", limits(0.5), /^LIMITS\.api_per_minute must be a whole/],
  ["a limit below nothing", limits(-1), /^LIMITS\.api_per_minute must not be negative/],
  ["a limit that is no number", limits(Number.NaN), /^LIMITS\.api_per_minute must be a/],
  ["a limit without end", limits(Number.POSITIVE_INFINITY), /^LIMITS\.api_per_minute must be a/],
  [
    "a limit of guesses that is text",
    { LIMITS: { failed_credentials_per_15_minutes: "none" } },
    /^LIMITS\.failed_credentials_per_15_minutes must be a number; 0 for no limit/,
  ],
  ["a limit that there is not", { LIMITS: { api_per_hour: 1 } }, /^LIMITS\.api_per_hour /],
  [
    "no SIGNING_KEY",
    { SIGNING_KEY: undefined },
    /^SIGNING_KEY is missing: `npx wrangler secret put/,
  ],
  ["an empty SIGNING_KEY", { SIGNING_KEY: "" }, /^SIGNING_KEY is missing/],
  ["a SIGNING_KEY that is no PEM", { SIGNING_KEY: "key.pem" }, /^SIGNING_KEY /],
  [
    "a SIGNING_KEY that is a public key",
    { SIGNING_KEY: "-----BEGIN PUBLIC KEY-----\nMII=\n-----END PUBLIC KEY-----\n" },
    /^SIGNING_KEY /,
  ],
  ["an empty SIGNING_KEY of one repository", { SIGNING_KEY_ACME: "" }, /^SIGNING_KEY_ACME /],
  [
    "a SIGNING_KEY of one repository that is no PEM",
    { SIGNING_KEY_ACME: "acme.pem" },
    /^SIGNING_KEY_ACME /,
  ],
  [
    "no REPOSITORIES",
    { REPOSITORIES: undefined },
    /^REPOSITORIES is missing: declare \[vars\.REPOSITORIES\.NAME\]/,
  ],
  ["REPOSITORIES that are text", { REPOSITORIES: "acme" }, /^REPOSITORIES /],
  ["REPOSITORIES that are a list", { REPOSITORIES: [] }, /^REPOSITORIES /],
  ["REPOSITORIES that are null", { REPOSITORIES: null }, /^REPOSITORIES /],
  ["a repository that is text", declare("acme", "hosted"), /^REPOSITORIES\.acme /],
  ["a repository without a kind", declare("acme", {}), /^REPOSITORIES\.acme\.kind /],
  [
    "a repository of a kind that is none",
    declare("acme", { kind: "proxy" }),
    /^REPOSITORIES\.acme\.kind must be "hosted"/,
  ],
  [
    "public that is text",
    declare("acme", { kind: "hosted", public: "true" }),
    /^REPOSITORIES\.acme\.public must be true or false/,
  ],
  [
    "public that is a number",
    declare("acme", { kind: "hosted", public: 1 }),
    /^REPOSITORIES\.acme\.public must be true or false/,
  ],
  [
    "a right to publish that is nobody's",
    declare("acme", { kind: "hosted", publish: "owner" }),
    /^REPOSITORIES\.acme\.publish must be "members" or "owners"/,
  ],
  [
    "a misspelt option",
    declare("acme", { kind: "hosted", pubic: true }),
    /^REPOSITORIES\.acme\.pubic /,
  ],
  [
    "a repository called like the public one",
    declare("hexpm", { kind: "hosted" }),
    /^REPOSITORIES\.hexpm/,
  ],
  ["a name in capitals", declare("Acme", { kind: "hosted" }), /^REPOSITORIES\.Acme: a name has/],
  [
    "a name with a hyphen",
    declare("ac-me", { kind: "hosted" }),
    /^REPOSITORIES\.ac-me: a name has/,
  ],
  [
    "a name with a slash",
    declare("ac/me", { kind: "hosted" }),
    /^REPOSITORIES\.ac\/me: a name has/,
  ],
  ["a name of one letter", declare("a", { kind: "hosted" }), /^REPOSITORIES\.a: a name has/],
  [
    "a name that begins with a number",
    declare("1acme", { kind: "hosted" }),
    /^REPOSITORIES\.1acme: a name has/,
  ],
  [
    "a name that is too long",
    declare("a".repeat(65), { kind: "hosted" }),
    /^REPOSITORIES\.a+: a name has/,
  ],
  ["an empty name", declare("", { kind: "hosted" }), /^REPOSITORIES\.: a name has/],
  [
    "a ROOT_REPOSITORY that is not declared",
    { ROOT_REPOSITORY: "other" },
    /^ROOT_REPOSITORY names other/,
  ],
  ["an empty ROOT_REPOSITORY", { ROOT_REPOSITORY: "" }, /^ROOT_REPOSITORY /],
  [
    "a ROOT_REPOSITORY that is a number",
    { ROOT_REPOSITORY: 1 },
    /^ROOT_REPOSITORY must be the name/,
  ],
  ["a PUBLIC_URL without a scheme", { PUBLIC_URL: "hex.example.com" }, /^PUBLIC_URL must be a URL/],
  ["an empty PUBLIC_URL", { PUBLIC_URL: "" }, /^PUBLIC_URL must be a URL/],
  ["a PUBLIC_URL that is a number", { PUBLIC_URL: 1 }, /^PUBLIC_URL /],
  [
    "a PUBLIC_URL that no client of Hex can open",
    { PUBLIC_URL: "ftp://hex.example.com" },
    /^PUBLIC_URL /,
  ],
  ["a PUBLIC_URL that is a program", { PUBLIC_URL: "javascript:alert(1)" }, /^PUBLIC_URL /],
  ["a PUBLIC_URL with a query", { PUBLIC_URL: "https://hex.example.com/?a" }, /^PUBLIC_URL /],
  ["a PUBLIC_URL with a fragment", { PUBLIC_URL: "https://hex.example.com/#a" }, /^PUBLIC_URL /],
  ["a STORAGE that is none", { STORAGE: "gcs" }, /^STORAGE must be "r2", "folder" or "s3"/],
  [
    "a storage that is none",
    { REPOSITORIES: { acme: { kind: "hosted", storage: "S3" } } },
    /^REPOSITORIES\.acme\.storage must be "r2", "folder" or "s3"/,
  ],
  ["S3 that is not declared", { STORAGE: "s3" }, /^S3 is missing: declare \[vars\.S3\]/],
  [
    "S3 that is not declared, for a mirror alone",
    { REPOSITORIES: { acme: { kind: "mirror", storage: "s3" } } },
    /^S3 is missing/,
  ],
  ["S3 without a bucket", onS3({ bucket: undefined }), /^S3\.bucket must be the name of a bucket/],
  ["S3 without an endpoint", onS3({ endpoint: undefined }), /^S3\.endpoint must be a URL such as/],
  ["S3 without a region", onS3({ region: undefined }), /^S3\.region must be a region such as/],
  ["an endpoint without a scheme", onS3({ endpoint: "s3.example.com" }), /^S3\.endpoint must be/],
  ["an endpoint with a path", onS3({ endpoint: "https://a.b/bucket" }), /^S3\.endpoint .*path/],
  ["an endpoint with a key", onS3({ endpoint: "https://key:secret@a.b" }), /^S3\.endpoint must be/],
  ["a bucket that leads elsewhere", onS3({ bucket: "../other" }), /^S3\.bucket is no name/],
  ["a prefix that leads elsewhere", onS3({ prefix: "../other" }), /^S3\.prefix must be a folder/],
  ["a prefix that begins with a slash", onS3({ prefix: "/a" }), /^S3\.prefix must be a folder/],
  ["a misspelt option of S3", onS3({ buckets: "a" }), /^S3\.buckets is no option of S3/],
  ["S3 that is text", { STORAGE: "s3", S3: "https://a.b" }, /^S3 is missing: endpoint/],
  [
    "a bucket with dots as a host",
    onS3({ bucket: "a.b.c", virtual_host: true }),
    /^S3\.virtual_host: a bucket with dots/,
  ],
  [
    "no S3_ACCESS_KEY_ID",
    { ...onS3({}), S3_ACCESS_KEY_ID: undefined },
    /^S3_ACCESS_KEY_ID is missing: `npx wrangler secret put S3_ACCESS_KEY_ID`/,
  ],
  [
    "no S3_SECRET_ACCESS_KEY",
    { ...onS3({}), S3_SECRET_ACCESS_KEY: undefined },
    /^S3_SECRET_ACCESS_KEY is missing: `npx wrangler secret put/,
  ],
  [
    "an S3_SECRET_ACCESS_KEY that ends its line",
    { ...onS3({}), S3_SECRET_ACCESS_KEY: "secret\n" },
    /^S3_SECRET_ACCESS_KEY must have letters, digits/,
  ],
];

let log: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

describe("what is declared wrongly", () => {
  it.each(wrong)("is told in a sentence that names it: %s", (_title, declared, sentence) => {
    const asked = () => readConfig({ ...least, ...declared } as unknown as Env);
    expect(asked).toThrow(ConfigError);
    expect(asked).toThrow(sentence);
  });

  // Secrets and vars that nobody set are not there at all.
  it.each(["ADMIN_KEY", "ACCOUNTS_SECRET", "SIGNING_KEY", "REPOSITORIES"] as const)(
    "is told when %s was never set",
    (key) => {
      const { [key]: _, ...declared } = least;
      expect(() => readConfig(declared as unknown as Env)).toThrow(
        new RegExp(`^${key} is missing: `),
      );
    },
  );

  it.each(["constructor", "prototype", "__proto__"])(
    "does not vanish when a repository is called %s",
    (name) => {
      const declared = { ...least, REPOSITORIES: JSON.parse(`{"${name}":{"kind":"hosted"}}`) };
      let names: string[] = [];
      try {
        names = [...readConfig(declared as unknown as Env).repositories.keys()];
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        names = [name];
      }
      expect(names).toEqual([name]);
    },
  );

  it("never says a secret", () => {
    for (const declared of [
      { ADMIN_KEY: "my_secret" },
      { ADMIN_KEY: "my_secret with a blank" },
      { ACCOUNTS_SECRET: "my_secret" },
      { SIGNING_KEY: "my_secret" },
      { SIGNING_KEY_ACME: "my_secret" },
    ]) {
      let sentence = "";
      try {
        readConfig({ ...least, ...declared } as unknown as Env);
      } catch (error) {
        sentence = String(error);
      }
      expect(sentence).not.toContain("my_secret");
    }
  });

  it.each([
    ["GET", "/"],
    ["GET", "/health"],
    ["GET", "/nothing"],
    ["GET", "/repos/acme/names"],
    ["GET", "/repos/acme/public_key"],
    ["HEAD", "/repos/acme/packages/foo"],
    ["GET", "/api/nothing"],
    ["GET", "/api/users/me"],
    ["GET", "/api/repos/acme/packages/foo"],
    ["POST", "/api/repos/acme/publish"],
    ["POST", "/api/publish"],
    ["PUT", "/api/publish"],
    ["DELETE", "/api/repos/acme/packages/foo/releases/1.0.0"],
  ])("stops every request with that sentence: %s %s", async (method, path) => {
    const headers = { authorization: least.ADMIN_KEY };
    const response = await ask(method, path, { ROOT_REPOSITORY: "other" }, headers);
    expect(response.status).toBe(500);
    expect(response.headers.get("x-request-id")).toMatch(/\S/);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.get("retry-after")).toBeNull();
    expect(log).toHaveBeenCalledOnce();
    if (method === "HEAD") return;
    const said = path.startsWith("/api") ? (await read(response)).message : await response.text();
    expect(said).toMatch(
      /^This registry is not set up rightly: ROOT_REPOSITORY names other, which REPOSITORIES does not declare\n?$/,
    );
  });

  it("is told in the client's format", async () => {
    const response = await ask("GET", "/api/users/me", { ADMIN_KEY: "short" }, asksForErlang);
    expect(response.headers.get("content-type")).toBe("application/vnd.hex+erlang; charset=utf-8");
    expect((await read(response)).message).toContain("ADMIN_KEY must have at least 16 characters");
  });

  it("stops the cron, and nobody is woken", async () => {
    const bindings = { ...env, ADMIN_KEY: "short" };
    const cron = worker.scheduled(createScheduledController(), bindings);
    await expect(cron).rejects.toThrow("ADMIN_KEY must have at least 16 characters");
  });

  it("is right again as soon as it is declared rightly", async () => {
    expect((await ask("GET", "/health", { ADMIN_KEY: "short" })).status).toBe(500);
    expect((await ask("GET", "/health", {})).status).toBe(200);
  });
});

describe("what is declared rightly", () => {
  it("is read, with a repository private unless it says otherwise", () => {
    const config = readConfig({
      ...least,
      REPOSITORIES: {
        acme: { kind: "hosted" },
        open_1: { kind: "hosted", public: true },
        shut: { kind: "hosted", public: false },
        ["a".repeat(64)]: { kind: "hosted" },
        ab: { kind: "hosted", publish: "owners" },
      },
      ACCOUNTS: { signup: "open" },
      LIMITS: { api_per_minute: 0, failed_credentials_per_15_minutes: 7 },
      ROOT_REPOSITORY: "open_1",
      PUBLIC_URL: "https://hex.example.com//",
    } as unknown as Env);
    expect(config.hosted).toEqual(config.repositories);
    expect(config).toMatchObject({
      adminKey: least.ADMIN_KEY,
      accountsSecret: least.ACCOUNTS_SECRET,
      isSignupOpen: true,
      limits: { apiPerMinute: 0, failedCredentialsPer15Minutes: 7 },
      repositories: new Map(
        ["acme", "open_1", "shut", "a".repeat(64), "ab"].map((name) => [
          name,
          {
            ...{ name, kind: "hosted", public: name === "open_1" },
            publish: name === "ab" ? "owners" : "members",
          },
        ]),
      ),
      rootRepository: "open_1",
      publicUrl: "https://hex.example.com",
    });
  });

  it("is read, with a mirror that follows hex.pm unless it says otherwise", () => {
    const config = readConfig({
      ...least,
      REPOSITORIES: {
        theirs: { kind: "mirror", public: true },
        acme: { kind: "mirror", upstream_url: "https://hex.acme.com/repos/acme/", ttl: 5 },
      },
    } as unknown as Env);
    expect(config.hosted.size).toBe(0);
    expect(config.repositories.get("theirs")).toMatchObject({
      ...{ kind: "mirror", public: true, authKey: undefined },
      declaration: {
        ...{ upstream_url: "https://repo.hex.pm", upstream_name: "hexpm", ttl: 60 },
        ...{ sync: "lazy", mode: "verbatim", offline: false, keep_deleted: false },
        upstream_public_key: expect.stringContaining("BEGIN PUBLIC KEY"),
      },
    });
    expect(config.repositories.get("acme")).toMatchObject({
      ...{
        public: false,
        declaration: { upstream_url: "https://hex.acme.com/repos/acme", ttl: 5 },
      },
    });
  });

  it.each([{}, { ACCOUNTS: {}, LIMITS: {} }])(
    "limits what it does not say, and lets nobody sign up: %j",
    (declared) => {
      const config = readConfig({ ...least, ...declared } as unknown as Env);
      expect(config.isSignupOpen).toBe(false);
      expect(config.limits).toEqual({ apiPerMinute: 500, failedCredentialsPer15Minutes: 20 });
    },
  );

  it.each([
    ["http and a port", "http://127.0.0.1:4000", "http://127.0.0.1:4000"],
    ["a path", "https://example.com/hex/", "https://example.com/hex"],
  ])("may be a PUBLIC_URL with %s", (_title, declared, read) => {
    expect(readConfig({ ...least, PUBLIC_URL: declared } as unknown as Env).publicUrl).toBe(read);
  });

  it.each([
    ["", ""],
    ["team/hex", "team/hex/"],
    ["team/hex/", "team/hex/"],
  ])("may be S3 with the prefix %j", (prefix, expected) => {
    const declared = onS3({ endpoint: "https://s3.example.com/", prefix });
    expect(readConfig({ ...least, ...declared } as unknown as Env).s3).toEqual({
      ...{
        endpoint: "https://s3.example.com",
        region: "eu-1",
        bucket: "hexedge",
        prefix: expected,
      },
      ...{ isVirtualHost: false, accessKeyId: "key", secretAccessKey: "secret" },
    });
  });

  it("needs no secrets of an S3 that no repository is on", () => {
    const { S3 } = onS3({});
    expect(readConfig({ ...least, S3 } as unknown as Env).s3).toBeUndefined();
  });

  it("needs neither a root repository nor an address", () => {
    const config = readConfig({ ...least } as unknown as Env);
    expect([config.rootRepository, config.publicUrl]).toEqual([undefined, undefined]);
  });

  it("may give every repository a signing key of its own, and then no common one", () => {
    const { SIGNING_KEY, ...rest } = least;
    const own = { ...rest, SIGNING_KEY_ACME: SIGNING_KEY };
    expect(readConfig(own as unknown as Env).repositories.size).toBe(1);
  });

  it("may be an admin key of 16 letters, or of 256", () => {
    for (const length of [16, 256]) {
      const ADMIN_KEY = "k".repeat(length);
      expect(readConfig({ ...least, ADMIN_KEY } as unknown as Env).adminKey).toBe(ADMIN_KEY);
    }
  });

  it.each(["k".repeat(16), "k".repeat(256), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"])(
    "is an admin key that opens the registry: %s",
    async (ADMIN_KEY) => {
      for (const authorization of [
        ADMIN_KEY,
        `Bearer ${ADMIN_KEY}`,
        `Basic ${btoa(`x:${ADMIN_KEY}`)}`,
      ]) {
        const response = await ask("GET", "/api/users/me", { ADMIN_KEY }, { authorization });
        expect(response.status).toBe(200);
      }
    },
  );

  it("is what the Worker of this repository declares in wrangler.toml", async () => {
    expect((await exports.default.fetch("http://hexedge.test/health")).status).toBe(200);
    expect(readConfig(env).rootRepository).toBe("shut_000");
  });
});

function limits(perMinute: unknown): { LIMITS: object } {
  return { LIMITS: { api_per_minute: perMinute } };
}

function declare(name: string, declared: unknown): { REPOSITORIES: Record<string, unknown> } {
  return { REPOSITORIES: { [name]: declared } };
}

async function ask(
  method: string,
  path: string,
  declared: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  const bindings = { ...env, ...declared };
  const body = method === "POST" ? "x" : null;
  const request = new Request(`http://hexedge.test${path}`, { method, headers, body });
  return createApp().fetch(request, bindings, createExecutionContext());
}
