import { type Env, openStorage } from "../env.ts";

/** Packages that a mirror has been asked for, in the order of names: only the bucket knows. */
export async function keptPackages(env: Env, mirror: string, max: number): Promise<string[]> {
  const prefix = `repos/${mirror}/packages/`;
  const kept: string[] = [];
  for await (const key of openStorage(env).list(prefix)) {
    kept.push(key.slice(prefix.length));
    if (kept.length >= max) break;
  }
  return kept;
}
