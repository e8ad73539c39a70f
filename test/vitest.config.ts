import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../src/hex/sign.ts";
import { FakeS3 } from "./support/s3.ts";

// Every test in workerd takes a repository of its own: see test/support/world.ts.
const repositories = Object.fromEntries(
  Array.from({ length: 400 }, (_, at) => String(at).padStart(3, "0")).flatMap((number) => [
    [`shut_${number}`, { kind: "hosted" }],
    [`open_${number}`, { kind: "hosted", public: true }],
  ]),
);

const signingKey = await generateSigningKey();
const publicKey = await publicKeyPem(await parsePrivateKey(signingKey));

// Mirrors of repositories that stand beside them: see test/support/mirror.ts.
const mirrors = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => String(at).padStart(3, "0")).flatMap((number) => [
    [`source_${number}`, { kind: "hosted", public: true }],
    [
      `mirror_${number}`,
      {
        ...{ kind: "mirror", public: true, upstream_name: `source_${number}` },
        upstream_url: `http://upstream.test/repos/source_${number}`,
        upstream_public_key: publicKey,
      },
    ],
    // A group of each mirror with an open, and with a private repository of our own.
    [`own_${number}`, { kind: "hosted", public: true }],
    [`secret_${number}`, { kind: "hosted" }],
    [`group_${number}`, { kind: "group", members: [`own_${number}`, `mirror_${number}`] }],
    [
      `vault_${number}`,
      { kind: "group", name: "vault", members: [`secret_${number}`, `mirror_${number}`] },
    ],
  ]),
);

// Curated ones, with a key of their own: see test/mirror/curated-world.ts.
const curatorKey = await generateSigningKey();
const numbers = Array.from({ length: 40 }, (_, at) => String(at).padStart(3, "0"));
const curatedMirrors = Object.fromEntries(
  numbers.flatMap((number) => [
    [`origin_${number}`, { kind: "hosted", public: true }],
    [
      `curated_${number}`,
      {
        ...{ kind: "mirror", mode: "curated", rules: {}, public: true },
        ...{ upstream_name: `origin_${number}`, upstream_public_key: publicKey },
        upstream_url: `http://upstream.test/repos/origin_${number}`,
      },
    ],
  ]),
);
const curatorKeys = Object.fromEntries(
  numbers.map((number) => [`SIGNING_KEY_CURATED_${number}`, curatorKey]),
);

const testFolder = mkdtempSync(join(tmpdir(), "hexedge-folder-"));
process.once("exit", () => rmSync(testFolder, { recursive: true, force: true }));

// For the storage tests inside workerd; all that fails is tried from Node.
const s3 = (await FakeS3.start()).unref();

/** As src/http/log.ts writes it, and as publish did before there was that. */
function isRequestLine(line: string): boolean {
  return /^\{"(?:level":"(?:info|warn)"|message":"published )/.test(line);
}

// Two worlds: what is pure, or drives programs from outside, runs in plain Node; what needs
// storage and Durable Objects runs inside workerd.
export default defineConfig({
  test: {
    // Most of the time is waiting, so two files go well on two cores, where vitest would take one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ["default", "./test/support/summary.ts"],
    // What the registry logs of every request would be most of what a run prints. What comes together with
    // anything else, a fault for example, is shown.
    onConsoleLog: (log) => !log.trimEnd().split("\n").every(isRequestLine),
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: [
            "test/hex/**/*.test.ts",
            "test/clients/**/*.test.ts",
            "test/cli/**/*.test.ts",
            "test/static/**/*.test.ts",
            "test/mirror/{rules*,upstream-tcp}.test.ts",
            "test/storage/*s3.test.ts",
            "test/*.test.ts",
          ],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        plugins: [
          cloudflareTest({
            main: "./test/support/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              cf: false,
              // Not FOLDER, or everything would be stored there; the Worker of `npm start` does.
              serviceBindings: { TEST_FOLDER: { disk: { path: testFolder, writable: true } } },
              bindings: {
                ADMIN_KEY: "hex_only_for_tests_0123456789",
                ACCOUNTS_SECRET: "only for tests: 0123456789abcdef0123456789",
                LIMITS: { api_per_minute: 0, failed_credentials_per_15_minutes: 0 },
                SIGNING_KEY: signingKey,
                ...curatorKeys,
                REPOSITORIES: { ...repositories, ...mirrors, ...curatedMirrors },
                ROOT_REPOSITORY: "shut_000",
                TEST_S3: s3.options,
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: [
            "test/accounts/**/*.test.ts",
            "test/mirror/**/*.test.ts",
            "test/group/**/*.test.ts",
            "test/preview/**/*.test.ts",
            "test/docs/**/*.test.ts",
            "test/repository/**/*.test.ts",
            "test/http/**/*.test.ts",
            "test/storage/**/*.test.ts",
            "test/web/**/*.test.ts",
          ],
          exclude: ["test/mirror/{rules*,upstream-tcp}.test.ts", "test/storage/*s3.test.ts"],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
