/** A release as packages/NAME lists it. */
import type { Dependency, Release, RetirementStatus as RetirementMessage } from "../pb/package.js";
import {
  decodeChecksum,
  decodeTimestamp,
  decodeWord,
  encodeTimestamp,
  encodeWord,
  fromMessage,
  optionalText,
  positions,
  requiredChecksum,
  requiredName,
  requiredText,
  type Timestamp,
  toMessage,
} from "./fields.ts";

export interface ReleaseResource {
  version: string;
  /** SHA-256, 32 bytes, over the tarball's parts. */
  innerChecksum: Uint8Array;
  /** SHA-256, 32 bytes, over the tarball. Only old upstream files lack it; rebar3 then refuses. */
  outerChecksum?: Uint8Array | undefined;
  /** Written in the order given. */
  dependencies: readonly DependencyResource[];
  retired?: RetirementStatus | undefined;
  /** Positions in the package's `advisories`, from 0. Not checked when decoded. */
  advisoryIndexes: readonly number[];
  /** When the version was first published: what a client's cooldown counts from. */
  publishedAt?: Timestamp | undefined;
}

export interface DependencyResource {
  package: string;
  requirement: string;
  /** False is written as absence, as hexpm does. */
  optional?: boolean | undefined;
  /** The OTP application, when it is not called like the package. */
  app?: string | undefined;
  /** As the client calls it; absent means the repository of this package. */
  repository?: string | undefined;
}

export interface RetirementStatus {
  reason: RetirementReason;
  message?: string | undefined;
}

/** In the order of their numbers. */
export const retirementReasons = ["other", "invalid", "security", "deprecated", "renamed"] as const;
export type RetirementReason = (typeof retirementReasons)[number];

/** @param advisories how many the package has. @throws Error naming the field that is wrong. */
export function releaseMessage(
  release: ReleaseResource,
  owner: string,
  advisories: number,
): Release.$Properties {
  const where = `${owner} ${requiredName(release.version, `${owner}: a release's version`)}`;
  return {
    version: release.version,
    innerChecksum: requiredChecksum(release.innerChecksum, `${where}: inner_checksum`),
    dependencies: release.dependencies.map((dependency) => dependencyMessage(dependency, where)),
    retired: toMessage(release.retired, (retired) => retirementMessage(retired, where)),
    outerChecksum: toMessage(release.outerChecksum, (checksum) =>
      requiredChecksum(checksum, `${where}: outer_checksum`),
    ),
    advisoryIndexes: positions(release.advisoryIndexes, advisories, `${where}: advisory_indexes`),
    publishedAt: toMessage(release.publishedAt, (time) =>
      encodeTimestamp(time, `${where}: published_at`),
    ),
  };
}

/** @throws RegistryError "bad_message" for a checksum of another length, or a time out of reach. */
export function decodeRelease(release: Release.$Properties, owner: string): ReleaseResource {
  const where = `${owner} ${release.version}`;
  return {
    version: release.version,
    innerChecksum: decodeChecksum(release.innerChecksum, `${where}: inner_checksum`),
    outerChecksum: fromMessage(release.outerChecksum, (checksum) =>
      decodeChecksum(checksum, `${where}: outer_checksum`),
    ),
    dependencies: (release.dependencies ?? []).map(decodeDependency),
    retired: fromMessage(release.retired, decodeRetirement),
    advisoryIndexes: release.advisoryIndexes ?? [],
    publishedAt: fromMessage(release.publishedAt, decodeTimestamp),
  };
}

function retirementMessage(
  { reason, message }: RetirementStatus,
  where: string,
): RetirementMessage.$Properties {
  return {
    reason: encodeWord(retirementReasons, reason, `${where}: retired.reason`),
    message: optionalText(message, `${where}: retired.message`),
  };
}

function decodeRetirement({ reason, message }: RetirementMessage.$Properties): RetirementStatus {
  // A reason that is newer than this program: the release must stay retired, and usable.
  return {
    reason: decodeWord(retirementReasons, reason) ?? "other",
    message: message ?? undefined,
  };
}

function dependencyMessage(dependency: DependencyResource, where: string): Dependency.$Properties {
  const what = `${where}: dependency ${dependency.package}`;
  return {
    package: requiredName(dependency.package, `${where}: a dependency's package`),
    requirement: requiredText(dependency.requirement, `${what}: requirement`),
    optional: dependency.optional || null,
    app: optionalText(dependency.app, `${what}: app`),
    repository: optionalText(dependency.repository, `${what}: repository`),
  };
}

function decodeDependency(dependency: Dependency.$Properties): DependencyResource {
  return {
    package: dependency.package,
    requirement: dependency.requirement,
    optional: dependency.optional ?? undefined,
    app: dependency.app ?? undefined,
    repository: dependency.repository ?? undefined,
  };
}
