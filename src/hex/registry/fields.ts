/**
 * Values of fields, both ways. What we are about to sign is checked before protobuf.js sees it: it
 * answers a missing string with "Cannot read properties of undefined", and encodes much that is wrong
 * without a word. A wrong value here is a fault of ours, hence a plain Error.
 */
import { RegistryError } from "./error.ts";

/** A time since 1970-01-01T00:00:00Z. */
export interface Timestamp {
  seconds: number;
  /** From 0 to 999,999,999. */
  nanos: number;
}

const checksumBytes = 32;

/** `what` names the field in errors. An empty name names nothing, so it counts as missing. */
export function requiredName(value: string, what: string): string {
  if (value === "") throw new Error(`${what} is missing`);
  return requiredText(value, what);
}

export function requiredText(value: string, what: string): string {
  if (typeof value !== "string") throw new Error(`${what} is missing`);
  // It would be signed as U+FFFD, and be another text than the ledger's.
  if (!value.isWellFormed()) throw new Error(`${what} is no Unicode text`);
  return value;
}

export function optionalText(value: string | undefined, what: string): string | null {
  return toMessage(value, (text) => requiredText(text, what));
}

export function requiredChecksum(value: Uint8Array, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error(`${what} is missing`);
  if (value.length === checksumBytes) return value;
  throw new Error(`${what} has ${value.length} bytes, a SHA-256 has ${checksumBytes}`);
}

/** A copy, because the decoded field is a view of the whole payload. @throws RegistryError */
export function decodeChecksum(value: Uint8Array, what: string): Uint8Array {
  if (value.length === checksumBytes) return new Uint8Array(value);
  throw new RegistryError(
    "bad_message",
    `${what} has ${value.length} bytes, a SHA-256 has ${checksumBytes}`,
  );
}

export function encodeTimestamp(value: Timestamp, what: string): Timestamp {
  const { seconds, nanos } = value;
  if (!Number.isSafeInteger(seconds)) throw new Error(`${what}: ${seconds} are no whole seconds`);
  if (!Number.isInteger(nanos) || nanos < 0 || nanos > 999_999_999) {
    throw new Error(`${what}: ${nanos} are no nanoseconds`);
  }
  return { seconds, nanos };
}

/** protobuf.js decodes an int64 as a Long. Here it becomes a number, and nowhere else. */
export function decodeTimestamp(value: {
  seconds: number | { toNumber(): number };
  nanos: number;
}): Timestamp {
  const seconds = typeof value.seconds === "number" ? value.seconds : value.seconds.toNumber();
  if (Number.isSafeInteger(seconds)) return { seconds, nanos: value.nanos };
  throw new RegistryError("bad_message", `A timestamp is ${seconds} seconds away from 1970`);
}

/** Positions in a list of `length`, which say nothing when they point behind it. */
export function positions(values: readonly number[], length: number, what: string): number[] {
  for (const value of values) {
    if (!Number.isInteger(value) || value < 0 || value >= length) {
      throw new Error(`${what}: ${value} is no position in a list of ${length}`);
    }
  }
  return [...values];
}

/** An optional field on its way out: what is absent is undefined with us, and null with protobuf.js. */
export function toMessage<T, R>(value: T | undefined, encode: (value: T) => R): R | null {
  return value === undefined ? null : encode(value);
}

/** An optional field on its way in. */
export function fromMessage<T, R>(
  value: T | null | undefined,
  decode: (value: T) => R,
): R | undefined {
  return value === null || value === undefined ? undefined : decode(value);
}

/** An enum's number is its word's place in `words`. */
export function encodeWord<Word extends string>(
  words: readonly Word[],
  word: Word,
  what: string,
): number {
  const number = words.indexOf(word);
  if (number < 0) throw new Error(`${what}: ${word} is none of ${words.join(", ")}`);
  return number;
}

/** Undefined for a number that is newer than this program, and for none. */
export function decodeWord<Word extends string>(
  words: readonly Word[],
  number: number | null | undefined,
): Word | undefined {
  return words[number ?? -1];
}
