import { parsePrivateKey, publicKeyFingerprint, publicKeyPem } from "../hex/sign.ts";

/** Who signs a repository: the private key, and what the world knows of it. */
export interface Signer {
  key: CryptoKey;
  publicKeyPem: string;
  /** `SHA256:…`, as `mix hex.repo add --fetch-public-key` takes it. */
  fingerprint: string;
}

/** @throws when the PEM is not an RSA private key, with a sentence that says what to do. */
export async function openSigner(privateKeyPem: string): Promise<Signer> {
  const key = await parsePrivateKey(privateKeyPem);
  const pem = await publicKeyPem(key);
  return { key, publicKeyPem: pem, fingerprint: await publicKeyFingerprint(pem) };
}
