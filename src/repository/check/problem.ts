/** What a check says is wrong, and what would make it good again. */
export interface Problem {
  says: string;
  /** Null: nothing that is left of it would. */
  cure: Cure | null;
}

/** What `repair` does. All but the last write anew what the ledger says, so doing one for nothing does no harm. */
export type Cure =
  | { do: "write package"; package: string }
  /** names, versions and public_key. */
  | { do: "write index" }
  | { do: "write pages"; package: string; version: string }
  | { do: "write lists" }
  /** Not written down anywhere, so it may be somebody's own: only on demand. */
  | { do: "remove"; key: string }
  /** Of the bucket, by `restore`. */
  | { do: "restore ledger" };
