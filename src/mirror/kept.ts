/** Which registry files are kept, and when upstream last said that they are so. */
import type { World } from "./world.ts";

export type KeptRow = {
  path: string;
  /** Of our file; null when upstream has none. */
  etag: string | null;
  upstream_etag: string | null;
  checked_at: number;
};

type Tables = Pick<World, "sql">;

/**
 * Where a file of upstream's is kept. A curated mirror serves its own instead, so upstream's are outside of
 * what is public.
 */
export function upstreamKey(
  { repository, declaration }: Pick<World, "repository" | "declaration">,
  path: string,
): string {
  return `${declaration.mode === "curated" ? "upstream" : "repos"}/${repository}/${path}`;
}

export function keptFile({ sql }: Tables, path: string): KeptRow | undefined {
  return sql.exec<KeptRow>("SELECT * FROM files WHERE path = ?", path).toArray()[0];
}

export function keepFile({ sql }: Tables, row: KeptRow): void {
  sql.exec(
    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
    ...[row.path, row.etag, row.upstream_etag, row.checked_at],
  );
}

export function checkedFile({ sql }: Tables, path: string, now: number): void {
  sql.exec("UPDATE files SET checked_at = ? WHERE path = ?", now, path);
}

export function stateOf({ sql }: Tables, name: string): SqlStorageValue | undefined {
  return sql
    .exec<{ value: SqlStorageValue }>("SELECT value FROM state WHERE name = ?", name)
    .toArray()[0]?.value;
}

export function setState({ sql }: Tables, name: string, value: SqlStorageValue): void {
  sql.exec("INSERT OR REPLACE INTO state VALUES (?, ?)", name, value);
}
