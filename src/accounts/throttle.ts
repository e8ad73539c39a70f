/**
 * Failed credentials and guessed codes are counted by address and by account, in windows of 15 minutes.
 * An attempt counts before it is known whether it is right, so that a thousand at one time are a thousand.
 */
import type { Refused } from "./types.ts";
import { first, type World } from "./world.ts";

const windowMs = 15 * 60_000;

/** Counts an attempt of each subject, unless one of them has had too many: then none is counted. */
export function attempt(world: World, subjects: readonly string[]): Refused | undefined {
  return world.step(() => {
    const refused = throttled(world, subjects);
    if (refused) return refused;
    for (const subject of subjects) count(world, subject, 1);
    return undefined;
  });
}

/** The attempt was right: it does not count. */
export function forgive(world: World, subjects: readonly string[]): void {
  world.step(() => {
    for (const subject of subjects) count(world, subject, -1);
  });
}

export function throttled(world: World, subjects: readonly string[]): Refused | undefined {
  if (world.failuresMax === 0) return undefined;
  const now = world.now();
  const window = Math.floor(now / windowMs);
  const isOver = subjects.some((subject) => {
    const row = first<{ count: number }>(
      world,
      "SELECT count FROM failures WHERE subject = ? AND window = ?",
      ...[subject, window],
    );
    return (row?.count ?? 0) >= world.failuresMax;
  });
  if (!isOver) return undefined;
  const retryAfterSeconds = Math.ceil(((window + 1) * windowMs - now) / 1000);
  return { refused: { reason: "too_many_failures", retryAfterSeconds } };
}

/** What is counted in past windows means nothing any more. */
export function forgetFailures(world: World): void {
  const window = Math.floor(world.now() / windowMs);
  world.sql.exec("DELETE FROM failures WHERE window < ?", window);
}

function count(world: World, subject: string, by: number): void {
  if (world.failuresMax === 0) return;
  const window = Math.floor(world.now() / windowMs);
  world.sql.exec(
    `INSERT INTO failures VALUES (?1, ?2, max(?3, 0)) ON CONFLICT (subject) DO UPDATE SET
       count = max(CASE WHEN window = ?2 THEN count ELSE 0 END + ?3, 0), window = ?2`,
    ...[subject, window, by],
  );
}
