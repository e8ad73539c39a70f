/**
 * A bucket of any S3 that keeps conditions on puts: Amazon's, R2 from outside, MinIO, Ceph.
 *
 * Reads are asked again until the store answers. A put or delete is asked again only when the store said
 * that it did nothing: one whose answer was lost may still land, after its successor, and the ledger has to
 * know of it. So it throws, and whoever called tries again: `place` writes it down first, `keep` looks at
 * what is there, and both take their own bytes for their own. (Asking again here was the alternative. With
 * MD5 for ETags, a file that changes and changes back lets a late first try undo what came after.)
 */
import { sha256, toHex } from "../hex/checksum.ts";
import { S3Client } from "./s3/client.ts";
import { within } from "./s3/deadline.ts";
import { S3Fault } from "./s3/fault.ts";
import { readObject, readStored } from "./s3/object.ts";
import { readPage } from "./s3/page.ts";
import type { S3Options } from "./s3/request.ts";
import type { ByteRange, PutCondition, Storage, Stored, StoredBody } from "./storage.ts";

export type { S3Options } from "./s3/request.ts";

/**
 * Buckets that have shown, since this isolate began, that they keep conditions, and how an ETag must be written
 * in one: Ceph's gateway (16.2) keeps `If-Match` only without the quotes that RFC 9110 wants.
 */
const trusted = new Map<string, Quote>();
type Quote = '"' | "";
/** Outside all that is served. One object, which stays. */
const probeKey = "conditional-writes-probe";

export class S3Storage implements Storage {
  readonly #client: S3Client;
  readonly #bucket: string;
  /** The look at whether the bucket keeps conditions, for all who want to write meanwhile. */
  #probing: Promise<Quote> | undefined;

  constructor(options: S3Options) {
    this.#client = new S3Client(options);
    this.#bucket = `${options.endpoint} ${options.bucket} ${options.prefix}`;
  }

  async head(key: string): Promise<Stored | undefined> {
    const response = await this.#client.read("HEAD", key);
    return response && readStored(key, response);
  }

  async get(key: string, range?: ByteRange): Promise<StoredBody | undefined> {
    // Of nothing there is no part, and the store would say 416.
    if (range?.length === 0) {
      const found = await this.head(key);
      return found && { ...found, body: new Uint8Array() };
    }
    const headers = range && { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
    return this.#client.read("GET", key, headers, (response, idleMsMax) =>
      readObject(key, response, range, idleMsMax),
    );
  }

  async put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<Stored | undefined> {
    const until = this.#client.writeUntil();
    return this.#put(key, bytes, condition, await this.#quoteBefore(until, key), until);
  }

  async delete(key: string): Promise<void> {
    await this.#client.write("DELETE", key, {}, this.#client.writeUntil());
  }

  async *list(prefix: string, after = ""): AsyncIterable<string> {
    let last = after;
    let token: string | undefined;
    do {
      const page = await this.#client.list(prefix, { after, token }, readPage);
      for (const key of page.keys) {
        // Amazon's directory buckets have no order. Also what ends a list that goes round and round.
        if (key <= last || !key.startsWith(prefix)) {
          throw new S3Fault(`the list of ${prefix} is in no order: ${key} came after ${last}`);
        }
        last = key;
        yield key;
      }
      token = page.next;
    } while (token !== undefined);
  }

  /**
   * Makes sure, once in an isolate, that the bucket keeps conditions: two who publish the same version
   * at the same time would else overwrite each other, and nobody would notice.
   * @throws S3Fault when it does not; then the next who asks looks again.
   */
  async checkConditions(): Promise<Quote> {
    const known = trusted.get(this.#bucket);
    if (known !== undefined) return known;
    if (this.#probing !== undefined) return this.#probing;
    const probing = this.#probe().finally(() => this.#forget(probing));
    this.#probing = probing;
    return probing;
  }

  /** How an ETag must be written. The look may be somebody else's, who dies in the middle of it. */
  async #quoteBefore(until: number, key: string): Promise<Quote> {
    const checking = this.checkConditions();
    const probing = this.#probing;
    const sentence = `${key}: the store did not say in time whether it keeps conditions`;
    const late = () => new S3Fault(sentence);
    return within(this.#client.msLeft(until), checking, late, () => this.#forget(probing));
  }

  #forget(probing: Promise<Quote> | undefined): void {
    if (this.#probing === probing) this.#probing = undefined;
  }

  async #probe(): Promise<Quote> {
    const probe = new TextEncoder().encode(
      "Hexedge tries here whether this store keeps If-Match.\n",
    );
    const put = (condition: PutCondition, quote: Quote) =>
      this.#put(probeKey, probe, condition, quote, this.#client.writeUntil());
    // The first of all finds nothing there, and stores it.
    const isNew = await put({ kind: "create" }, '"');
    if (isNew && (await put({ kind: "create" }, '"'))) {
      throw new S3Fault(refusal("a put with If-None-Match: * overwrote an object"));
    }
    const etag = (await this.head(probeKey))?.etag ?? "";
    for (const quote of ['"', ""] as const) {
      if (await put({ kind: "replace", etag: "0".repeat(32) }, quote)) {
        throw new S3Fault(refusal("a put with another object's ETag in If-Match was taken"));
      }
      // Whoever else tries at the same time, elsewhere, puts the same bytes, so the ETag stays.
      if (!(await put({ kind: "replace", etag }, quote))) continue;
      trusted.set(this.#bucket, quote);
      return quote;
    }
    throw new S3Fault(refusal("a put with the object's own ETag in If-Match was refused"));
  }

  async #put(
    key: string,
    bytes: Uint8Array,
    condition: PutCondition,
    quote: Quote,
    until: number,
  ): Promise<Stored | undefined> {
    const digest = await sha256(bytes);
    const headers = {
      ...(condition.kind === "create"
        ? { "if-none-match": "*" }
        : { "if-match": `${quote}${condition.etag}${quote}` }),
      "content-type": "application/octet-stream",
      // What is signed: bytes that were damaged on the way are refused.
      "x-amz-content-sha256": toHex(digest),
      "x-amz-meta-sha256": toHex(digest),
    };
    const response = await this.#client.write("PUT", key, headers, until, bytes);
    if (!response) return undefined;
    // The answer has no length of its own, and knows the time only as that of the answer.
    return readStored(key, response, { sizeBytes: bytes.length, sha256: digest });
  }
}

const refusal = (why: string) =>
  `this S3 does not keep conditions on writes, so Hexedge does not write to it: ${why}`;
