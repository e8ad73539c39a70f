/** Whoever receives releases: what an import needs of it. */
import type { ReleaseResource, RetirementStatus } from "../../hex/registry.ts";
import type { ReleaseName } from "../layout.ts";

/** Where it goes. A no comes back as a sentence. */
export interface Target {
  /** What is there already; none for a package that is not. */
  releases(name: string): Promise<readonly ReleaseResource[]>;
  docs(release: ReleaseName): Promise<Uint8Array | undefined>;
  publish(tarball: Uint8Array): Promise<Refused | undefined>;
  /** As one that was published then; when the date is refused, nothing has happened. */
  publishAs(tarball: Uint8Array, publishedAt: Date): Promise<Refused | DateRefused | undefined>;
  retire(release: ReleaseName, why: RetirementStatus): Promise<Refused | undefined>;
  publishDocs(release: ReleaseName, docs: Uint8Array): Promise<Refused | undefined>;
}

export interface Refused {
  refused: string;
}

export interface DateRefused {
  dateRefused: string;
  /** Would it say the same of any date? */
  always: boolean;
}
