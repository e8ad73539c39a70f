import type { Extra } from "./grammar.ts";

/**
 * Does `whole`, some JSON, hold what `part` says? As PostgreSQL's `@>`: an object holds one with fewer
 * keys, an array one with fewer elements in any order, and everything else only itself.
 */
export function contains(whole: unknown, part: Extra): boolean {
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) && part.every((wanted) => whole.some((item) => contains(item, wanted)))
    );
  }
  if (typeof part !== "object") return whole === part;
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return false;
  const held = new Map<string, unknown>(Object.entries(whole));
  return Object.entries(part).every(([key, wanted]) => contains(held.get(key), wanted));
}
