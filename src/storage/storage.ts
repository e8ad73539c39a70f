/**
 * Where files live. Two kinds of things implement it, so it promises only what both can keep:
 *
 * - A get, head or list that starts after a put or delete answered sees its effect, from anywhere.
 * - A put answers only when the bytes are durable, and is all or nothing.
 * - Conditions are checked and the bytes written in one step, also against writers elsewhere.
 * - An operation that throws may have happened, or may still happen.
 *
 * In return no key is the folder of another (`a` beside `a/b`), or they could not be files.
 */
export interface Storage {
  /** What is known of the object without its bytes, or undefined when there is none. */
  head(key: string): Promise<Stored | undefined>;
  /** The object, all of it or `range`; a stream must be read or cancelled. */
  get(key: string, range?: ByteRange): Promise<StoredBody | undefined>;
  /** Stores `bytes` when `condition` holds; undefined means that it did not hold and nothing changed. */
  put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<Stored | undefined>;
  /** Removes the object; removing what is not there is fine. */
  delete(key: string): Promise<void>;
  /** All keys that start with `prefix`, and that come behind `after`, in byte order. */
  list(prefix: string, after?: string): AsyncIterable<string>;
}

export interface Stored {
  /** Strong, unquoted; changes whenever the bytes do. */
  etag: string;
  sizeBytes: number;
  uploadedAt: Date;
  /** Of the whole object. Absent when somebody else than we put it there without one. */
  sha256: Uint8Array | undefined;
}

export type StoredBody = Stored & { body: ReadableStream<Uint8Array> | Uint8Array };

export interface ByteRange {
  offset: number;
  length: number;
}

export type PutCondition =
  /** Nothing is there yet. */
  | { kind: "create" }
  /** What is there has this ETag. */
  | { kind: "replace"; etag: string };
