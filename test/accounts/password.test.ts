import { describe, expect, it } from "vitest";
import { hashPassword, verifyPassword } from "../../src/accounts/password.ts";

const stored = await hashPassword("correct horse");

/** RFC 7914, 12: the first 32 of its 64 bytes, which are what a shorter hash has too. */
const vectors = [
  {
    password: "password",
    stored:
      "scrypt$1024$8$16$4e61436c$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162",
  },
  {
    password: "pleaseletmein",
    stored:
      "scrypt$16384$8$1$536f6469756d43686c6f72696465$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
  },
];

describe("a password", () => {
  it("is right when it is the one that was stored, and no other is", async () => {
    expect(await verifyPassword("correct horse", stored)).toBe(true);
    for (const wrong of ["", "correct hors", "correct horse ", "Correct horse", "correct\0horse"]) {
      expect(await verifyPassword(wrong, stored)).toBe(false);
    }
  });

  it("is stored as what it was computed with, and what came out", async () => {
    expect(stored).toMatch(/^scrypt\$32768\$8\$3\$[0-9a-f]{32}\$[0-9a-f]{64}$/);
    expect(stored).not.toContain("correct");
  });

  it("is stored another way each time", async () => {
    const again = await hashPassword("correct horse");
    expect(again.split("$")[4]).not.toBe(stored.split("$")[4]);
    expect(again.split("$")[5]).not.toBe(stored.split("$")[5]);
  });

  it("is the same however a keyboard writes its accents", async () => {
    const [one, two] = ["pässwörd", "pässwörd"].map((it, at) =>
      it.normalize(at === 0 ? "NFC" : "NFD"),
    );
    expect(one).not.toBe(two);
    expect(await verifyPassword(two ?? "", await hashPassword(one ?? ""))).toBe(true);
    expect(await verifyPassword(one ?? "", await hashPassword(two ?? ""))).toBe(true);
  });

  it("of an account without one is always wrong", async () => {
    for (const guess of ["", "null", "correct horse"]) {
      expect(await verifyPassword(guess, null)).toBe(false);
    }
  });

  it.each(vectors)("is computed as RFC 7914 says, with what is stored: $password", async (it) => {
    expect(await verifyPassword(it.password, it.stored)).toBe(true);
    expect(await verifyPassword(`${it.password}.`, it.stored)).toBe(false);
    const cheaper = it.stored.replace(/\$(1024|16384)\$/, "$512$");
    expect(await verifyPassword(it.password, cheaper)).toBe(false);
  });

  it("is never right against something that is no hash", async () => {
    const [salt] = ["00".repeat(16)];
    for (const text of [`scrypt$1024$8$1$${salt}$`, `scrypt$1024$8$1$${salt}$00`]) {
      expect(await verifyPassword("", text)).toBe(false);
    }
  });

  it("takes about as long for an account that has none", async () => {
    const time = async (kept: string | null) => {
      const startedAt = performance.now();
      await verifyPassword("guess", kept);
      return performance.now() - startedAt;
    };
    const [known, unknown] = [await time(stored), await time(null)];
    // Time stands still in a Worker unless something is awaited; scrypt is.
    if (known > 0) expect(unknown / known).toBeGreaterThan(0.2);
  });
});
