import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  generateSigningKey,
  KeyError,
  parsePrivateKey,
  parsePublicKey,
  publicKeyFingerprint,
  publicKeyPem,
  sign,
  verify,
} from "../../src/hex/sign.ts";
import keys from "./vectors/keys.json" with { type: "json" };
import erlang from "./vectors/registry.json" with { type: "json" };

const payload = new TextEncoder().encode("payload");

describe("signing", () => {
  it("makes OpenSSL's signature", async () => {
    const signature = await sign(payload, await parsePrivateKey(keys.pkcs8));
    expect(btoa(String.fromCharCode(...signature))).toBe(keys.signature_of_payload);
  });

  it("verifies its own signature, and no other payload, signature or key", async () => {
    const signature = await sign(payload, await parsePrivateKey(keys.pkcs8));
    const publicKey = await parsePublicKey(keys.spki);
    const other = await parsePublicKey(erlang.public_key_spki);
    expect(await verify(payload, signature, publicKey)).toBe(true);
    expect(await verify(payload.subarray(1), signature, publicKey)).toBe(false);
    expect(await verify(payload, signature.subarray(1), publicKey)).toBe(false);
    expect(await verify(payload, new Uint8Array(0), publicKey)).toBe(false);
    expect(await verify(payload, signature, other)).toBe(false);
  });
});

describe("a private key", () => {
  it.each([
    ["PKCS#8 of OpenSSL", keys.pkcs8, keys.spki],
    ["PKCS#1 of OpenSSL", keys.pkcs1, keys.spki],
    ["PKCS#8 of Erlang", erlang.private_key_pkcs8, erlang.public_key_spki],
    ["PKCS#1 of Erlang", erlang.private_key_pkcs1, erlang.public_key_spki],
  ])("is read from %s and yields its public key", async (_, privatePem, publicPem) => {
    const derived = await publicKeyPem(await parsePrivateKey(privatePem));
    expect(derived.trim()).toBe(publicPem.trim());
    expect(derived.endsWith("-----END PUBLIC KEY-----\n")).toBe(true);
  });

  it("of 4096 bits is read too", async () => {
    const key = await parsePrivateKey(keys.rsa_4096);
    expect(await sign(payload, key)).toHaveLength(512);
  });

  it.each([
    ["CRLF", keys.pkcs1.replaceAll("\n", "\r\n")],
    ["\\n in an env file", keys.pkcs1.replaceAll("\n", "\\n")],
    ["\\r\\n in an env file", keys.pkcs1.replaceAll("\n", "\\r\\n")],
    ["white space around it", `\n\n  ${keys.pkcs1}\t \n`],
    ["all in one line", keys.pkcs1.replaceAll("\n", " ")],
  ])("is read with %s", async (_, pem) => {
    const derived = await publicKeyPem(await parsePrivateKey(pem));
    expect(derived.trim()).toBe(keys.spki);
  });

  it.each([
    ["encrypted PKCS#8", keys.pkcs8_encrypted, "openssl pkey -in key.pem -out decrypted.pem"],
    ["encrypted PKCS#1", keys.pkcs1_encrypted, "openssl pkey -in key.pem -out decrypted.pem"],
    ["1024 bits", keys.rsa_1024, "1024 bits, 2048 are the least"],
    ["elliptic curves", keys.ec_pkcs8, "no RSA key"],
    ["elliptic curves, SEC1", keys.ec_sec1, "needs an RSA key, this is: EC PRIVATE KEY"],
    ["Ed25519", keys.ed25519, "no RSA key"],
    ["OpenSSH's format", keys.openssh, "ssh-keygen -p -m PEM"],
    ["a public key", keys.spki, "This is a public key"],
    ["a public key, PKCS#1", keys.pkcs1_public, "This is a public key"],
    ["two keys", `${keys.pkcs8}\n${keys.pkcs1}`, "2 PEM entries"],
    ["text before it", `Bag Attributes\n${keys.pkcs8}`, "nothing around"],
    ["nothing", "", "not a PEM key"],
    ["no end", keys.pkcs8.slice(0, -5), "not a PEM key"],
    ["another end", keys.pkcs8.replace("END PRIVATE", "END PUBLIC"), "not a PEM key"],
    ["a damaged letter", keys.pkcs8.replace("MII", "M!I"), "not base64"],
    ["a line lost", keys.pkcs8.split("\n").toSpliced(5, 1).join("\n"), "damaged"],
  ])("is refused with advice: %s", async (_, pem, advice) => {
    const error = await parsePrivateKey(pem).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KeyError);
    expect(String(error)).toContain(advice);
    expect(String(error), "a key must never get into a log").not.toMatch(/M[!I]I/);
  });

  it("can be made", async () => {
    const pem = await generateSigningKey();
    expect(pem).toMatch(
      /^-----BEGIN PRIVATE KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PRIVATE KEY-----\n$/,
    );
    const key = await parsePrivateKey(pem);
    const publicKey = await parsePublicKey(await publicKeyPem(key));
    expect(await verify(payload, await sign(payload, key), publicKey)).toBe(true);
    expect(publicKey.algorithm).toMatchObject({ modulusLength: 2048 });
  });
});

describe("a public key", () => {
  it.each([
    ["SPKI of OpenSSL", keys.spki, keys.fingerprint],
    ["PKCS#1 of OpenSSL", keys.pkcs1_public, keys.fingerprint],
    ["SPKI of Erlang", erlang.public_key_spki, erlang.fingerprint],
    ["PKCS#1 of Erlang", erlang.public_key_pkcs1, erlang.fingerprint],
  ])("is read from %s and has OpenSSH's fingerprint", async (_, pem, fingerprint) => {
    expect(await publicKeyFingerprint(pem)).toBe(fingerprint);
  });

  it.each([
    ["1024 bits", keys.rsa_1024_public, "1024 bits, 2048 are the least"],
    ["elliptic curves", keys.ec_public, "no RSA key"],
    ["a private key", keys.pkcs1, "belongs nowhere but in a secret"],
    ["a private key, PKCS#8", keys.pkcs8, "belongs nowhere but in a secret"],
    ["two keys", `${keys.spki}\n${keys.pkcs1_public}`, "2 PEM entries"],
  ])("is refused with advice: %s", async (_, pem, advice) => {
    const error = await parsePublicKey(pem).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KeyError);
    expect(String(error)).toContain(advice);
  });
});

const missing = ["openssl", "ssh-keygen"].filter((program) => !runs(program));

describe.skipIf(missing.length > 0)(
  `OpenSSL and OpenSSH (missing: ${missing.join(", ") || "none"})`,
  () => {
    let pem: string;
    beforeAll(async () => {
      pem = await generateSigningKey();
    });

    it("read a key of ours, and derive the same public key and fingerprint", async () => {
      const ours = await publicKeyPem(await parsePrivateKey(pem));
      const theirs = execFileSync("openssl", ["pkey", "-pubout"], { input: pem, encoding: "utf8" });
      expect(ours).toBe(theirs);
      expect(await publicKeyFingerprint(ours)).toBe(sshFingerprint(ours));
    });

    it("verify a signature of ours", async () => {
      const key = await parsePrivateKey(pem);
      const files = { payload, signature: await sign(payload, key), pem: await publicKeyPem(key) };
      const answer = inFolder(files, (folder) =>
        execFileSync(
          "openssl",
          ["dgst", "-sha512", "-verify", "pem", "-signature", "signature", "payload"],
          { cwd: folder, encoding: "utf8" },
        ),
      );
      expect(answer).toBe("Verified OK\n");
    });
  },
);

function sshFingerprint(publicPem: string): string | undefined {
  return inFolder({ pem: publicPem }, (folder) => {
    const line = execFileSync("ssh-keygen", ["-i", "-m", "PKCS8", "-f", "pem"], { cwd: folder });
    writeFileSync(join(folder, "ssh"), line);
    const listed = execFileSync("ssh-keygen", ["-lf", "ssh"], { cwd: folder, encoding: "utf8" });
    return listed.split(" ")[1];
  });
}

function inFolder<T>(files: Record<string, string | Uint8Array>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "hexedge-sign-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whatever it thinks of no arguments; only ENOENT means that it is not installed. */
function runs(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ENOENT");
  }
}
