/** `policies/NAME`: what an organization lets its clients resolve to. Clients enforce it, we hand it out. */
import { Policy } from "../pb/policy.js";
import { decodeWord, encodeWord, optionalText, requiredName } from "./fields.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import { decodeRule, type RepositoryPolicy, ruleMessage } from "./policy-rules.ts";
import {
  type BuildOptions,
  buildSigned,
  checkName,
  checkRepository,
  type UnpackLimits,
  unpackSigned,
} from "./signed.ts";

export interface PolicyResource {
  repository: string;
  name: string;
  description?: string | undefined;
  visibility: Visibility;
  /** One for every repository that the policy limits; others are free. */
  repositories: readonly RepositoryPolicy[];
}

/** In the order of their numbers. */
export const visibilities = ["private", "public"] as const;
export type Visibility = (typeof visibilities)[number];

const inflatedBytesMax = 1024 * 1024;

/** @returns the payload. @throws Error naming the field that is missing or wrong. */
export function encodePolicy(policy: PolicyResource): Uint8Array {
  const name = requiredName(policy.name, "a policy's name");
  return encodeMessage(Policy, {
    repository: requiredName(policy.repository, `${name}: repository`),
    name,
    description: optionalText(policy.description, `${name}: description`),
    visibility: encodeWord(visibilities, policy.visibility, `${name}: visibility`),
    repositories: policy.repositories.map((rule) => ruleMessage(rule, name)),
  });
}

/**
 * What is newer than this program: a visibility decodes to "private", as the specification says; a limit
 * or an override that is not understood is left out, as Hex does. The file itself loses nothing.
 * @throws RegistryError "bad_message".
 */
export function decodePolicy(payload: Uint8Array): PolicyResource {
  const policy = decodeMessage(Policy, payload, "policy");
  return {
    repository: policy.repository,
    name: policy.name,
    description: policy.description ?? undefined,
    visibility: decodeWord(visibilities, policy.visibility) ?? "private",
    repositories: policy.repositories.map(decodeRule),
  };
}

/** @returns the file. */
export async function buildPolicy(
  policy: PolicyResource,
  privateKey: CryptoKey,
  options: BuildOptions,
): Promise<Uint8Array> {
  return buildSigned(encodePolicy(policy), privateKey, options);
}

/** @throws RegistryError for any reason of the list. */
export async function unpackPolicy(
  bytes: Uint8Array,
  publicKey: CryptoKey,
  expected: { repository: string; name: string } & UnpackLimits,
): Promise<PolicyResource> {
  const limits = { inflatedBytesMax: expected.inflatedBytesMax ?? inflatedBytesMax };
  const policy = decodePolicy(await unpackSigned(bytes, publicKey, limits));
  checkRepository(policy, expected.repository);
  checkName(policy, expected.name);
  return policy;
}
