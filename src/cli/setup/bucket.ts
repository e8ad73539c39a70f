/** The R2 bucket that wrangler.toml names. */
import { Mistake } from "../mistake.ts";
import type { Declared } from "./declared.ts";
import type { Report } from "./report.ts";
import { errorOf, type Wrangler } from "./wrangler.ts";

/**
 * Its name is known before it exists, so making one that is there is harmless: Cloudflare says so, and that
 * is as good as having made it.
 */
export async function makeBucket(
  report: Report,
  wrangler: Wrangler,
  declared: Declared,
  options: { isNeeded: boolean; isLoggedIn: boolean },
): Promise<void> {
  await report.step("bucket", "R2 keeps the files: registry, tarballs, docs", async () => {
    const bucket = declared.r2_buckets.find(({ binding }) => binding === "BUCKET");
    if (!bucket) {
      if (!options.isNeeded) {
        return { outcome: "skipped", told: "all files are on S3", value: undefined };
      }
      throw new Mistake(
        `${declared.path} binds no bucket: add [[r2_buckets]] with binding = "BUCKET" and bucket_name = "${declared.name}"`,
      );
    }
    const { bucket_name: name, jurisdiction } = bucket;
    if (name === undefined) {
      throw new Mistake(`${declared.path}: the bucket needs a bucket_name = "${declared.name}"`);
    }
    const where = jurisdiction === undefined ? [] : ["--jurisdiction", jurisdiction];
    const look = ["r2", "bucket", "info", name, "--json", ...where];
    if (options.isLoggedIn && (await wrangler.look(look)).code === 0) {
      return { outcome: "there", told: `${name} is there`, value: undefined };
    }
    const make = ["r2", "bucket", "create", name, ...where];
    if (wrangler.isDryRun) {
      await wrangler.change(make);
      return { outcome: "planned", told: `makes ${name}`, value: undefined };
    }
    const made = await wrangler.look(make);
    if (made.code === 0) return { outcome: "done", told: `made ${name}`, value: undefined };
    // A login that may not see figures cannot ask for the bucket's info, and yet has the bucket.
    if (/code: 10004|you own it/i.test(errorOf(made))) {
      return { outcome: "there", told: `${name} is there`, value: undefined };
    }
    throw wrangler.failure(make, made);
  });
}
