import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { type S3Options, S3Storage } from "../../src/storage/s3.ts";
import { storageCompliance } from "./compliance.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      TEST_S3: S3Options;
    }
  }
}

describe("S3 from inside workerd", () => {
  storageCompliance(() => new S3Storage(env.TEST_S3));
});
