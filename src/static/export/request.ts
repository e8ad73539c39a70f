/** What an export is asked for, and what it says when it is done or does not do it. */
import type { Folder } from "../folder.ts";
import type { ReleaseName } from "../layout.ts";
import { thrown } from "../thrown.ts";
import type { Source } from "./source.ts";

export interface ExportRequest {
  source: Source;
  folder: Folder;
  /** Those only, and their packages; asked when it is known what signed files call the repository. */
  pinned?: ((repository: string) => readonly PinnedRelease[]) | undefined;
  docs: boolean;
  /** Sign anew, and tell of nothing but what is in the folder. */
  privateKey?: CryptoKey | undefined;
  /** What the repository's key has to be; else it is believed as it is served. */
  publicKeyPem?: string | undefined;
  /** Also into a folder of another key or repository. */
  force?: boolean | undefined;
  onRelease?: (done: number, total: number) => void;
  /** Between two looks at a repository that changes under our hands. */
  pauseMs?: number;
}

export interface PinnedRelease extends ReleaseName {
  outerChecksum: string | null;
}

export interface ExportReport {
  /** As its signed files call it. */
  repository: string;
  fingerprint: string;
  packages: number;
  releases: number;
  docs: number;
  fetchedBytes: number;
  /** Paths. */
  written: string[];
  removed: string[];
}

export type ExportRefusal =
  | { reason: "no_repository"; path: string }
  | { reason: "bad_key"; why: string }
  /** Of the repository, when it was said what it has to be. */
  | { reason: "unexpected_key"; fingerprint: string }
  /** Of the folder. */
  | { reason: "other_key"; fingerprint: string }
  | { reason: "other_repository"; repository: string }
  /** Not signed, not complete, not what was said elsewhere; all that was found at once. */
  | { reason: "bad_files"; problems: string[] };

export class ExportError extends thrown<ExportRefusal>() {}
