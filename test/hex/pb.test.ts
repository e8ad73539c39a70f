import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as names from "../../src/hex/pb/names.js";
import * as versions from "../../src/hex/pb/versions.js";
import { generate, generatedFolder, modules } from "../support/proto.ts";

it("has in src/hex/pb exactly what `npm run proto` makes of proto/", async () => {
  const fresh = await mkdtemp(join(tmpdir(), "hexedge-pb-"));
  try {
    await generate(fresh);
    expect(await contentsOf(generatedFolder)).toEqual(await contentsOf(fresh));
  } finally {
    await rm(fresh, { recursive: true });
  }
});

it("keeps the Package of names and the Package of versions apart", () => {
  const bytes = versions.Package.encode({ name: "apple", versions: ["1.0.0"] }).finish();
  expect(versions.Package.decode(bytes).versions).toEqual(["1.0.0"]);
  expect(names.Package.decode(bytes)).not.toHaveProperty("versions");
});

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).sort();
  expect(files).toHaveLength(modules.length * 2);
  const contents = files.map(async (file) => [file, await readFile(join(folder, file), "utf8")]);
  return Object.fromEntries(await Promise.all(contents));
}
