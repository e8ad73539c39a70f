import { openStorage } from "../config/storage.ts";
import type { Env } from "../env.ts";

/**
 * Packages that a mirror has been asked for, in the order of names: only the bucket knows.
 * @param of what it shows, or for a curated one what upstream has: also where nothing was let in.
 */
export async function keptPackages(
  env: Env,
  mirror: string,
  max: number,
  of: "repos" | "upstream" = "repos",
): Promise<string[]> {
  const prefix = `${of}/${mirror}/packages/`;
  const kept: string[] = [];
  for await (const key of openStorage(env, mirror).list(prefix)) {
    kept.push(key.slice(prefix.length));
    if (kept.length >= max) break;
  }
  return kept;
}
