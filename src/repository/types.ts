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

/** Who asked, for the audit log. */
export interface Author {
  name: string;
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}

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
}

export interface DependencyRecord {
  package: string;
  app: string;
  requirement: string;
  optional: boolean;
  /** Null for a package of the same repository. */
  repository: string | null;
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
  /** More bytes are on their way than this repository takes at once. */
  | { reason: "too_busy"; retryAfterSeconds: number };

export type Refused = { refused: RepositoryRefusal };
