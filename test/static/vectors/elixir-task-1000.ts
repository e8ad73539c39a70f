/**
 * `MIX_HOME=… node test/static/vectors/elixir-task-1000.ts`, where Hex is installed, writes
 * elixir-task-1000.json: what the real `mix hex.registry build` makes of 1,000 packages with five releases
 * each, a hash a file. The tarballs are made of a seed, in the test as here.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSigningKey } from "../../../src/hex/sign.ts";
import { hashOf, saidFiles, seed, seededTarballs, tarballsHash } from "../elixir-task-say.ts";

const folder = mkdtempSync(join(tmpdir(), "hexedge-vectors-"));
try {
  const privateKey = await generateSigningKey();
  const keyPath = join(folder, "key.pem");
  writeFileSync(keyPath, privateKey);
  mkdirSync(join(folder, "tarballs"));
  const tarballs = await seededTarballs();
  for (const { file, bytes, modifiedSeconds } of tarballs) {
    const path = join(folder, "tarballs", file);
    writeFileSync(path, bytes);
    utimesSync(path, modifiedSeconds, modifiedSeconds);
  }
  const environment = { ...process.env, HEX_OFFLINE: "1", MIX_ENV: "prod" };
  const args = ["hex.registry", "build", folder, `--name=${seed.repository}`];
  execFileSync("mix", [...args, `--private-key=${keyPath}`], {
    ...{ cwd: tmpdir(), env: environment, stdio: ["ignore", "ignore", "inherit"] },
  });
  const info = execFileSync("mix", ["hex.info"], {
    ...{ cwd: tmpdir(), env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  });
  const said = await saidFiles(async (path) => new Uint8Array(readFileSync(join(folder, path))));
  const hashes: Record<string, string> = {};
  for (const [path, text] of said) hashes[path] = await hashOf(text);
  const [, madeBy = "unknown"] = /^Hex: +(\S+)/m.exec(info) ?? [];
  const fixture = {
    ...{ madeBy: `Hex ${madeBy}`, seed, privateKey },
    ...{ tarballs: await tarballsHash(tarballs), files: hashes },
  };
  const target = join(import.meta.dirname, "elixir-task-1000.json");
  writeFileSync(target, `${JSON.stringify(fixture, null, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
