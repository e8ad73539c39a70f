/** The folder of an export: what is written to it, and what need not be. */
import { sameBytes } from "../../hex/checksum.ts";
import { unpackSigned } from "../../hex/registry.ts";
import { parsePublicKey, publicKeyPem } from "../../hex/sign.ts";
import type { Folder } from "../folder.ts";

export const indexLimits = { inflatedBytesMax: 32 * 1024 * 1024 };

export class WrittenFolder {
  /** Of what was written. */
  readonly paths = new Set<string>();
  readonly #folder: Folder;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.#folder.read(path);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const there = await this.#folder.read(path);
    if (there && sameBytes(there, bytes)) return;
    await this.#folder.write(path, bytes);
    this.paths.add(path);
  }

  /** As it is served; but not when only the date inside is another, which git would take for a change. */
  async writeVerbatim(path: string, bytes: Uint8Array, key: CryptoKey): Promise<void> {
    const old = await this.#payload(path, key);
    if (old && sameBytes(old, await unpackSigned(bytes, key, indexLimits))) return;
    await this.write(path, bytes);
  }

  /**
   * What `build` signs with the key; but not when the folder says this already.
   * @param encodeAgain how we would write a payload that somebody else wrote.
   */
  async writeSigned(
    path: string,
    privateKey: CryptoKey,
    payload: Uint8Array,
    encodeAgain: (payload: Uint8Array) => Uint8Array,
    build: () => Promise<Uint8Array>,
  ): Promise<void> {
    const key = await parsePublicKey(await publicKeyPem(privateKey));
    const old = await this.#payload(path, key);
    if (old && sameBytes(encodeAgain(old), payload)) return;
    await this.write(path, await build());
  }

  /** Of the file that is there, if it is one that this key has signed. */
  async #payload(path: string, key: CryptoKey): Promise<Uint8Array | undefined> {
    const there = await this.#folder.read(path);
    return there && (await unpackSigned(there, key, indexLimits).catch(() => undefined));
  }
}
