/**
 * How a revocation reaches every place on earth in time. What an isolate, or KV, knows about a credential
 * is as old as it may be, and says so: it carries the number of the last change that it has seen. The
 * Accounts object numbers everything that can make a credential void (a key revoked, a role changed,
 * a user gone) and tells, in one small answer, which have changed lately. Whoever has heard that
 * answer at most `newsMsMax` ago, and finds there nothing newer about a credential, may believe it.
 */
import type { Credential } from "./types.ts";
import { all, first, type World } from "./world.ts";

export interface News {
  /** When the Accounts object said this; milliseconds since 1970. */
  at: number;
  sequence: number;
  /** Changes up to this one are not listed any more: what is older has to be asked for. */
  floor: number;
  /** What has changed, and the number of its last change. */
  changes: Record<string, number>;
}

/** So late can a read notice a revocation; writes notice at once, because they ask. */
export const newsMsMax = 45_000;
const changesMax = 1000;

/** Does nothing in the news speak against the credential? It may have expired all the same. */
export function isCurrent(
  { sequence, watch }: Pick<Credential, "sequence" | "watch">,
  news: News,
): boolean {
  if (sequence < news.floor) return false;
  return watch.every(
    (id) => (Object.hasOwn(news.changes, id) ? Number(news.changes[id]) : 0) <= sequence,
  );
}

/** All credentials that watch `id` are void from here on, and have to be asked for. */
export function changed(world: World, id: string): void {
  const sequence = sequenceOf(world) + 1;
  world.sql.exec("INSERT OR REPLACE INTO state VALUES ('sequence', ?)", sequence);
  world.sql.exec("INSERT OR REPLACE INTO changes VALUES (?, ?)", id, sequence);
  const [oldest] = all<{ sequence: number }>(
    world,
    "SELECT sequence FROM changes ORDER BY sequence DESC LIMIT 1 OFFSET ?",
    changesMax,
  );
  if (!oldest) return;
  world.sql.exec("DELETE FROM changes WHERE sequence <= ?", oldest.sequence);
  world.sql.exec("INSERT OR REPLACE INTO state VALUES ('floor', ?)", oldest.sequence);
}

export function newsOf(world: World): News {
  const rows = all<{ id: string; sequence: number }>(world, "SELECT id, sequence FROM changes");
  return {
    at: world.now(),
    sequence: sequenceOf(world),
    floor: stateOf(world, "floor"),
    changes: Object.fromEntries(rows.map(({ id, sequence }) => [id, sequence])),
  };
}

export function sequenceOf(world: World): number {
  return stateOf(world, "sequence");
}

function stateOf(world: World, name: string): number {
  const row = first<{ value: number }>(world, "SELECT value FROM state WHERE name = ?", name);
  return row?.value ?? 0;
}
