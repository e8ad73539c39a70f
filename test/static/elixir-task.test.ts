/**
 * A thousand packages, five releases each, beside what the real `mix hex.registry build` has made of the same
 * tarballs: file by file, after decoding. build.test.ts compares twenty with every byte at hand.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parsePrivateKey } from "../../src/hex/sign.ts";
import { buildRepository } from "../../src/static/build.ts";
import { hashOf, saidFiles, seed, seededTarballs, tarballsHash } from "./elixir-task-say.ts";
import { MemoryFolder } from "./memory-folder.ts";

interface Fixture {
  madeBy: string;
  seed: typeof seed;
  privateKey: string;
  /** Of the tarballs that it was made of. */
  tarballs: string;
  /** What each file says: `packages/pack_0` to its hash. */
  files: Record<string, string>;
}

const again = "run test/static/vectors/elixir-task-1000.ts where Hex is installed";

describe("build, beside mix hex.registry build on 1,000 packages", () => {
  const fixture: Fixture = JSON.parse(
    readFileSync(join(import.meta.dirname, "vectors/elixir-task-1000.json"), "utf8"),
  );
  const folder = new MemoryFolder();
  let ours: Map<string, string>;

  beforeAll(async () => {
    const tarballs = await seededTarballs();
    expect([fixture.seed, fixture.tarballs], `other tarballs than the fixture's: ${again}`).toEqual(
      [seed, await tarballsHash(tarballs)],
    );
    for (const { file, bytes, modifiedSeconds } of tarballs) {
      folder.put(`tarballs/${file}`, bytes, modifiedSeconds);
    }
    const report = await buildRepository({
      ...{ folder, repository: seed.repository, force: false },
      privateKey: await parsePrivateKey(fixture.privateKey),
    });
    expect(report).toMatchObject({ packages: 1000, releases: 5000 });
    ours = await saidFiles((path) => folder.read(path));
  });

  it("writes the same files, and no others", () => {
    const built = folder.paths().filter((path) => !path.startsWith("tarballs/"));
    expect(built).toHaveLength(1003);
    expect(built).toEqual(Object.keys(fixture.files).sort());
  });

  it("says in each of them what the Elixir task says", async () => {
    const different: Record<string, string> = {};
    for (const [path, hash] of Object.entries(fixture.files)) {
      const said = ours.get(path) ?? "nothing";
      if ((await hashOf(said)) !== hash) different[path] = said;
    }
    // What we say where the task says something else.
    expect(different).toEqual({});
  });
});
