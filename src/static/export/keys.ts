/** Whose repository it is, and whose folder. */
import { decodeNames, unpackSigned } from "../../hex/registry.ts";
import { KeyError, parsePublicKey, publicKeyFingerprint } from "../../hex/sign.ts";
import type { Folder } from "../folder.ts";
import { ExportError } from "./request.ts";
import type { Source } from "./source.ts";
import { indexLimits } from "./written-folder.ts";

/** @param said the PEM that it has to be. */
export async function readPublicKey(
  source: Source,
  said: string | undefined,
): Promise<{ pem: string; key: CryptoKey }> {
  const got = await source.get("public_key");
  if (typeof got === "string" && said === undefined) {
    throw new ExportError({ reason: "no_repository", path: "public_key" });
  }
  const pem = typeof got === "string" ? (said ?? "") : new TextDecoder().decode(got.bytes);
  try {
    const fingerprint = await publicKeyFingerprint(pem);
    if (said !== undefined && fingerprint !== (await publicKeyFingerprint(said))) {
      throw new ExportError({ reason: "unexpected_key", fingerprint });
    }
    return { pem, key: await parsePublicKey(pem) };
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new ExportError({ reason: "bad_key", why: error.message });
  }
}

/** A folder that another key has signed is not ours to write to. */
export async function refuseOtherKey(folder: Pick<Folder, "read">, pem: string): Promise<void> {
  const there = await folder.read("public_key");
  if (!there) return;
  const text = new TextDecoder().decode(there);
  const fingerprint = await publicKeyFingerprint(text).catch(() => "none at all");
  if (fingerprint === (await publicKeyFingerprint(pem))) return;
  throw new ExportError({ reason: "other_key", fingerprint });
}

/** Nor one of another repository. Its key has been looked at; what is not readable is written anew. */
export async function refuseOtherRepository(
  folder: Pick<Folder, "read">,
  repository: string,
): Promise<void> {
  const bytes = await folder.read("names");
  const key = await folder.read("public_key");
  if (!bytes || !key) return;
  const publicKey = await parsePublicKey(new TextDecoder().decode(key));
  const payload = await unpackSigned(bytes, publicKey, indexLimits).catch(() => undefined);
  const there = payload && decodeNames(payload).repository;
  if (there === undefined || there === repository) return;
  throw new ExportError({ reason: "other_repository", repository: there });
}
