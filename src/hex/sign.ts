/** Signing and verifying a payload: RSASSA-PKCS1-v1_5 over its SHA-512, by WebCrypto. */
export {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "./keys.ts";
export { KeyError } from "./pem.ts";

const algorithm = "RSASSA-PKCS1-v1_5";

/** @returns the signature's bytes, as many as the modulus has (256 for 2048 bits). */
export async function sign(payload: Uint8Array, privateKey: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, ours(payload)));
}

/** Whether `signature` was made over exactly `payload`, with the private half of `publicKey`. */
export async function verify(
  payload: Uint8Array,
  signature: Uint8Array,
  publicKey: CryptoKey,
): Promise<boolean> {
  return crypto.subtle.verify(algorithm, publicKey, ours(signature), ours(payload));
}

/** WebCrypto's types refuse a SharedArrayBuffer, and nothing in this program makes one. */
function ours(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
