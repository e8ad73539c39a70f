/** Why a folder of tarballs does not become a repository; a closed list. */
import { thrown } from "../thrown.ts";

export type BuildRefusal =
  | { reason: "no_tarballs" }
  | { reason: "bad_tarballs"; problems: Problem[] }
  | { reason: "bad_public_key"; why: string }
  | { reason: "other_key"; fingerprint: string }
  /** Of the folder. */
  | { reason: "other_repository"; repository: string }
  | { reason: "bad_file"; path: string; why: string };

export interface Problem {
  file: string;
  why: string;
}

export class BuildError extends thrown<BuildRefusal>() {}
