/** Which key goes, and which comes. */
import { readFile } from "node:fs/promises";
import { generateSigningKey, publicKeyFingerprint } from "../../hex/sign.ts";
import { readPrivateKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { fingerprintOf, readKept } from "./key-folder.ts";
import type { Place } from "./place.ts";

export interface OldKey {
  fingerprint: string | null;
  /** Where its private half is, if that is known. */
  path: string | null;
}

/** The key that is to go: what is served says which that is, unless it is the new one already. */
export async function oldKey(
  { keys, sharedKeyPath }: Place,
  served: string | null,
): Promise<OldKey> {
  const begun = await keys.begun();
  const next = begun === undefined ? null : await fingerprintOf(begun);
  const there = served === null ? null : await publicKeyFingerprint(served);
  const asked = there === next ? null : there;
  for (const path of [keys.keyPath, ...(await keys.oldPaths()), sharedKeyPath]) {
    const pem = await readKept(path);
    const fingerprint = pem === undefined ? null : await fingerprintOf(pem);
    if (fingerprint === null || fingerprint === next) continue;
    if (asked === null || fingerprint === asked) return { fingerprint, path };
  }
  return { fingerprint: asked, path: null };
}

/**
 * The key that was begun with, else the one that is given, else a new one.
 * @param signingKey the file of the one that is given.
 * @throws Mistake when that is none, signs already, or another one was begun with.
 */
export async function chooseKey(
  place: Place,
  signingKey: string | undefined,
  old: string | null,
): Promise<{ pem: string; isBegun: boolean }> {
  const begun = await place.keys.begun();
  const given = signingKey === undefined ? undefined : await readGiven(signingKey);
  if (begun !== undefined) {
    const fingerprint = await fingerprintOf(begun);
    if (given !== undefined && (await fingerprintOf(given)) !== fingerprint) {
      throw new Mistake(
        `a rotation to ${fingerprint} is under way: run this without --signing-key until that is done`,
      );
    }
    console.error(`goes on with the rotation to ${fingerprint} that was begun`);
    return { pem: begun, isBegun: true };
  }
  if (given === undefined) return { pem: await generateSigningKey(), isBegun: false };
  if ((await fingerprintOf(given)) === old) {
    throw new Mistake(`${signingKey} is the key that signs already: ${old}`);
  }
  return { pem: given, isBegun: false };
}

async function readGiven(path: string): Promise<string> {
  await readPrivateKey(path);
  return readFile(path, "utf8");
}
