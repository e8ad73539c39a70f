/**
 * Reads what a mirror keeps as a distrusting client does: the signature of every registry file, the checksum of
 * every tarball that is here. In bounded steps; what is damaged is fetched again when it is removed.
 */
import { sameBytes, toHex } from "../hex/checksum.ts";
import { type PackageResource, RegistryError, unpackPackage } from "../hex/registry.ts";
import type { Storage } from "../storage/storage.ts";

export interface CheckedMirror {
  repository: string;
  /** Where upstream's own files are: `repos/NAME/`, of a curated mirror `upstream/NAME/`. */
  prefix: string;
  upstreamName: string;
  publicKey: CryptoKey;
}

export interface MirrorStep {
  /** With the key of the file that is damaged. */
  problems: { says: string; key: string }[];
  packages: number;
  /** Tarballs that are here. */
  releases: number;
  /** The package that was looked at last; null when it was the last of all. */
  next: string | null;
}

const stepMs = 15_000;
const readsMax = 400;

/** @param after goes on behind this package; "" begins. */
export async function checkKept(
  storage: Pick<Storage, "get" | "list">,
  mirror: CheckedMirror,
  after: string,
): Promise<MirrorStep> {
  const step: MirrorStep = { problems: [], packages: 0, releases: 0, next: null };
  const until = Date.now() + stepMs;
  const folder = `${mirror.prefix}packages/`;
  for await (const key of storage.list(folder, folder + after)) {
    const name = key.slice(folder.length);
    await checkPackage(storage, mirror, name, step);
    step.packages++;
    if (step.packages + step.releases >= readsMax || Date.now() >= until) {
      return { ...step, next: name };
    }
  }
  return step;
}

async function checkPackage(
  storage: Pick<Storage, "get" | "list">,
  { repository, prefix, upstreamName, publicKey }: CheckedMirror,
  name: string,
  step: MirrorStep,
): Promise<void> {
  const key = `${prefix}packages/${name}`;
  const found = await storage.get(key);
  if (!found) return; // gone since it was listed
  const file = new Uint8Array(await new Response(found.body).arrayBuffer());
  let resource: PackageResource;
  try {
    resource = await unpackPackage(file, publicKey, { repository: upstreamName, name });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    step.problems.push({ says: `${key}: ${error.message}`, key });
    return;
  }
  const due = new Map(resource.releases.map((it) => [it.version, it.outerChecksum]));
  const start = `repos/${repository}/tarballs/${name}-`;
  for await (const tarball of storage.list(start)) {
    // What its signed file does not tell of any more was reverted, and is kept on purpose or until the next look.
    const checksum = due.get(tarball.slice(start.length).replace(/\.tar$/, ""));
    if (!checksum) continue;
    step.releases++;
    const is = await checksumOf(storage, tarball);
    if (!is || sameBytes(is, checksum)) continue;
    const says = `${tarball} has checksum ${toHex(is)}, but packages/${name} says ${toHex(checksum)}`;
    step.problems.push({ says, key: tarball });
  }
}

async function checksumOf(
  storage: Pick<Storage, "get">,
  key: string,
): Promise<Uint8Array | undefined> {
  const found = await storage.get(key);
  if (!found) return undefined;
  const digest = new crypto.DigestStream("SHA-256");
  await new Response(found.body).body?.pipeTo(digest);
  return new Uint8Array(await digest.digest);
}
