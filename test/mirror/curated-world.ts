/** A curated mirror, the hosted repository that it follows, and its rules; for tests inside workerd. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as v from "valibot";
import { vi } from "vitest";
import {
  buildPackage,
  type PackageResource,
  unpackNames,
  unpackPackage,
  unpackVersions,
} from "../../src/hex/registry.ts";
import { parsePrivateKey, parsePublicKey, publicKeyPem } from "../../src/hex/sign.ts";
import type { MirrorDeclaration } from "../../src/mirror/declaration.ts";
import type { Mirror } from "../../src/mirror/mirror.ts";
import { rulesSchema } from "../../src/mirror/rules.ts";
import { UpstreamDouble } from "../support/mirror.ts";
import { packageTarball, type ReleaseOptions } from "../support/tarball.ts";
import { Person } from "../support/world.ts";

/** Declared in test/vitest.config.ts. */
let used = 0;

export class CuratedWorld {
  readonly repository: string;
  /** What the signed files call it. */
  readonly upstreamName: string;
  readonly author: Person;
  readonly reader: Person;
  readonly upstream = new UpstreamDouble();
  /** Upstream's files that say something else than what was published. */
  readonly #doctored = new Map<string, Uint8Array>();

  constructor(number: string) {
    this.repository = `curated_${number}`;
    this.upstreamName = `origin_${number}`;
    this.author = new Person(this.upstreamName, env.ADMIN_KEY);
    this.reader = new Person(this.repository, undefined);
  }

  /** A new one each time: after a crash the old one is broken. */
  get stub(): DurableObjectStub<Mirror> {
    return env.MIRROR.getByName(this.repository);
  }

  /** As a new deployment with these rules would; what isolates remember is over after `ttl`. */
  declare(rules: object, others: Partial<MirrorDeclaration> = {}): Promise<void> {
    return runInDurableObject(this.stub, (instance) => {
      const parsed = v.parse(rulesSchema, rules);
      Object.assign(instance.world.declaration, { rules: parsed, ...others });
      instance.world.fetch = (url, init) => this.upstream.fetch(url, init);
    });
  }

  async publish(version: string, options: Omit<ReleaseOptions, "version"> = {}): Promise<void> {
    const response = await this.author.upload(
      await packageTarball({ name: "foo", ...options, version }),
    );
    if (response.status !== 201) throw new Error(await response.text());
  }

  /** Lets upstream say something else of a package, signed as it signs. */
  async doctor(
    name: string,
    change: (resource: PackageResource) => PackageResource,
    mtimeSeconds = 1,
  ): Promise<void> {
    const key = await parsePrivateKey(env.SIGNING_KEY);
    const publicKey = await parsePublicKey(await publicKeyPem(key));
    const file = await bytesOf(await this.author.file(`/packages/${name}`));
    const resource = await unpackPackage(file, publicKey, { repository: this.upstreamName, name });
    this.#doctored.set(
      `packages/${name}`,
      await buildPackage(change(resource), key, { mtimeSeconds }),
    );
    this.upstream.answer = (path) => {
      const bytes = this.#doctored.get(path);
      return bytes && new Response(bytes.slice());
    };
  }

  /** What a client gets to see of a package: verified with our key; undefined when it is 404. */
  async package(name = "foo"): Promise<PackageResource | undefined> {
    const response = await this.reader.file(`/packages/${name}`);
    const bytes = await bytesOf(response);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new Error(`${response.status}`);
    return unpackPackage(bytes, await this.publicKey(), { repository: this.upstreamName, name });
  }

  async versions(name = "foo"): Promise<string[]> {
    return (await this.package(name))?.releases.map(({ version }) => version) ?? [];
  }

  /** What names and versions list, as `name versions`. */
  async listed(): Promise<string[]> {
    const publicKey = await this.publicKey();
    const expected = { repository: this.upstreamName };
    const [versionsFile, namesFile] = [
      await bytesOf(await this.reader.file("/versions")),
      await bytesOf(await this.reader.file("/names")),
    ];
    const versions = await unpackVersions(versionsFile, publicKey, expected);
    const names = await unpackNames(namesFile, publicKey, expected);
    const [one, other] = [versions, names].map(({ packages }) => packages.map(({ name }) => name));
    if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error("names are not versions");
    return versions.packages.map(({ name, versions }) => `${name} ${versions.join(" ")}`);
  }

  async publicKey(): Promise<CryptoKey> {
    return parsePublicKey(await (await this.reader.file("/public_key")).text());
  }

  tarball(version: string, name = "foo"): Promise<Response> {
    return this.reader.file(`/tarballs/${name}-${version}.tar`);
  }

  /** Its status, and the sentence when it is not there. */
  async fetched(version: string, name = "foo"): Promise<string> {
    const response = await this.tarball(version, name);
    const bytes = await bytesOf(response);
    if (response.status === 200) return "200";
    return `${response.status} ${new TextDecoder().decode(bytes).trim()}`;
  }

  async verdicts(name = "foo"): Promise<Record<string, Verdict>> {
    const response = await this.reader.api(`/packages/${name}/verdicts`);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const { releases } = (await response.json()) as { releases: Verdict[] };
    return Object.fromEntries(releases.map((it) => [it.version, it]));
  }
}

interface Verdict {
  version: string;
  in: boolean;
  rule: string | null;
  reason: string;
  until: string | null;
}

export async function curatedWorld(
  rules: object,
  declaration: Partial<MirrorDeclaration> = {},
): Promise<CuratedWorld> {
  const world = new CuratedWorld(String(used++).padStart(3, "0"));
  await world.declare(rules, declaration);
  return world;
}

/** Only the clock: timers go on as they are. */
export function passSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });
}

export function passDays(days: number): void {
  passSeconds(days * 24 * 60 * 60);
}

export async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}
