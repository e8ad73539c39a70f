/** Says that there is more in a text, or it stands otherwise, than what anybody sees. */
import { findHiddenCharacters } from "../../preview/hidden.ts";

/** So many lines are named: whoever looks at those has seen enough. */
const linesNamedMax = 5;
const bidirectional = /\p{Bidi_Control}/u;

export function HiddenWarning(props: { text: string; hrefOf?: (line: number) => string }) {
  const { text, hrefOf } = props;
  const found = findHiddenCharacters(text);
  const isTurned = bidirectional.test(text);
  if (found.length === 0 && !isTurned) return null;
  const lines = isTurned ? turnedLines(text) : found.map(({ line }) => line);
  const named = [...new Set(lines)].slice(0, linesNamedMax);
  const places = hrefOf ? (
    <>
      {" See "}
      {named.map((line, at) => (
        <>
          {at === 0 ? "" : ", "}
          <a href={hrefOf(line)}>line {line}</a>
        </>
      ))}
      .
    </>
  ) : null;
  return isTurned ? (
    <p class="warning" role="alert">
      <strong>This text does not stand as it runs.</strong> It has characters that turn the
      direction of what is around them, so that a person reads something else than the compiler
      does. They are shown by their numbers here.{places}
    </p>
  ) : (
    <p class="note">
      There are characters in this text that nobody would see; they are shown by their numbers here.
      {places}
    </p>
  );
}

/** Searched for by themselves: before them may be any number of others. */
function turnedLines(text: string): number[] {
  const lines: number[] = [];
  let [line, at] = [1, 0];
  for (const { index } of text.matchAll(/\p{Bidi_Control}/gu)) {
    for (; at < index; at++) if (text.charCodeAt(at) === 10) line++;
    if (lines.at(-1) !== line) lines.push(line);
    if (lines.length === linesNamedMax) break;
  }
  return lines;
}
