/** A place for a repository's files: a folder of a disk, or a test's memory. Paths are as in URLs. */
export interface Folder {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Whoever reads meanwhile, or after a crash, finds all of the old bytes or all of the new ones. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** The files right in it, sorted by name, without hidden ones; undefined when there is no such folder. */
  list(path: string): Promise<Listed[] | undefined>;
  /** Also fine when it is not there. */
  remove(path: string): Promise<void>;
}

export interface Listed {
  name: string;
  /** Since 1970, whole seconds. */
  modifiedSeconds: number;
}
