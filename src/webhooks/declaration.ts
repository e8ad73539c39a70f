/** What wrangler.toml declares of webhooks: `[[vars.WEBHOOKS]]`. */
import * as v from "valibot";
import { patternMatches } from "./event.ts";

/** Somebody who wants to hear what happens. */
export interface Webhook {
  url: string;
  /** Names of events, or prefixes such as `release.*`. */
  events: readonly string[];
  /** Null is all, and what concerns none. */
  repositories: readonly string[] | null;
  /**
   * Under it deliveries are signed. In memory alone: no table and no log has it. Null when the Worker lacks
   * it: then nothing can be sent, which must not take the registry down.
   */
  secret: string | null;
  /** What the secret is called. */
  secretName: string;
}

/** What to do about a webhook without its secret, as a sentence. */
export function lacksSecret({ secretName: name }: Pick<Webhook, "secretName">): string {
  return `${name} is missing: \`openssl rand -hex 32 | npx wrangler secret put ${name}\``;
}

const eventPattern = v.pipe(
  v.string("must be the name of an event"),
  v.check(
    (pattern) => patternMatches(pattern) > 0,
    'names no event: see "Operate" in README.md, and end a prefix with .*',
  ),
);

/** Receivers know what signs their deliveries. */
const ownSecrets = /^(ADMIN_KEY|ACCOUNTS_SECRET|SIGNING_KEY.*|S3_.*)$/;

const webhookSchema = v.strictObject(
  {
    url: v.pipe(
      v.string("is missing: where to send, such as https://ci.example.com/hexedge"),
      v.check(
        isPlainUrl,
        "must begin with https:// or http://, and hold no user, no password and no #",
      ),
    ),
    events: v.optional(
      v.pipe(
        v.array(eventPattern, 'must be a list such as ["release.*", "docs.publish"]'),
        v.minLength(1, "must not be empty: leave it out for all events"),
      ),
      ["*"],
    ),
    repositories: v.optional(
      v.pipe(
        v.array(v.string("must be the name of a repository"), "must be a list of repositories"),
        v.minLength(1, "must not be empty: leave it out for all repositories"),
      ),
    ),
    secret: v.pipe(
      v.string("is missing: the name of the secret that signs what is sent"),
      v.regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of a secret, such as WEBHOOK_SECRET"),
      v.check((name) => !ownSecrets.test(name), "must name a secret that is for this alone"),
    ),
  },
  (issue) => (issue.expected === "never" ? "is no option of a webhook" : "must be a table"),
);

export const webhooksSchema = v.array(
  webhookSchema,
  "must be a list: declare each as [[vars.WEBHOOKS]]",
);

function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || text.includes("#") || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}
