import type { UploadRefusal } from "../hex/refusal.ts";

/** What a checked package tarball asks the repository to publish. */
export interface Publication {
  package: string;
  version: string;
  innerChecksum: Uint8Array;
  outerChecksum: Uint8Array;
  sizeBytes: number;
  app: string;
  buildTools: string[];
  elixir: string | null;
  meta: PackageMeta;
  /** As the tarball says them; the ledger decides what an absent repository means. */
  requirements: RequestedDependency[];
  /** May this replace a release of the same version? */
  replace: boolean;
  /** When it was first published elsewhere, in milliseconds since 1970; without it, now. A replace does not look at it. */
  publishedAt?: number;
}

/** What the newest publish says about the package as a whole. */
export interface PackageMeta {
  description: string | null;
  licenses: string[];
  links: Record<string, string>;
  maintainers: string[];
  /** Whatever else the package says about itself, as JSON text. */
  extra: string;
}

export interface RequestedDependency {
  name: string;
  app: string;
  requirement: string;
  optional: boolean;
  repository: string | null;
}

/** Who asked: on what ground they may, and what the audit log keeps. */
export interface Author {
  /** A user's or an organization's name, or `admin`. Names are never given to somebody else. */
  name: string;
  /** Null for what is no user: an organization's key, the admin key. */
  userId: number | null;
  /** With what: `key ci`, `token 3f9a…`, `password`, `admin key`. */
  credential: string;
  standing: Standing;
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}

/**
 * On what ground somebody changes a package, as `accounts/may.ts` found it: "member" any package of the
 * repository, "creator" a new one and those they own, "owner" only those they own.
 */
export type Standing = "member" | "creator" | "owner";

export const retirementReasons = ["other", "invalid", "security", "deprecated", "renamed"] as const;

export interface Retirement {
  reason: (typeof retirementReasons)[number];
  message: string | null;
}

/** A package as the API and the pages show it, and as KV keeps it. Dates are ISO 8601. */
export interface PackageRecord {
  repository: string;
  name: string;
  meta: PackageMeta;
  insertedAt: string;
  updatedAt: string;
  /** Newest version first. */
  releases: ReleaseRecord[];
  downloads: PackageDownloads;
  /** By user name. Without any, the package belongs to its organization alone. */
  owners: OwnerRecord[];
}

/** Days are those of UTC; all numbers but `day` include today. What reverted releases had stays in the package's numbers. */
export interface PackageDownloads {
  all: number;
  /** Of 90 days. */
  recent: number;
  /** Of seven days. */
  week: number;
  /** Of yesterday, as clients say it. */
  day: number;
}

/** "maintainer" may do all that is done to releases; "full" says who owns the package as well. */
export const ownerLevels = ["full", "maintainer"] as const;
export type OwnerLevel = (typeof ownerLevels)[number];

export interface OwnerRecord {
  userId: number;
  username: string;
  level: OwnerLevel;
}

export interface ReleaseRecord {
  version: string;
  /** Of the whole tarball, lowercase hexadecimal. */
  outerChecksum: string;
  innerChecksum: string;
  sizeBytes: number;
  app: string;
  buildTools: string[];
  elixir: string | null;
  requirements: DependencyRecord[];
  publisher: string;
  insertedAt: string;
  updatedAt: string;
  retirement: Retirement | null;
  hasDocs: boolean;
  /** Its docs can be read as pages; while they are being replaced, perhaps still the ones of before. */
  hasPages: boolean;
  /** Ever since the version was first published. */
  downloads: number;
}

export interface DependencyRecord {
  package: string;
  app: string;
  requirement: string;
  optional: boolean;
  /** Null for a package of the same repository. */
  repository: string | null;
}

/** What a package's page shows beside its record. */
export interface PackageDetails {
  /** Packages of the same repository that need it. */
  dependants: string[];
  /** Of the last 90 days, those that had any; a day is `YYYY-MM-DD`. */
  downloadsByDay: { day: string; count: number }[];
  /** By version, how it was published last. */
  publications: Record<string, PublicationRecord>;
}

export interface PublicationRecord {
  /** `key ci`, `token of laptop` … */
  credential: string;
  /** ISO 8601. */
  at: string;
}

/** Which packages to list: what somebody typed into a search box, and the order they asked for. */
export interface ListQuery {
  search?: string;
  /** One of `Sort`, or `downloads` for `total_downloads`; anything else means `name`. */
  sort: string;
  limit: number;
  offset: number;
}

export type Sort = "name" | "recent_downloads" | "total_downloads" | "inserted_at" | "updated_at";

export interface PackageList {
  /** The page, in order; equal sort keys by name. */
  packages: ListedPackage[];
  /** All that match, on every page. */
  count: number;
  /** What the sort keys are, for whoever merges several lists. */
  sort: Sort;
  descending: boolean;
}

export interface ListedPackage {
  package: PackageRecord;
  /** The name, a number of downloads, or milliseconds since 1970. */
  sortKey: string | number;
}

/** So many times somebody fetched the tarball on that day. */
export interface DownloadCount {
  package: string;
  version: string;
  /** `YYYY-MM-DD`, of UTC. */
  day: string;
  count: number;
}

export interface AuditQuery {
  package?: string;
  /** The author's name. */
  author?: string;
  /** Only what is older than this, in milliseconds since 1970. */
  before?: number;
  limit: number;
}

/** What makes the action clear: whom it was done to, and how. */
export type AuditParams = { [name: string]: string | number | boolean | null | string[] };

/** Something that somebody did, as the audit log tells it. */
export interface AuditRecord {
  id: number;
  at: string;
  /** In hexpm's words: `release.publish`, `owner.add` … */
  action: string;
  package: string;
  /** Null for what is done to the package as a whole. */
  version: string | null;
  author: Omit<Author, "userId" | "standing">;
  params: AuditParams;
}

/** Every no that a repository says; a closed list. */
export type RepositoryRefusal =
  | { reason: "package_not_found"; package: string }
  | { reason: "release_not_found"; package: string; version: string }
  | { reason: "docs_not_found"; package: string; version: string }
  | { reason: "release_exists"; package: string; version: string; sameBytes: boolean }
  /** Somebody else is writing the same file at this moment, or a write was interrupted just now. */
  | { reason: "release_busy"; package: string; version: string }
  | { reason: "bad_dependencies"; errors: Record<string, string> }
  | { reason: "package_has_dependants"; package: string; dependants: string[] }
  /** The author's standing does not reach to this package. */
  | { reason: "not_owner"; package: string }
  /** Whom they want to remove is none. */
  | { reason: "owner_not_found"; package: string }
  /** In a public repository somebody owns every package. */
  | { reason: "last_owner"; package: string }
  | { reason: "last_full_owner"; package: string; change: "remove" | "demote" }
  /** All other owners go with a transfer, so whom it goes to must be a full one. */
  | { reason: "transfer_needs_full_level"; package: string }
  /** Docs of which no pages can be made. */
  | Extract<UploadRefusal, { reason: "bad_tarball" }>
  /** Nothing can be changed until the ledger is restored from the bucket. */
  | { reason: "ledger_lost"; repository: string }
  /** There is nothing to restore. */
  | { reason: "ledger_not_lost"; repository: string }
  /** Not all of the bucket was read back, or another restore was begun meanwhile. */
  | { reason: "restore_unfinished"; repository: string }
  /** More bytes are on their way than this repository takes at once. */
  | { reason: "too_busy"; retryAfterSeconds: number };

export type Refused = { refused: RepositoryRefusal };
