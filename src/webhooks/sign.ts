/**
 * The signature of a delivery: HMAC-SHA256 over the time and the body, so that neither can be another, and
 * what somebody recorded cannot be sent again later.
 */
import { toHex } from "../hex/checksum.ts";

const encoder = new TextEncoder();

/** @returns the value of `hexedge-signature`. */
export async function signatureOf(secret: string, body: string, now: number): Promise<string> {
  const seconds = Math.floor(now / 1000);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), hmac, false, ["sign"]);
  const signature = await crypto.subtle.sign(hmac, key, encoder.encode(`${seconds}.${body}`));
  return `t=${seconds},v1=${toHex(new Uint8Array(signature))}`;
}
