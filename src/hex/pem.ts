/**
 * PEM and the little DER that RSA keys need. Hex knows keys in both dialects, RSA's own (PKCS#1) and
 * the general one (PKCS#8, SPKI); WebCrypto reads only the general one, so the other is wrapped.
 */
import { concatBytes } from "./checksum.ts";

/** Why a key cannot be used, and what to do instead, as sentences for the operator. */
export class KeyError extends Error {
  override name = "KeyError";
}

export interface Pem {
  /** What stands behind BEGIN, such as "PRIVATE KEY". */
  label: string;
  der: Uint8Array;
}

/**
 * Reads exactly one PEM entry. Secrets come through env files and dashboards, so CRLF, literal "\n"
 * and white space around it are forgiven; any other text is not.
 * @throws KeyError
 */
export function readPem(text: string): Pem {
  const clean = text
    .replaceAll(/\\r|\r/g, "")
    .replaceAll("\\n", "\n")
    .trim();
  const entries = clean.split("-----BEGIN ").length - 1;
  if (entries > 1)
    throw new KeyError(`${entries} PEM entries where one is expected; keep one key.`);
  const [, label, body] =
    /^-----BEGIN ([A-Z0-9 ]+)-----([^-]*(?:-[^-]+)*)-----END \1-----$/.exec(clean) ?? [];
  if (label === undefined || body === undefined) {
    throw new KeyError(
      "This is not a PEM key. It begins with -----BEGIN …----- and ends with -----END …-----, with nothing around.",
    );
  }
  if (label === "ENCRYPTED PRIVATE KEY" || body.includes("ENCRYPTED")) {
    throw new KeyError(
      "The private key is encrypted. Decrypt it: openssl pkey -in key.pem -out decrypted.pem",
    );
  }
  return { label, der: fromBase64(body) };
}

export function writePem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** RFC 5208, section 5: PrivateKeyInfo { version 0, rsaEncryption, OCTET STRING of `pkcs1` }. */
export function pkcs8FromPkcs1(pkcs1: Uint8Array): Uint8Array {
  return der(sequence, Uint8Array.of(0x02, 1, 0), rsaEncryption, der(octetString, pkcs1));
}

/** RFC 5280, section 4.1: SubjectPublicKeyInfo { rsaEncryption, BIT STRING of `pkcs1` }. */
export function spkiFromPkcs1(pkcs1: Uint8Array): Uint8Array {
  // A bit string begins with how many bits of its last byte do not count.
  return der(sequence, rsaEncryption, der(bitString, Uint8Array.of(0), pkcs1));
}

const bitString = 0x03;
const octetString = 0x04;
const sequence = 0x30;

/** AlgorithmIdentifier { 1.2.840.113549.1.1.1, NULL }, whole. */
const rsaEncryption = Uint8Array.of(
  ...[0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0],
);

function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = concatBytes(contents);
  return concatBytes([Uint8Array.of(tag, ...derLength(content.length)), content]);
}

/** Short form below 128; else how many bytes follow, and these. */
function derLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}

/** White space is allowed anywhere. @throws KeyError */
export function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new KeyError("The key's text is damaged: it is not base64. Copy the whole file again.");
  }
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
