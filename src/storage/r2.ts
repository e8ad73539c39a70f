import type { ByteRange, PutCondition, Storage, Stored, StoredBody } from "./storage.ts";

/** Cloudflare R2, or Miniflare's simulation of it. */
export class R2Storage implements Storage {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async head(key: string): Promise<Stored | undefined> {
    const object = await this.#bucket.head(key);
    return object ? stored(object) : undefined;
  }

  async get(key: string, range?: ByteRange): Promise<StoredBody | undefined> {
    const object = await this.#bucket.get(key, range ? { range } : {});
    return object ? { ...stored(object), body: object.body } : undefined;
  }

  async put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<Stored | undefined> {
    const object = await this.#bucket.put(key, bytes, {
      onlyIf:
        condition.kind === "create" ? { etagDoesNotMatch: "*" } : { etagMatches: condition.etag },
      // R2 refuses bytes that were damaged on the way, and tells the checksum to whoever asks later.
      sha256: await crypto.subtle.digest("SHA-256", bytes),
    });
    return object ? stored(object) : undefined;
  }

  async delete(key: string): Promise<void> {
    await this.#bucket.delete(key);
  }

  async *list(prefix: string, after?: string): AsyncIterable<string> {
    const startAfter = after === undefined ? {} : { startAfter: after };
    let cursor: string | undefined;
    do {
      const from = cursor === undefined ? startAfter : { cursor };
      const page = await this.#bucket.list({ prefix, ...from });
      for (const object of page.objects) yield object.key;
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
  }
}

function stored(object: R2Object): Stored {
  const sha256 = object.checksums.sha256;
  return {
    etag: object.etag,
    sizeBytes: object.size,
    uploadedAt: object.uploaded,
    sha256: sha256 ? new Uint8Array(sha256) : undefined,
  };
}
