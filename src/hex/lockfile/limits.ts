/** What a lock file may cost before it is refused. A project of 300 dependencies needs a tenth of it. */
export interface LockfileLimits {
  readonly sizeBytesMax: number;
  /** How many lists, tuples and maps may lie inside one another; it bounds our recursion. */
  readonly depthMax: number;
  /** How many terms there may be in all, or in TOML how many dots, since each may open a table. */
  readonly termsMax: number;
}

export const lockfileLimits: LockfileLimits = {
  sizeBytesMax: 1024 * 1024,
  depthMax: 16,
  termsMax: 100_000,
};
