/** What the Worker is given: bindings, secrets and declarations. What they say is checked in config.ts. */
import type { Accounts } from "./accounts/accounts.ts";
import type { Group } from "./group/group.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { Mirror } from "./mirror/mirror.ts";
import type { Repository } from "./repository/repository.ts";

export interface Env {
  /** Absent: nothing can be stored or read, unless there is a FOLDER, or all is on S3. */
  BUCKET?: R2Bucket;
  /** A folder on this machine, which `npm start` gives. Absent: files are in BUCKET. */
  FOLDER?: Fetcher;
  /** A bucket elsewhere: endpoint, region, bucket, prefix. */
  S3?: unknown;
  /** Secrets, needed when a repository is on S3. */
  S3_ACCESS_KEY_ID?: string;
  S3_SECRET_ACCESS_KEY?: string;
  /** Where repositories are that do not say: `r2`, `folder` or `s3`. */
  STORAGE?: string;
  /** Absent: the API cannot show packages to readers. */
  INDEX: KVNamespace;
  /** Absent: nothing can be published. */
  REPOSITORY: DurableObjectNamespace<Repository>;
  /** Absent: nothing can be mirrored. */
  MIRROR: DurableObjectNamespace<Mirror>;
  /** Absent: several repositories cannot be seen as one. */
  GROUP: DurableObjectNamespace<Group>;
  /** Absent: only the admin key opens anything. The name ACCOUNTS is that of the declarations below. */
  ACCOUNTS_OBJECT: DurableObjectNamespace<Accounts>;
  /** Absent: `/metrics` says nothing. */
  METRICS: DurableObjectNamespace<Metrics>;
  /** Secret. RSA private key, PEM; `SIGNING_KEY_NAME` is one for the repository NAME alone. */
  SIGNING_KEY?: string;
  /** Secret. Whoever knows it may do everything. */
  ADMIN_KEY?: string;
  /** Secret. Under it keys are hashed and tokens signed: whoever changes it makes all of them void. */
  ACCOUNTS_SECRET?: string;
  REPOSITORIES?: unknown;
  /** `signup = "open"` lets anyone make a user. */
  ACCOUNTS?: unknown;
  /** Who is told of what happens; each names the secret that signs what it is told. */
  WEBHOOKS?: unknown;
  /** How much is too much; 0 turns a limit off. */
  LIMITS?: unknown;
  /** `repository = "NAME"`: who may read that one may read what is mirrored of git. */
  GIT?: unknown;
  /** The repository that `/api/packages/…` means when none is named. */
  ROOT_REPOSITORY?: string;
  /** Where clients reach us, when a proxy in front hides it: `https://hex.example.com`. */
  PUBLIC_URL?: string;
  /** Another name of this Worker, where only documentation is served: `docs.example.com`. */
  DOCS_HOST?: string;
  /** Style sheet and scripts of the pages, from src/web/assets. */
  ASSETS: Fetcher;
}

/** The Accounts object's only name: there is one. */
export const accountsName = "accounts";
/** The Metrics object's. */
export const metricsName = "metrics";
