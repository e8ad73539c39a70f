import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { R2Storage } from "../../src/storage/r2.ts";
import { storageCompliance } from "./compliance.ts";

describe("R2", () => {
  storageCompliance(() => new R2Storage(env.BUCKET));
});
