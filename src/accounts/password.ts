/**
 * Passwords, by scrypt: memory-hard, and native in workerd (bcrypt and argon2 would be JavaScript or
 * WebAssembly there, five to ten times slower for us and not for an attacker; WebCrypto's PBKDF2 stops
 * at 100,000 rounds on Cloudflare). N = 2^15, r = 8, p = 3 is one of OWASP's equal choices: 32 MiB and
 * some 200 ms. The Worker computes it, not the Durable Object, which would stand still meanwhile.
 */
import { scrypt } from "node:crypto";

const cost = { N: 2 ** 15, r: 8, p: 3 };
const hashBytes = 32;

/** @returns `scrypt$N$r$p$SALT$HASH`, both in hexadecimal: what is stored. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = await derive(password, salt, cost);
  const { N, r, p } = cost;
  return ["scrypt", N, r, p, Buffer.from(salt).toString("hex"), hash.toString("hex")].join("$");
}

/** In constant time. Null, for an account without a password, takes as long and is always wrong. */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = (stored ?? decoy).split("$");
  const expected = Buffer.from(hash, "hex");
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  const derived = await derive(password, Buffer.from(salt, "hex"), options);
  const isSame =
    derived.length === expected.length && crypto.subtle.timingSafeEqual(derived, expected);
  return isSame && stored !== null;
}

const decoy = `scrypt$${cost.N}$${cost.r}$${cost.p}$${"00".repeat(16)}$${"00".repeat(hashBytes)}`;

function derive(password: string, salt: Uint8Array, options: typeof cost): Promise<Buffer> {
  const { N, r, p } = options;
  return new Promise((resolve, reject) => {
    // One form of each text: keyboards differ in how they write an accent.
    const text = password.normalize("NFC");
    scrypt(text, salt, hashBytes, { N, r, p, maxmem: 64 * 1024 * 1024 }, (error, derived) =>
      error ? reject(error) : resolve(derived),
    );
  });
}
