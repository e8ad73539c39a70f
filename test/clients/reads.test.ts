/**
 * Reading while others publish: nothing torn, nothing that goes back in time, and nobody is ever
 * told of something that is not there.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { sameBytes, sha256 } from "../../src/hex/checksum.ts";
import { unpackNames, unpackPackage, unpackVersions } from "../../src/hex/registry.ts";
import { parsePublicKey } from "../../src/hex/sign.ts";
import { type Server, startServer } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const readsMin = 6000;
const publishesMin = 120;
const readers = 8;
const publishers = 3;
const names = ["reads_a", "reads_b", "reads_c", "reads_d", "reads_e"];
const repository = "test_repo";

describe("reading while three people publish", () => {
  /** What a file must hold when a read of it begins: all that anyone was told before, per file. */
  const floors = new Map<string, Set<string>>();
  const tarballs = new Map<string, { bytes: Uint8Array; checksum: Uint8Array }>();
  const wrong: string[] = [];
  const counts = { reads: 0, notModified: 0, publishes: 0 };
  /** What a client keeps of a file: its ETag, and what it says. */
  const kept = new Map<string, { etag: string; says: string[] }>();
  let server: Server;
  let key: CryptoKey;

  const floor = (file: string) => {
    const found = floors.get(file) ?? new Set<string>();
    floors.set(file, found);
    return found;
  };
  const tell = (file: string, says: Iterable<string>) => {
    for (const it of says) floor(file).add(it);
  };
  const isDone = () => counts.reads >= readsMin && counts.publishes >= publishesMin;
  const random = <T>(items: readonly T[]): T | undefined =>
    items[Math.floor(Math.random() * items.length)];

  beforeAll(async () => {
    server = await startServer();
    key = await parsePublicKey(server.publicKeyPem);
    for (const name of names) await publish(name, "0.0.0");
    await Promise.all([
      ...Array.from({ length: publishers }, (_, person) => publishOn(person)),
      ...Array.from({ length: readers }, readOn),
    ]);
  });

  async function publishOn(person: number): Promise<void> {
    for (let number = 0; !isDone(); number++) {
      await publish(names[number % names.length] ?? "", `1.${person}.${number}`);
      await sleep(50); // so that there is time to read between two changes, too
    }
  }

  async function publish(name: string, version: string): Promise<void> {
    const tarball = await packageTarball({ name, version });
    tarballs.set(`${name} ${version}`, { bytes: tarball, checksum: await sha256(tarball) });
    const response = await server.upload(tarball);
    if (response.status !== 201) wrong.push(`${name} ${version}: ${response.status}`);
    await response.body?.cancel();
    // From here on, whoever asks must be told of it; the publisher asks at once.
    tell(`/packages/${name}`, [version]);
    counts.publishes++;
    await readPackage(name);
  }

  async function readOn(): Promise<void> {
    while (!isDone()) {
      const kind = Math.random();
      const name = random(names) ?? "";
      if (kind < 0.5) await readPackage(name);
      else if (kind < 0.6) await readRegistryFile("/names", namesOf);
      else if (kind < 0.7) await readRegistryFile("/versions", releasesOf);
      else await readTarball(name);
      counts.reads++;
    }
  }

  function readPackage(name: string): Promise<void> {
    return readRegistryFile(`/packages/${name}`, (file) => versionsOf(name, file));
  }

  /** As a client does that keeps what it has: every second time only if it changed. */
  async function readRegistryFile(
    path: string,
    read: (file: Uint8Array) => Promise<string[]>,
  ): Promise<void> {
    const due = [...floor(path)];
    const old = Math.random() < 0.5 ? kept.get(path) : undefined;
    const headers: Record<string, string> = old ? { "if-none-match": old.etag } : {};
    const response = await server.fetch(`/repos/${repository}${path}`, { headers });
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.status === 404 && due.length === 0) return; // names, before its first time
    if (response.status === 304 && old) counts.notModified++;
    else if (response.status !== 200) return void wrong.push(`${path}: ${response.status}`);
    const reading = response.status === 304 && old ? old.says : read(body);
    const says = await Promise.resolve(reading).catch((error) => [String(error)]);
    const missing = due.filter((it) => !says.includes(it));
    if (missing.length > 0) wrong.push(`${path} (${response.status}) forgot ${missing}`);
    tell(path, says);
    if (response.status === 200) kept.set(path, { etag: response.headers.get("etag") ?? "", says });
  }

  async function versionsOf(name: string, file: Uint8Array): Promise<string[]> {
    const { releases } = await unpackPackage(file, key, { repository, name });
    for (const { version, outerChecksum } of releases) {
      const tarball = tarballs.get(`${name} ${version}`);
      const isRight = tarball && outerChecksum && sameBytes(outerChecksum, tarball.checksum);
      if (!isRight) wrong.push(`packages/${name} has a wrong checksum for ${version}`);
    }
    return releases.map(({ version }) => version);
  }

  async function namesOf(file: Uint8Array): Promise<string[]> {
    return (await unpackNames(file, key, { repository })).packages.map(({ name }) => name);
  }

  async function releasesOf(file: Uint8Array): Promise<string[]> {
    const { packages } = await unpackVersions(file, key, { repository });
    // Whoever reads versions goes on to packages/NAME, which must know of them all.
    for (const { name, versions } of packages) tell(`/packages/${name}`, versions);
    return packages.flatMap(({ name, versions }) => versions.map((it) => `${name} ${it}`));
  }

  /** One that packages/NAME told of; the whole or, now and then, a part. */
  async function readTarball(name: string): Promise<void> {
    const version = random([...floor(`/packages/${name}`)]);
    const tarball = tarballs.get(`${name} ${version}`)?.bytes;
    if (!tarball) return;
    const isPart = Math.random() < 0.2;
    const response = await server.fetch(`/repos/${repository}/tarballs/${name}-${version}.tar`, {
      headers: isPart ? { range: "bytes=512-1535" } : {},
    });
    const body = Buffer.from(await response.arrayBuffer());
    const due = isPart ? tarball.slice(512, 1536) : tarball;
    const isRight = response.status === (isPart ? 206 : 200) && body.equals(due);
    if (!isRight) wrong.push(`${name}-${version}.tar: ${response.status}, ${body.length} bytes`);
  }

  it("was a real test: thousands of reads, and publishes all the while", () => {
    expect(counts.reads).toBeGreaterThanOrEqual(readsMin);
    expect(counts.publishes).toBeGreaterThanOrEqual(publishesMin);
    expect(counts.notModified).toBeGreaterThan(100);
  });

  it("gives no torn file, never less than it told anyone before, and the very tarballs", () => {
    expect(wrong).toEqual([]);
  });

  it("finds nothing wrong with itself", async () => {
    expect(await server.problems()).toEqual([]);
  });
});
