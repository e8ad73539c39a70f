/** Keys in files, as options name them. */
import { readFile } from "node:fs/promises";
import { KeyError, parsePrivateKey, parsePublicKey } from "../hex/sign.ts";
import { Mistake } from "./mistake.ts";

export async function readPrivateKey(path: string): Promise<CryptoKey> {
  return readKey(path, parsePrivateKey);
}

/** @returns its text, which is a key. */
export async function readPublicKey(path: string): Promise<string> {
  return readKey(path, async (pem) => {
    await parsePublicKey(pem);
    return pem;
  });
}

async function readKey<T>(path: string, parse: (pem: string) => Promise<T>): Promise<T> {
  const pem = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`;
    throw new Mistake(`the key ${path} ${why}`);
  });
  return parse(pem).catch((error: unknown) => {
    if (!(error instanceof KeyError)) throw error;
    throw new Mistake(`${path}: ${error.message}`);
  });
}
