/** The repositories that are declared, and by which key each of them is to be signed. */
import type { Config } from "../../config/config.ts";
import { type RepositoryConfig, signedNameOf } from "../../config/repositories.ts";
import { signingKeyPem } from "../../config/signing-key.ts";
import type { Env } from "../../env.ts";
import { parsePrivateKey, publicKeyFingerprint, publicKeyPem } from "../../hex/sign.ts";
import { faultOf } from "./fault.ts";

export interface DescribedRepository {
  name: string;
  kind: string;
  public: boolean;
  /** What its signed files call it. */
  signed_name: string;
  /** Null: upstream signs it. */
  signing_key: { fingerprint: string } | { error: string } | null;
}

export function describeRepositories(env: Env, config: Config): Promise<DescribedRepository[]> {
  const fingerprints = new Map<string, Promise<{ fingerprint: string } | { error: string }>>();
  return Promise.all(
    [...config.repositories.values()].map(async (repository) => {
      const { name, kind, public: isPublic } = repository;
      const described = { name, kind, public: isPublic, signed_name: signedNameOf(repository) };
      if (!isOurs(repository)) return { ...described, signing_key: null };
      const pem = signingKeyPem(env, name);
      // Most have the same one.
      const known = fingerprints.get(pem) ?? fingerprintOf(pem).catch(faultOf);
      fingerprints.set(pem, known);
      return { ...described, signing_key: await known };
    }),
  );
}

function isOurs(repository: RepositoryConfig): boolean {
  return repository.kind !== "mirror" || repository.declaration.mode === "curated";
}

async function fingerprintOf(pem: string): Promise<{ fingerprint: string }> {
  const key = await parsePrivateKey(pem);
  return { fingerprint: await publicKeyFingerprint(await publicKeyPem(key)) };
}
