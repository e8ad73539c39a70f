/** What a folder says before it is built: what is right need not be made again. */
import { sameBytes } from "../../hex/checksum.ts";
import {
  decodeNames,
  encodeNames,
  encodePackage,
  encodeVersions,
  type NamesResource,
  type PackageResource,
  RegistryError,
  type Timestamp,
  unpackNames,
  unpackPackage,
  unpackSigned,
  unpackVersions,
} from "../../hex/registry.ts";
import { parsePublicKey, publicKeyFingerprint, publicKeyPem } from "../../hex/sign.ts";
import { indexLimits } from "../export/written-folder.ts";
import type { Folder } from "../folder.ts";
import { journalPath, packagePath } from "../layout.ts";
import { BuildError } from "./refusals.ts";

interface BeforeRequest {
  folder: Folder;
  repository: string;
  privateKey: CryptoKey;
  force?: boolean;
}

/** What the folder already says, as far as it is signed with our key (or to be signed anew). */
export class Before {
  /** Names of the files in packages/. */
  readonly files: string[] = [];
  hasPublicKey = false;
  /** Packages that a run before was about to write, and names perhaps does not know of. */
  unfinished: string[] = [];
  readonly #packages = new Map<string, { resource: PackageResource; isOurs: boolean }>();
  #names: { resource: NamesResource; isOurs: boolean } | undefined;
  #versions: { payload: Uint8Array; isOurs: boolean } | undefined;

  static async read(request: BeforeRequest): Promise<Before> {
    const before = new Before();
    await before.#read(request);
    return before;
  }

  async #read(request: BeforeRequest): Promise<void> {
    const { folder, repository } = request;
    const keys = await this.#readKeys(request);
    const unpack = async <T>(
      path: string,
      open: (bytes: Uint8Array, key: CryptoKey) => Promise<T>,
    ): Promise<{ resource: T; isOurs: boolean } | undefined> => {
      const bytes = await folder.read(path);
      if (!bytes) return undefined;
      let why: RegistryError | undefined;
      for (const { key, isOurs } of keys) {
        try {
          return { resource: await open(bytes, key), isOurs };
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error;
          why = error;
        }
      }
      if (request.force) return undefined;
      throw new BuildError({ reason: "bad_file", path, why: why?.message ?? "" });
    };
    const { resource: there } =
      (await unpack("names", async (bytes, key) => {
        return decodeNames(await unpackSigned(bytes, key, indexLimits)).repository;
      })) ?? {};
    // Else all that is there would be called a bad file.
    if (there !== undefined && there !== repository && !request.force) {
      throw new BuildError({ reason: "other_repository", repository: there });
    }
    for (const { name } of (await folder.list("packages")) ?? []) {
      this.files.push(name);
      const path = packagePath(name);
      const found = await unpack(path, (bytes, key) =>
        unpackPackage(bytes, key, { repository, name }),
      );
      if (found) this.#packages.set(name, found);
    }
    this.#names = await unpack("names", (bytes, key) => unpackNames(bytes, key, { repository }));
    const versions = await unpack("versions", (bytes, key) =>
      unpackVersions(bytes, key, { repository }),
    );
    if (versions) {
      this.#versions = { payload: encodeVersions(versions.resource), isOurs: versions.isOurs };
    }
    const journal = await folder.read(journalPath);
    if (journal) this.unfinished = new TextDecoder().decode(journal).split("\n");
  }

  async #readKeys({ folder, privateKey, force }: BeforeRequest) {
    const pem = await publicKeyPem(privateKey);
    const ours = { key: await parsePublicKey(pem), isOurs: true };
    const bytes = await folder.read("public_key");
    if (!bytes) return [ours];
    try {
      const there = new TextDecoder().decode(bytes);
      const fingerprint = await publicKeyFingerprint(there);
      this.hasPublicKey = fingerprint === (await publicKeyFingerprint(pem));
      if (this.hasPublicKey) return [ours];
      if (!force) throw new BuildError({ reason: "other_key", fingerprint });
      return [ours, { key: await parsePublicKey(there), isOurs: false }];
    } catch (error) {
      if (error instanceof BuildError || !(error instanceof Error)) throw error;
      if (force) return [ours];
      throw new BuildError({ reason: "bad_public_key", why: error.message });
    }
  }

  package(name: string): PackageResource | undefined {
    return this.#packages.get(name)?.resource;
  }

  names(): string[] {
    return [...this.#packages.keys()];
  }

  /** Compared as we would write both: the Elixir task also writes what a client assumes anyway. */
  says(resource: PackageResource): boolean {
    const found = this.#packages.get(resource.name);
    if (!found?.isOurs) return false;
    return sameBytes(encodePackage(found.resource), encodePackage(resource));
  }

  hasVersions(payload: Uint8Array): boolean {
    return this.#versions?.isOurs === true && sameBytes(this.#versions.payload, payload);
  }

  hasNames(payload: Uint8Array): boolean {
    return this.#names?.isOurs === true && sameBytes(encodeNames(this.#names.resource), payload);
  }

  get updatedAt(): ReadonlyMap<string, Timestamp | undefined> {
    return new Map(this.#names?.resource.packages.map((it) => [it.name, it.updatedAt]));
  }

  /** Else a package that was written just before a crash would look as if it had never changed. */
  async begin(folder: Folder, changed: readonly PackageResource[]): Promise<void> {
    if (changed.length === 0) return;
    const names = new Set([...this.unfinished, ...changed.map(({ name }) => name)]);
    await folder.write(journalPath, new TextEncoder().encode([...names].join("\n")));
  }
}
