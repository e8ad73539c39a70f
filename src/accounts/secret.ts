/**
 * Secrets that we hand out once and never keep: keys, refresh tokens, codes.
 *
 * A key is `hex_` and 40 hexadecimal characters: 16 random bytes and the CRC-32 of what stands before,
 * so that scanners of leaks can tell a key from any other 40 characters, and we from a typing error,
 * without asking anybody.
 */
import { toHex } from "../hex/checksum.ts";

export function makeKeySecret(): string {
  const random = toHex(crypto.getRandomValues(new Uint8Array(16)));
  return `hex_${random}${checksumOf(`hex_${random}`)}`;
}

/** Could we have made it? */
export function isKeySecret(text: string): boolean {
  return /^hex_[0-9a-f]{40}$/.test(text) && text.endsWith(checksumOf(text.slice(0, 36)));
}

/** 256 random bits, in base64url. */
export function makeToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Eight letters and digits that nobody takes for each other (server.md 4.7). */
export function makeUserCode(): string {
  const alphabet = "23456789BCDFGHJKLMNPQRSTVWXYZ";
  // A byte above the last whole turn of the alphabet would make its first letters likelier.
  const usable = 256 - (256 % alphabet.length);
  let code = "";
  while (code.length < 8) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < usable) code += alphabet[byte % alphabet.length];
  }
  return code;
}

/** HMAC-SHA256 under ACCOUNTS_SECRET, 64 hexadecimal characters: how a key is stored and looked for. */
export async function hashKeySecret(accountsSecret: string, secret: string): Promise<string> {
  const key = await hmacKey(accountsSecret);
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(secret))));
}

/** SHA-256, 64 hexadecimal characters: enough for 256 random bits. */
export async function hashToken(token: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(token))));
}

/** Importing it takes as long as using it; there is one per isolate. */
let imported: { secret: string; key: CryptoKey } | undefined;

async function hmacKey(secret: string): Promise<CryptoKey> {
  if (imported?.secret === secret) return imported.key;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, [
    "sign",
  ]);
  imported = { secret, key };
  return key;
}

const encoder = new TextEncoder();

function checksumOf(text: string): string {
  let crc = 0xffffffff;
  for (const byte of encoder.encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
