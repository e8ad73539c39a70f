/** The bucket that wrangler.toml declares as [vars.S3]. */
import * as v from "valibot";
import type { Env } from "../env.ts";
import type { S3Options } from "../storage/s3.ts";
import { ConfigError, parse } from "./error.ts";

const endpoint = "must be a URL such as https://s3.eu-central-1.amazonaws.com";

const schema = v.strictObject(
  {
    endpoint: v.pipe(
      v.string(endpoint),
      v.regex(/^https?:\/\/[^/?#@\s]+\/?$/i, `${endpoint}, without a path`),
      v.url(endpoint),
      v.transform((it) => new URL(it).origin),
    ),
    region: v.pipe(
      v.string('must be a region such as "eu-central-1"'),
      v.regex(/^[A-Za-z0-9-]+$/, 'must be a region such as "eu-central-1"'),
    ),
    bucket: v.pipe(
      v.string("must be the name of a bucket"),
      v.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is no name of a bucket"),
    ),
    /** Everything is below it. */
    prefix: v.optional(
      v.pipe(
        v.string("must be a folder such as hexedge"),
        v.regex(/^([\w-][\w.-]*(\/[\w-][\w.-]*)*\/?)?$/, "must be a folder such as hexedge"),
        v.transform((it) => it.replace(/\/?$/, it === "" ? "" : "/")),
      ),
      "",
    ),
    virtual_host: v.optional(v.boolean("must be true or false"), false),
  },
  (issue) =>
    issue.expected === "never" ? "is no option of S3" : "is missing: endpoint, region and bucket",
);

const secret = (name: string) =>
  v.pipe(
    v.string(`is missing: \`npx wrangler secret put ${name}\``),
    v.regex(/^[!-~]+$/, "must have letters, digits and punctuation of ASCII only, and no blanks"),
  );

const secrets = v.object({
  S3_ACCESS_KEY_ID: secret("S3_ACCESS_KEY_ID"),
  S3_SECRET_ACCESS_KEY: secret("S3_SECRET_ACCESS_KEY"),
});

/** What is declared of S3, if anything is, or if a repository needs it. @throws ConfigError */
export function s3Options(env: Env, isNeeded: boolean): S3Options | undefined {
  if (env.S3 === undefined && !isNeeded) return undefined;
  if (env.S3 === undefined) {
    throw new ConfigError("S3 is missing: declare [vars.S3] with endpoint, region and bucket");
  }
  const { virtual_host: isVirtualHost, ...declared } = parse(schema, env.S3, "S3");
  // Two names for the same: a bucket with dots is no host that a certificate is for.
  if (isVirtualHost && declared.bucket.includes(".")) {
    throw new ConfigError("S3.virtual_host: a bucket with dots in its name cannot be a host");
  }
  if (!isNeeded) return undefined;
  const { S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = parse(secrets, {
    S3_ACCESS_KEY_ID: env.S3_ACCESS_KEY_ID,
    S3_SECRET_ACCESS_KEY: env.S3_SECRET_ACCESS_KEY,
  });
  const keys = { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY };
  return { ...declared, isVirtualHost, ...keys };
}
