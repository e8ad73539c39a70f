// Cuts the text of Erlang terms into tokens, for consult.ts: what Hex's own scanner
// (safe_erl_term.xrl of hex_core) lets through, so no floats, no `$a`, no `16#ff`, no `|`. Escapes
// mean what Erlang means by them.

import { isCodePoint, TermError } from "./term.ts";

/** For a string and an atom, `text` is what it says, without quotes and escapes. */
export interface Token {
  readonly kind: "atom" | "string" | "integer" | "mark" | "end";
  readonly text: string;
  readonly offset: number;
}

const space = /[\0-\x20]+/y;
const comment = /%[^\n]*/y;
const bareAtom = /[a-z][A-Za-z0-9_@]*/y;
const integer = /[0-9]+/y;
// A dot ends a term only before white space: `1.5` is a float, and we know none.
const mark = /<<|>>|=>|[{}[\],#/+-]|\.(?=[\0-\x20%]|$)/y;

const unescaped = { '"': /[^"\\]+/y, "'": /[^'\\]+/y };
// `\41` is octal, `\x21` and `\x{21}` are not; `\^A` is control-A; any other letter has a meaning or
// is itself. A backslash before white space is left out: Erlang and hex_core differ about it.
const escaped =
  /\\(?:(?<octal>[0-7]{1,3})|x(?<byte>[\dA-Fa-f]{2})|x\{(?<code>[\dA-Fa-f]{1,8})\}|\^(?<control>[@-_a-z])|(?<letter>[^\0-\x20x^0-7]))/uy;
/** Of a backslash and a letter, in Erlang and in Elixir. */
export const meaningOfLetter: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["d", "\x7f"],
  ["e", "\x1b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["s", " "],
  ["t", "\t"],
  ["v", "\v"],
]);

/** hex_core knows the atoms of the running Erlang only; these are in all of them. */
const atomsOfHexCore = new Set(["true", "false", "nil", "undefined", "utf8"]);

export interface ScannerOptions {
  readonly comments: boolean;
  readonly asHexCore: boolean;
}

/** Gives the tokens of a text one by one, so that a deep text is refused before it is all read. */
export class Scanner {
  readonly #text: string;
  readonly #options: ScannerOptions;
  #offset = 0;

  constructor(text: string, options: ScannerOptions) {
    this.#text = text;
    this.#options = options;
  }

  /**
   * Goes on to the next token; at the end of the text it is `end`, again and again.
   *
   * @throws {TermError} for a character that begins no token, an escape that means nothing, and a
   * string that does not end.
   */
  next(): Token {
    const token = this.#next();
    if (this.#options.asHexCore && token.kind === "atom" && !atomsOfHexCore.has(token.text))
      this.fail("only the atoms true, false, nil and undefined are allowed", token.offset);
    return token;
  }

  #next(): Token {
    do this.#match(space);
    while (this.#options.comments && this.#match(comment));
    const offset = this.#offset;
    const first = this.#text[offset];
    if (first === undefined) return { kind: "end", text: "", offset };
    if (first === '"') return { kind: "string", text: this.#quoted(first), offset };
    if (first === "'") return { kind: "atom", text: this.#quoted(first), offset };
    return (
      this.#plain("atom", bareAtom) ??
      this.#plain("integer", integer) ??
      this.#plain("mark", mark) ??
      this.fail("this character has no place here", offset)
    );
  }

  /** @throws {TermError} always, with the line of the text that `offset` is in. */
  fail(sentence: string, offset: number): never {
    const line = this.#text.slice(0, offset).split("\n").length;
    throw new TermError(`${sentence} (line ${line})`, offset);
  }

  #plain(kind: Token["kind"], pattern: RegExp): Token | undefined {
    const offset = this.#offset;
    const text = this.#match(pattern)?.[0];
    return text === undefined ? undefined : { kind, text, offset };
  }

  #quoted(quote: '"' | "'"): string {
    const start = this.#offset;
    this.#offset += 1;
    let text = "";
    while (this.#text[this.#offset] !== quote) {
      if (this.#offset >= this.#text.length)
        this.fail("a quote opens here and does not close", start);
      text += this.#match(unescaped[quote])?.[0] ?? this.#escape();
    }
    if (this.#options.asHexCore) this.#checkEnd(start);
    this.#offset += 1;
    // `"a""b"` is two strings to Erlang up to 26 and an error after; `"""` opens a text of its own.
    if (this.#text[this.#offset] === quote) this.fail("white space is missing here", this.#offset);
    return text;
  }

  /**
   * hex_core's scanner takes the longest string that it can: with a backslash before the closing
   * quote, also the second one of `\\` or that of `\\^`, it goes on to the next quote, if there is any.
   */
  #checkEnd(start: number): void {
    const before = this.#text.slice(Math.max(start + 1, this.#offset - 2), this.#offset);
    if (/\\\^?$/.test(before))
      this.fail("Hex cannot read a backslash right before the closing quote", this.#offset);
  }

  #escape(): string {
    const offset = this.#offset;
    const groups = this.#match(escaped)?.groups ?? this.fail("this escape means nothing", offset);
    const { octal, byte, code, control, letter } = groups;
    // To hex_core, `\x` is an x, and `\1` is a one unless two more octal digits follow.
    const known = letter !== undefined || control !== undefined || octal?.length === 3;
    if (this.#options.asHexCore && !known) this.fail("Hex does not know this escape", offset);
    if (letter !== undefined) return meaningOfLetter.get(letter) ?? letter;
    if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const codePoint = Number.parseInt(byte ?? code ?? "", 16);
    if (!isCodePoint(codePoint)) this.fail("this code is no character", offset);
    return String.fromCodePoint(codePoint);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text) ?? undefined;
    this.#offset += found?.[0].length ?? 0;
    return found;
  }
}
