/**
 * The registry: what a repository says about its packages, in signed files. Each of the four has the
 * same four verbs, as in hex_core: `encode` a value into a payload, `decode` it; `build` the file
 * (encode, sign, gzip), `unpack` it (gunzip, verify the signature, decode, check whose it is).
 */
export {
  type AdvisorySeverity,
  advisorySeverities,
  type SecurityAdvisory,
} from "./registry/advisory.ts";
export { concatEntries } from "./registry/entries.ts";
export { RegistryError, type RegistryErrorReason } from "./registry/error.ts";
export type { Timestamp } from "./registry/fields.ts";
export {
  buildNames,
  decodeNames,
  encodeNames,
  encodeNamesEntry,
  type NamesPackage,
  type NamesResource,
  unpackNames,
} from "./registry/names.ts";
export {
  buildPackage,
  decodePackage,
  encodePackage,
  type PackageResource,
  unpackPackage,
} from "./registry/package.ts";
export {
  buildPolicy,
  decodePolicy,
  encodePolicy,
  type PolicyResource,
  unpackPolicy,
  type Visibility,
  visibilities,
} from "./registry/policy.ts";
export {
  type Override,
  type OverrideAction,
  overrideActions,
  type PackageRef,
  type RepositoryPolicy,
  type Restriction,
} from "./registry/policy-rules.ts";
export {
  type DependencyResource,
  type ReleaseResource,
  type RetirementReason,
  type RetirementStatus,
  retirementReasons,
} from "./registry/release.ts";
export {
  type BuildOptions,
  buildSigned,
  type UnpackLimits,
  unpackSigned,
} from "./registry/signed.ts";
export {
  buildVersions,
  decodeVersions,
  encodeVersions,
  encodeVersionsEntry,
  unpackVersions,
  type VersionsPackage,
  type VersionsResource,
} from "./registry/versions.ts";
