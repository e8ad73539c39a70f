/** Text of packages with what nobody would see in it made visible; and how many bytes of a page it takes. */
import { findHiddenCharacters } from "../../preview/hidden.ts";
import type { Line } from "../text/highlight.ts";

export type Piece =
  | { text: string; className: string | undefined }
  /** "U+202E RIGHT-TO-LEFT OVERRIDE" */
  | { hidden: string };

export interface VisibleLine {
  pieces: Piece[];
  /** There is more of it than a page has room for. */
  isCut: boolean;
  /** Of HTML, at most. */
  bytes: number;
}

/** Some 2,000 letters; hidden ones take much more room, and are what somebody would fill a page with. */
const lineBytesMax = 2_000;

/** @param isFirst a byte order mark at the beginning of a file hides nothing. */
export function visibleLine(runs: Line, isFirst: boolean, bytesMax = lineBytesMax): VisibleLine {
  const shown: Piece[] = [];
  let bytes = 0;
  for (const piece of piecesOf(beginningOf(runs, bytesMax), isFirst)) {
    const around = bytesAround(piece);
    const text = textOf(piece);
    const fitting = measure(text, bytesMax - bytes - around);
    if (fitting.length > 0) {
      bytes += around + fitting.bytes;
      shown.push("hidden" in piece ? piece : { ...piece, text: text.slice(0, fitting.length) });
    }
    if (fitting.length < text.length) return { pieces: shown, isCut: true, bytes: bytes + 60 };
  }
  return { pieces: shown, isCut: false, bytes };
}

/** More of it than there is room for, since each of its characters takes a byte at least. */
function beginningOf(runs: Line, lengthMax: number): Line {
  let lengthLeft = lengthMax + 1;
  return runs.flatMap(({ text, className }) => {
    const taken = text.slice(0, lengthLeft);
    lengthLeft -= taken.length;
    return taken === "" ? [] : { text: taken, className };
  });
}

export function Visible({ line: { pieces, isCut } }: { line: VisibleLine }) {
  return (
    <>
      {pieces.map((piece) => {
        if ("hidden" in piece) {
          return (
            <span class="hidden-char" title={piece.hidden}>
              {textOf(piece)}
            </span>
          );
        }
        return piece.className ? <span class={piece.className}>{piece.text}</span> : piece.text;
      })}
      {isCut ? <span class="cut">… the line goes on</span> : null}
    </>
  );
}

/** A path or name; its direction stays its own. */
export function Name({ children }: { children: string }) {
  const line = visibleLine([{ text: children, className: undefined }], false, 4_000);
  return (
    <bdi>
      <Visible line={line} />
    </bdi>
  );
}

/** The same where there is no room for elements: in titles, and sentences. */
export function plainText(text: string, lengthMax: number): string {
  const pieces = piecesOf([{ text: text.slice(0, lengthMax), className: undefined }], false);
  const plain = pieces.map(textOf).join("").toWellFormed();
  return text.length > lengthMax ? `${plain}…` : plain;
}

/** Bytes that JSX makes of the text, and how many of its characters take at most so many. */
export function measure(text: string, bytesMax = Number.POSITIVE_INFINITY) {
  let [length, bytes] = [0, 0];
  for (const character of text) {
    const more = bytesOf(character);
    if (bytes + more > bytesMax) break;
    bytes += more;
    length += character.length;
  }
  return { length, bytes };
}

function bytesOf(character: string): number {
  switch (character) {
    case '"':
      return 6; // &quot;
    case "&":
    case "'":
      return 5;
    case "<":
    case ">":
      return 4;
  }
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

function textOf(piece: Piece): string {
  return "hidden" in piece ? piece.hidden.slice(0, piece.hidden.indexOf(" ")) : piece.text;
}

function bytesAround(piece: Piece): number {
  if ("hidden" in piece) return 45 + piece.hidden.length;
  return piece.className === undefined ? 0 : 22 + piece.className.length;
}

function piecesOf(runs: Line, isFirst: boolean): Piece[] {
  if (runs.every(({ text, className }) => className !== "unseen" && /^[\t -~]*$/.test(text))) {
    return runs;
  }
  // The highlighter has made text of some of them, where it breaks runs; back to what they were.
  const restored = runs.map(({ text, className }) =>
    className === "unseen"
      ? { text: String.fromCodePoint(Number.parseInt(text.slice(2), 16)), className: undefined }
      : { text, className },
  );
  // Whether a joiner hides depends on its neighbours, which another run may hold: so the line at once.
  const hidden = hiddenIn(restored.map(({ text }) => text).join(""), isFirst);
  const pieces: Piece[] = [];
  let start = 0;
  let next = hidden.next();
  for (const { text, className } of restored) {
    let at = 0;
    while (!next.done && next.value.offset < start + text.length) {
      const { offset, length, name } = next.value;
      if (offset - start > at) pieces.push({ text: text.slice(at, offset - start), className });
      pieces.push({ hidden: name });
      at = offset - start + length;
      next = hidden.next();
    }
    if (at < text.length) pieces.push({ text: text.slice(at), className });
    start += text.length;
  }
  return pieces;
}

/** A carriage return within a line too: in HTML it ends it. */
function* hiddenIn(text: string, isFirst: boolean) {
  const before = isFirst ? "" : " ";
  const found = findHiddenCharacters(before + text, Number.POSITIVE_INFINITY).map(
    ({ offset, name }) => ({ offset: offset - before.length, name }),
  );
  for (const { index: offset } of text.matchAll(/\r/g)) {
    found.push({ offset, name: "U+000D CARRIAGE RETURN" });
  }
  for (const { offset, name } of found.sort((one, other) => one.offset - other.offset)) {
    const length = (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
    yield { offset, length, name };
  }
}
