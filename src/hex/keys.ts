/** The repository's key pair, from PEM and back: RSA of 2048 bits or more, which is all that clients know. */
import { concatBytes, sha256 } from "./checksum.ts";
import {
  fromBase64,
  KeyError,
  pkcs8FromPkcs1,
  readPem,
  spkiFromPkcs1,
  toBase64,
  writePem,
} from "./pem.ts";

/** PKCS#1 v1.5 over SHA-512. A CryptoKey remembers it, so `sign` and `verify` need not say it. */
const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" };

/** What hex.pm has, and what generateSigningKey makes; 4096 signs six times slower. */
const modulusBits = 2048;
const modulusBitsMin = 2048;

/**
 * @param pem one entry, `RSA PRIVATE KEY` (PKCS#1) or `PRIVATE KEY` (PKCS#8).
 * @throws KeyError for anything else, an encrypted or another kind of key, or one below 2048 bits.
 */
export async function parsePrivateKey(pem: string): Promise<CryptoKey> {
  const { label, der } = readPem(pem);
  switch (label) {
    case "PRIVATE KEY":
      return importKey("pkcs8", der, "sign");
    case "RSA PRIVATE KEY":
      // workerd would take the bare PKCS#1 as well, Node does not.
      return importKey("pkcs8", pkcs8FromPkcs1(der), "sign");
    case "PUBLIC KEY":
    case "RSA PUBLIC KEY":
      throw new KeyError("This is a public key. The private key is needed here, to sign with.");
    default:
      throw wrongKind(label);
  }
}

/**
 * @param pem one entry, `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1).
 * @throws KeyError for anything else, another kind of key, or one below 2048 bits.
 */
export async function parsePublicKey(pem: string): Promise<CryptoKey> {
  const { label, der } = readPem(pem);
  switch (label) {
    case "PUBLIC KEY":
      return importKey("spki", der, "verify");
    case "RSA PUBLIC KEY":
      return importKey("spki", spkiFromPkcs1(der), "verify");
    case "PRIVATE KEY":
    case "RSA PRIVATE KEY":
      throw new KeyError(
        "This is a private key, which belongs nowhere but in a secret. Its public key: openssl pkey -in key.pem -pubout",
      );
    default:
      throw wrongKind(label);
  }
}

/** The public half of a key from parsePrivateKey, as SPKI PEM: what `public_key` serves. */
export async function publicKeyPem(privateKey: CryptoKey): Promise<string> {
  const { n, e } = await numbersOf(privateKey);
  const publicKey = await crypto.subtle.importKey("jwk", { kty: "RSA", n, e }, algorithm, true, [
    "verify",
  ]);
  return writePem("PUBLIC KEY", await exportDer("spki", publicKey));
}

/**
 * What people compare: equal to `ssh-keygen -l`, and to what `mix hex.repo` prints.
 * @param pem a public key, as for parsePublicKey.
 * @returns "SHA256:" and unpadded base64 of the SHA-256 over OpenSSH's form of the key.
 */
export async function publicKeyFingerprint(pem: string): Promise<string> {
  const { n, e } = await numbersOf(await parsePublicKey(pem));
  // RFC 4253, 6.6: string "ssh-rsa", mpint e, mpint n.
  const wire = [new TextEncoder().encode("ssh-rsa"), mpint(e), mpint(n)].flatMap(sshString);
  return `SHA256:${toBase64(await sha256(...wire)).replace(/=+$/, "")}`;
}

/** @returns a fresh private key as PKCS#8 PEM, 2048 bits. */
export async function generateSigningKey(): Promise<string> {
  const pair = await crypto.subtle.generateKey(
    { ...algorithm, modulusLength: modulusBits, publicExponent: Uint8Array.of(1, 0, 1) },
    true,
    ["sign", "verify"],
  );
  // The types of workerd do not tie the algorithm to the result.
  if (!("privateKey" in pair)) throw new Error("RSA keys come in pairs");
  return writePem("PRIVATE KEY", await exportDer("pkcs8", pair.privateKey));
}

async function importKey(
  format: "pkcs8" | "spki",
  der: Uint8Array,
  usage: "sign" | "verify",
): Promise<CryptoKey> {
  // Extractable, because the public key and its fingerprint are read out of it.
  const key = await crypto.subtle
    .importKey(format, new Uint8Array(der), algorithm, true, [usage])
    .catch(() => {
      throw new KeyError(
        "The key is damaged, or no RSA key. Make one: openssl genrsa -out key.pem 2048",
      );
    });
  const bits = "modulusLength" in key.algorithm ? Number(key.algorithm.modulusLength) : 0;
  if (bits < modulusBitsMin) {
    throw new KeyError(
      `The key has ${bits} bits, ${modulusBitsMin} are the least. Make one: openssl genrsa -out key.pem 2048`,
    );
  }
  return key;
}

function wrongKind(label: string): KeyError {
  if (label === "OPENSSH PRIVATE KEY") {
    return new KeyError(
      "OpenSSH's own format is not read. Convert the key: ssh-keygen -p -m PEM -f key",
    );
  }
  return new KeyError(
    `Hex needs an RSA key, this is: ${label}. Make one: openssl genrsa -out key.pem 2048`,
  );
}

/** Modulus and exponent in base64url. */
async function numbersOf(key: CryptoKey): Promise<{ n: string; e: string }> {
  const jwk = await crypto.subtle.exportKey("jwk", key);
  if (!("n" in jwk && jwk.n && jwk.e)) throw new Error("an RSA key without modulus or exponent");
  return { n: jwk.n, e: jwk.e };
}

async function exportDer(format: "pkcs8" | "spki", key: CryptoKey): Promise<Uint8Array> {
  const exported = await crypto.subtle.exportKey(format, key);
  // The types of workerd do not tie the format to the result.
  if (!(exported instanceof ArrayBuffer)) throw new Error(`no ${format} came of the key`);
  return new Uint8Array(exported);
}

/** A positive number: a leading 1 bit would mean a negative one, so it gets a zero byte before it. */
function mpint(base64url: string): Uint8Array {
  const bytes = fromBase64(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return (bytes[0] ?? 0) >= 0x80 ? concatBytes([Uint8Array.of(0), bytes]) : bytes;
}

/** The length in four bytes, big-endian, then the bytes. */
function sshString(bytes: Uint8Array): Uint8Array[] {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return [length, bytes];
}
