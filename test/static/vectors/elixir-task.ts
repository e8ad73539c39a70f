/**
 * `node test/static/vectors/elixir-task.ts` (with MIX_HOME where Hex is) writes elixir-task.json: 20
 * packages, and what the real `mix hex.registry build` makes of them.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { generateSigningKey } from "../../../src/hex/sign.ts";
import { makeTarballs } from "../packages.ts";

const folder = mkdtempSync(join(tmpdir(), "hexedge-vectors-"));
try {
  const privateKey = await generateSigningKey();
  writeFileSync(join(folder, "key.pem"), privateKey);
  mkdirSync(join(folder, "tarballs"));
  const tarballs = await makeTarballs(20, 3);
  for (const { file, bytes, modifiedSeconds } of tarballs) {
    const path = join(folder, "tarballs", file);
    writeFileSync(path, bytes);
    utimesSync(path, modifiedSeconds, modifiedSeconds);
  }
  const args = ["hex.registry", "build", folder, "--name=acme", `--private-key=${folder}/key.pem`];
  execFileSync("mix", args, { cwd: tmpdir(), env: { ...process.env, HEX_OFFLINE: "1" } });
  const packages = readdirSync(join(folder, "packages")).map((name) => `packages/${name}`);
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const vectors = {
    privateKey,
    tarballs: tarballs.map(({ file, bytes, modifiedSeconds }) => ({
      ...{ file, modifiedSeconds, gzip: base64(gzipSync(bytes, { level: 9, mtime: 0 })) },
    })),
    files: Object.fromEntries(
      ["public_key", "names", "versions", ...packages].map((path) => {
        return [path, base64(readFileSync(join(folder, path)))];
      }),
    ),
  };
  const target = join(import.meta.dirname, "elixir-task.json");
  writeFileSync(target, `${JSON.stringify(vectors, null, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
