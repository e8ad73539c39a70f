/** Looking at the pages of docs in the bucket, from outside. */
import { env } from "cloudflare:workers";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { toHex } from "../../src/hex/checksum.ts";
import type { ReleaseRecord } from "../../src/repository/types.ts";
import { visible } from "../support/direct.ts";
import { storedFiles, type World } from "../support/world.ts";

/** Every key of the bucket that is the repository's. */
export async function storedKeys(world: Pick<World, "repository">): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of openStorage(env as Env, world.repository).list(
    `pages/${world.repository}/`,
  )) {
    keys.push(key.replace(`${world.repository}/`, ""));
  }
  return [...keys, ...(await storedFiles(world))];
}

/** The checksum of the docs that the stored pages were made of, where the format has it; "none" without. */
export async function pagesOf(
  { repository }: Pick<World, "repository">,
  version = "1.0.0",
): Promise<string> {
  const object = await env.BUCKET.get(`pages/${repository}/foo-${version}`);
  if (!object) return "none";
  return toHex(new Uint8Array(await object.arrayBuffer()).slice(24, 56));
}

/** What readers see, with the pages of foo 1.0.0, and whether anybody is told of them. */
export async function visiblePages(world: World): Promise<string[]> {
  const record = await world.stub.package("foo");
  const releases = (record?.releases ?? []) as ReleaseRecord[];
  const told = releases.map(
    ({ version, hasDocs, hasPages }) => `${version} ${hasDocs} ${hasPages}`,
  );
  return [...(await visible(world)), `pages of ${await pagesOf(world)}`, ...told];
}
