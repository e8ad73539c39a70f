/** How a group is declared in wrangler.toml. */
import * as v from "valibot";
import { storageKind } from "../storage/kind.ts";

const name = v.pipe(
  v.string("must be the name of a repository"),
  v.regex(/^[a-z][a-z0-9_]{1,63}$/, "must be the name of a repository"),
);

export const groupSchema = v.strictObject(
  {
    kind: v.literal("group"),
    /** What clients call it, and what its signed files say. */
    name: v.optional(name, "hexpm"),
    /** Our own first: a name that a hosted one has is never answered from a mirror. */
    members: v.pipe(
      v.array(name, "must be a list of repositories"),
      v.minLength(1, "must name at least one repository"),
    ),
    storage: v.optional(storageKind),
  },
  (issue) =>
    issue.expected === "never" ? "is no option of a group" : "is missing: the repositories in it",
);
