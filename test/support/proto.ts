/**
 * `npm run proto`: turns proto/*.proto into src/hex/pb/, one module per file, because the
 * specification's messages have no package and every second one is called Package. Runs after a
 * change in proto/ only; what it writes is committed, and test/hex/pb.test.ts holds it current.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
export const modules = ["signed", "names", "versions", "package", "policy"] as const;
export const generatedFolder = join(root, "src/hex/pb");

/** Writes NAME.js and NAME.d.ts of every module into `folder`, which must exist. */
export async function generate(folder: string): Promise<void> {
  const sources = await mkdtemp(join(tmpdir(), "hexedge-proto-"));
  try {
    await Promise.all(modules.map((name) => copyWithFeatures(name, sources)));
    await Promise.all(modules.map((name) => generateModule(name, sources, folder)));
  } finally {
    await rm(sources, { recursive: true });
  }
}

/**
 * The proto as pbjs is to read it. In proto2 an enum is closed: one reason for retirement that is
 * newer than this program would make the whole package unreadable, which the specification forbids.
 * And a string may be any bytes, which would decode to U+FFFD; we refuse instead. Both are features
 * that only later editions of protobuf can say, so they are not in proto/, which anyone's protoc reads.
 */
async function copyWithFeatures(name: string, folder: string): Promise<void> {
  const text = await readFile(join(root, "proto", `${name}.proto`), "utf8");
  const syntax = 'syntax = "proto2";';
  if (!text.startsWith(syntax))
    throw new Error(`proto/${name}.proto does not begin with ${syntax}`);
  const features = "option features.enum_type = OPEN;\noption features.utf8_validation = VERIFY;\n";
  await writeFile(join(folder, `${name}.proto`), text.replace(syntax, `${syntax}\n${features}`));
}

async function generateModule(name: string, sources: string, folder: string): Promise<void> {
  const code = join(folder, `${name}.js`);
  const types = join(folder, `${name}.d.ts`);
  // pbjs by its path: npx would take its -w for npm's own.
  await promisify(execFile)(process.execPath, [
    join(root, "node_modules/protobufjs-cli/bin/pbjs"),
    ...["--target", "static-module", "--wrap", "esm", "--dts"],
    // Without a root each, the modules share one, and the Package loaded last is everyone's.
    ...["--root", name, "--sparse", "--null-defaults"],
    ...["--no-create", "--no-verify", "--no-convert", "--no-delimited", "--no-typeurl"],
    // Nobody here lints with ESLint, and Biome leaves the folder alone.
    ...["--lint", ""],
    ...["--no-service", "--out", code, join(sources, `${name}.proto`)],
  ]);
  const banner = `// Generated from proto/${name}.proto by "npm run proto". Do not edit.\n`;
  await writeFile(code, banner + (await readFile(code, "utf8")));
  await writeFile(types, banner + asModuleTypes(await readFile(types, "utf8")));
}

/** pbts imports Long whether it is used or not, and in a way that an ES module cannot. */
function asModuleTypes(text: string): string {
  const requireLong = 'import Long = require("long");\n';
  if (!text.includes(requireLong)) throw new Error("pbts no longer imports Long the way it did");
  const rest = text.replace(requireLong, "");
  return /\bLong\b/.test(rest)
    ? text.replace(requireLong, 'import type Long from "long";\n')
    : rest;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(generatedFolder, { recursive: true });
  await generate(generatedFolder);
}
