/** An upstream for tests: what it has, signed, and answers that no honest server gives. */
import { sha256 } from "../../src/hex/checksum.ts";
import {
  buildNames,
  buildPackage,
  buildVersions,
  type PackageResource,
  type ReleaseResource,
} from "../../src/hex/registry.ts";
import { parsePrivateKey, parsePublicKey } from "../../src/hex/sign.ts";
import type { Upstream, UpstreamLimits } from "../../src/mirror/upstream.ts";
import keys from "../hex/vectors/keys.json" with { type: "json" };

export const mtime = { mtimeSeconds: 1_700_000_000 };

/** Short enough for a test to wait for them. */
export const impatient: Partial<UpstreamLimits> = { answerMs: 150, chunkMs: 150, wholeMs: 600 };

export const privateKey = await parsePrivateKey(keys.pkcs8);

export const upstream: Upstream = {
  url: "https://hex.example/base/",
  name: "acme",
  publicKey: await parsePublicKey(keys.spki),
  authKey: "secret",
  allowedHosts: ["cdn.example", "Files.example:8443"],
};

export function release(version: string, publishedAt?: number): ReleaseResource {
  return {
    version,
    innerChecksum: new Uint8Array(32).fill(1),
    outerChecksum: new Uint8Array(32).fill(2),
    dependencies: [],
    advisoryIndexes: [],
    publishedAt: publishedAt === undefined ? undefined : { seconds: publishedAt, nanos: 0 },
  };
}

export function packageOf(...releases: ReleaseResource[]): PackageResource {
  return { repository: "acme", name: "foo", releases, advisories: [] };
}

export const fooFile = await buildPackage(packageOf(release("1.0.0", 1000)), privateKey, mtime);
export const namesFile = await buildNames(
  { repository: "acme", packages: [{ name: "foo", updatedAt: { seconds: 1000, nanos: 0 } }] },
  privateKey,
  mtime,
);
export const versionsFile = await buildVersions(
  {
    repository: "acme",
    packages: [{ name: "foo", versions: ["1.0.0"], retired: [], withAdvisories: [] }],
  },
  privateKey,
  mtime,
);

/** Bytes that do not compress, the same each time. */
export function noise(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = 1;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

export const tarball = noise(300_000);
export const tarballChecksum = await sha256(tarball);
