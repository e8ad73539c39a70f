import type { Freshness } from "../refresh.ts";
import type { Rules } from "../rules.ts";
import type { RegistryPath } from "../upstream.ts";
import type { Signer, World } from "../world.ts";

export type CuratedPath = RegistryPath | "public_key" | `policies/${string}`;

/** What became of a file of ours. */
export type Curated =
  | {
      kind: "there";
      /** Why it is not built from what upstream says now, or null. */
      why: string | null;
      /** When it has to be asked for again at the latest, or null. */
      until: number | null;
      /** Of a package: those that are in. */
      versions: readonly string[];
    }
  /** Of this package nothing is in. */
  | { kind: "held" }
  | { kind: "missing" }
  | { kind: "unavailable"; why: string };

/** What a curated mirror works with. */
export interface Curation {
  world: World;
  rules: Rules;
  signer: Signer;
  /** Differs when the rules do, or the key: what was built with another one is built again. */
  stamp: string;
  /** Checksums of tarballs that could not be read, which wait behind the others. */
  failed: Set<string>;
  /** Asks upstream; one at a time for each file, as the mirror does it. */
  refresh(path: RegistryPath): Promise<Freshness>;
  /** Resolves when the tarball is kept, or is not going to be. */
  hold(name: string, version: string): Promise<{ kind: string }>;
}
