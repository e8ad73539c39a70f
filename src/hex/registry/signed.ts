/** The envelope around every registry file: gzip(Signed { payload, signature }). */
import { GzipError, gunzip } from "../gunzip.ts";
import { gzip } from "../gzip.ts";
import { Signed } from "../pb/signed.js";
import { sign, verify } from "../sign.ts";
import { RegistryError } from "./error.ts";
import { decodeMessage, encodeMessage } from "./message.ts";

export interface BuildOptions {
  /** Written into the file, so that two builds at different times differ in bytes and in ETag. */
  mtimeSeconds: number;
}

export interface UnpackLimits {
  /** Of the envelope, which is some 260 bytes more than its payload. */
  inflatedBytesMax?: number | undefined;
}

/** @returns the file of a payload, which may come from an `encode` or from concatEntries. */
export async function buildSigned(
  payload: Uint8Array,
  privateKey: CryptoKey,
  options: BuildOptions,
): Promise<Uint8Array> {
  const signature = await sign(payload, privateKey);
  return gzip(encodeMessage(Signed, { payload, signature }), options.mtimeSeconds);
}

/**
 * Opens a file from a stranger and checks the signature, in this order, so that nothing is decoded
 * that the key's owner did not sign.
 * @returns the payload.
 * @throws RegistryError "not_gzip", "too_big", "bad_message" or "bad_signature".
 */
export async function unpackSigned(
  bytes: Uint8Array,
  publicKey: CryptoKey,
  limits: { inflatedBytesMax: number },
): Promise<Uint8Array> {
  const envelope = await gunzip(bytes, limits).catch((error) => {
    if (!(error instanceof GzipError)) throw error;
    throw new RegistryError(error.reason, `The registry file ${error.message}`);
  });
  const { payload, signature } = decodeMessage(Signed, envelope, "The registry file's envelope");
  if (!signature) throw new RegistryError("bad_signature", "The registry file is not signed");
  if (!(await verify(payload, signature, publicKey))) {
    throw new RegistryError(
      "bad_signature",
      "The registry file is not signed with the expected key",
    );
  }
  return payload;
}

/**
 * The signature says who speaks, the payload for which repository: a key may sign for several, and a
 * file of one must not pass for the other's.
 * @throws RegistryError "bad_repository"
 */
export function checkRepository(resource: { repository: string }, expected: string): void {
  if (resource.repository === expected) return;
  const message = `The registry file speaks for the repository ${resource.repository}, not for ${expected}`;
  throw new RegistryError("bad_repository", message);
}

/** The same for a file that is about one package or policy. @throws RegistryError "bad_name" */
export function checkName(resource: { name: string }, expected: string): void {
  if (resource.name === expected) return;
  throw new RegistryError(
    "bad_name",
    `The registry file is about ${resource.name}, not ${expected}`,
  );
}
