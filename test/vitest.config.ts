import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Two worlds: what is pure, or drives programs from outside, runs in plain Node; what needs
// storage and Durable Objects runs inside workerd.
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/hex/**/*.test.ts", "test/clients/**/*.test.ts", "test/cli/**/*.test.ts", "test/*.test.ts"],
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
            miniflare: { cf: false },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/repository/**/*.test.ts", "test/http/**/*.test.ts", "test/storage/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
