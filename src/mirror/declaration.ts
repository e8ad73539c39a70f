/** How a mirror is declared in wrangler.toml. */
import * as v from "valibot";
import { storageKind } from "../storage/kind.ts";
import { hexpmPublicKey } from "./hexpm.ts";
import { rulesSchema } from "./rules.ts";

/** As Hex takes it. */
export const policyNamePattern = /^(?=.{3,64}$)[a-z0-9][a-z0-9_.-]*[a-z0-9]$/;

const seconds = v.pipe(
  v.number("must be a number of seconds"),
  v.integer("must be a whole number of seconds"),
  v.minValue(1, "must be at least 1 second"),
);

const url = v.pipe(
  v.string("must be a URL such as https://repo.hex.pm"),
  v.regex(/^https?:\/\/[^?#@\s]+$/i, "must be a URL such as https://repo.hex.pm"),
  v.transform((it) => it.replace(/\/+$/, "")),
);

export const mirrorSchema = v.strictObject(
  {
    kind: v.literal("mirror"),
    public: v.optional(v.boolean("must be true or false"), false),
    upstream_url: v.optional(url, "https://repo.hex.pm"),
    upstream_name: v.optional(
      v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{1,63}$/, "is no name of a repository")),
      "hexpm",
    ),
    upstream_public_key: v.optional(
      v.pipe(
        v.string("must be a public key in PEM"),
        v.regex(/-----BEGIN (RSA )?PUBLIC KEY-----/, "must be a public key in PEM"),
      ),
      hexpmPublicKey,
    ),
    /** The name of a secret, whose value upstream gets as `authorization`. */
    upstream_auth_key: v.optional(v.string("must be the name of a secret")),
    /** Where upstream may send us on to, beside itself. */
    upstream_hosts: v.optional(v.array(v.string(), "must be a list of hosts"), []),
    /** These packages alone. */
    only: v.optional(v.array(v.string(), "must be a list of packages")),
    sync: v.optional(v.picklist(["lazy", "eager"], 'must be "lazy" or "eager"'), "lazy"),
    sync_interval: v.optional(seconds, 300),
    ttl: v.optional(seconds, 60),
    offline: v.optional(v.boolean("must be true or false"), false),
    keep_deleted: v.optional(v.boolean("must be true or false"), false),
    mode: v.optional(
      v.picklist(["verbatim", "curated"], 'must be "verbatim" or "curated"'),
      "verbatim",
    ),
    rules: v.optional(rulesSchema),
    /** Under this name a curated mirror hands out its rules, for clients that fetch elsewhere. */
    policy: v.optional(
      v.pipe(
        v.string("must be the name of a policy"),
        v.regex(policyNamePattern, "is no name of a policy"),
      ),
      "default",
    ),
    storage: v.optional(storageKind),
  },
  "is no option of a mirror",
);

export type MirrorDeclaration = v.InferOutput<typeof mirrorSchema>;
