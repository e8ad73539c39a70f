// Reads Erlang terms written as text: `metadata.config` of a package, which clients read with
// hex_core's scanner, and lock files such as `rebar.lock`, which they read with file:consult/1.

import { Parser } from "./parse.ts";
import { Scanner } from "./scan.ts";
import {
  isCodePoint,
  type Term,
  TermError,
  type TermLimits,
  termLimits,
  utf8Text,
} from "./term.ts";

export interface ConsultOptions extends TermLimits {
  /** `% …` to the end of the line. People write them into lock files; in metadata Hex refuses them. */
  readonly comments: boolean;
  /**
   * Refuses what hex_core's scanner cannot read, or takes for something else than Erlang does. Every
   * client reads metadata with it, so what we let in must mean the same to both.
   */
  readonly asHexCore: boolean;
}

/** For `metadata.config`, whose size is the limit of hex_core. */
export const consultOptions: ConsultOptions = {
  ...termLimits,
  sizeBytesMax: 1024 * 1024,
  comments: false,
  asHexCore: false,
};

/**
 * Reads a sequence of terms, each ended by a dot.
 *
 * Bytes are UTF-8, or Latin-1 when they are not valid UTF-8, as in hex_core. Atoms need not exist:
 * `true`, `false` and `nil` are values and every other is an `Atom`, `undefined` too. A string
 * `"…"` is a list of code points (see `charlistToString`); a binary `<<"…">>` has the bytes of its
 * characters, and in UTF-8 only with `/utf8`.
 *
 * @returns the terms in order; none for an empty text.
 * @throws {TermError} for every other input: a term that is not closed or ended, floats, `$a`,
 * `16#ff`, `[a | b]`, a comment where none are allowed, a character or number beyond 255 in a
 * binary, a map that names a key twice or has one that is no scalar, and beyond the limits. With
 * `asHexCore` also for an atom that not every Erlang knows, the escapes `\x41` and `\0`, and a quote
 * that closes behind a backslash.
 */
export function consult(input: string | Uint8Array, options: Partial<ConsultOptions> = {}): Term[] {
  const limits = { ...consultOptions, ...options };
  if (input.length > limits.sizeBytesMax) throw new TermError("the text is too big");
  const text = typeof input === "string" ? input : (utf8Text(input) ?? latin1Text(input));
  if (!text.isWellFormed()) throw new TermError("the text has half a surrogate pair");
  return new Parser(new Scanner(text, limits), limits).terms();
}

/** The text of a string `"…"`; undefined when the term is anything but a list of code points. */
export function charlistToString(term: Term): string | undefined {
  if (!Array.isArray(term)) return undefined;
  let text = "";
  for (const code of term) {
    if (typeof code !== "number" || !isCodePoint(code)) return undefined;
    text += String.fromCodePoint(code);
  }
  return text;
}

/** TextDecoder's "latin1" is windows-1252, which has other characters from 0x80 to 0x9F. */
function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
