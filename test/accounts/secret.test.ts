import { describe, expect, it } from "vitest";
import {
  hashKeySecret,
  hashToken,
  isKeySecret,
  makeKeySecret,
  makeToken,
  makeUserCode,
} from "../../src/accounts/secret.ts";

const secret = makeKeySecret();

describe("a key", () => {
  it("is hex_ and 40 hexadecimal characters", () => {
    for (let at = 0; at < 1000; at++) {
      const made = makeKeySecret();
      expect(made).toMatch(/^hex_[0-9a-f]{40}$/);
      expect(isKeySecret(made)).toBe(true);
    }
  });

  it("ends with the CRC-32 of what stands before, as any other program computes it", () => {
    // Python: zlib.crc32(b"hex_" + b"0" * 32)
    const zeros = `hex_${"0".repeat(32)}`;
    expect(isKeySecret(`${zeros}${crc32(zeros)}`)).toBe(true);
    expect(crc32("123456789")).toBe("cbf43926");
  });

  it("is never made twice", () => {
    const made = Array.from({ length: 5000 }, makeKeySecret);
    expect(new Set(made.map((it) => it.slice(0, 36))).size).toBe(5000);
  });

  it("with one other character is none", () => {
    for (let at = 0; at < secret.length; at++) {
      for (const character of "0123456789abcdefxX_ ") {
        if (character === secret[at]) continue;
        expect(isKeySecret(secret.slice(0, at) + character + secret.slice(at + 1))).toBe(false);
      }
    }
  });

  it("with two neighbours in the wrong order is none", () => {
    for (let at = 0; at < secret.length - 1; at++) {
      const [one = "", two = ""] = secret.slice(at, at + 2);
      if (one === two) continue;
      expect(isKeySecret(secret.slice(0, at) + two + one + secret.slice(at + 2))).toBe(false);
    }
  });

  it.each([
    ["nothing", ""],
    ["one that lacks its last character", secret.slice(0, -1)],
    ["one that lacks its first character", secret.slice(1)],
    ["one with a character more", `${secret}0`],
    ["one with a line break behind it", `${secret}\n`],
    ["one with a blank before it", ` ${secret}`],
    ["one in capitals", secret.toUpperCase()],
    ["one with capital digits", `hex_${secret.slice(4).toUpperCase()}X`.slice(0, 44)],
    ["one without its mark", secret.slice(4)],
    ["two in a row", secret + secret],
    ["one in digits of another script", secret.replace(/[0-9]/, "٣")],
    ["the admin key of the tests", "hex_only_for_tests_0123456789"],
  ])("is not %s", (_, text) => {
    expect(isKeySecret(text)).toBe(false);
  });
});

describe("what is stored of a secret", () => {
  it("is HMAC-SHA256 for a key: the second case of RFC 4231", async () => {
    expect(await hashKeySecret("Jefe", "what do ya want for nothing?")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });

  it("is another one under another ACCOUNTS_SECRET, also when both are in use at one time", async () => {
    const hashes = await Promise.all(
      ["one", "two", "one", "two"].map((under) => hashKeySecret(under, secret)),
    );
    expect(hashes[0]).toBe(hashes[2]);
    expect(hashes[1]).toBe(hashes[3]);
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  it("is SHA-256 for a token: the example of FIPS 180", async () => {
    expect(await hashToken("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

describe("a token", () => {
  it("has 256 random bits that need no quoting anywhere", () => {
    const made = Array.from({ length: 2000 }, makeToken);
    for (const token of made) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(made).size).toBe(made.length);
    const all = made.join("");
    for (const character of "AZaz09-_") expect(all).toContain(character);
  });
});

describe("a code that people type", () => {
  it("has eight characters that look like no other, each as likely as the next", () => {
    const alphabet = "23456789BCDFGHJKLMNPQRSTVWXYZ";
    const counts = new Map<string, number>();
    const codes = 6000;
    for (let at = 0; at < codes; at++) {
      const code = makeUserCode();
      expect(code).toHaveLength(8);
      for (const character of code) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect([...counts.keys()].sort().join("")).toBe([...alphabet].sort().join(""));
    // Chi squared with 28 degrees of freedom: above 75 once in 200,000 runs; a byte modulo 29 gives some 500.
    const expected = (codes * 8) / alphabet.length;
    const squares = [...counts.values()].map((count) => (count - expected) ** 2 / expected);
    expect(squares.reduce((sum, it) => sum + it)).toBeLessThan(75);
  });
});

/** Bit by bit as the polynomial says, another way than in src/. */
function crc32(text: string): string {
  const table = Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value >>> 0;
  });
  let crc = 0xffffffff;
  for (const character of text) {
    crc = (crc >>> 8) ^ (table[(crc ^ character.charCodeAt(0)) & 0xff] ?? 0);
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
