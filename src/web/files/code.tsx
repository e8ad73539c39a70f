/** Text of a file, line by line; a long one in parts. */
import type { Child } from "hono/jsx";
import { countText, withQuery } from "../parts.tsx";
import { filePath, type ReleasePlace } from "../paths.ts";
import { highlightLines, type Line } from "../text/highlight.ts";
import { languageOf } from "../text/languages.ts";
import { HiddenWarning } from "./hidden-warning.tsx";
import { askedNumber, contentBytesMax, type Part, pickPart } from "./page-parts.ts";
import { Visible, type VisibleLine, visibleLine } from "./visible.tsx";
import { bytesOfWhere } from "./where.tsx";

/** What the highlighter leaves plain: nobody needs its lines in memory all at once. */
const highlightedCharactersMax = 64 * 1024;

type NumberedLine = VisibleLine & { number: number };

export function Code(props: {
  place: ReleasePlace;
  path: string;
  text: string;
  /** A number of a line: of all parts, the one that it is in. */
  from: string | undefined;
  download: Child;
}) {
  const { place, path, download } = props;
  const text = props.text.replaceAll(/\r\n?/g, "\n");
  const bytesMax = contentBytesMax - bytesOfWhere(place, path);
  const lines = numbered(linesOf(text, path));
  const part = pickPart(lines, { item: askedNumber(props.from) - 1 }, bytesMax);
  const hrefOf = (line: number) => withQuery(filePath(place, path), { from: line });
  return (
    <>
      <p class="count">
        {countText(part.itemCount, "line")} · {download}
      </p>
      <HiddenWarning text={text} hrefOf={(line) => `${hrefOf(line)}#L${line}`} />
      {part.items.some(({ isCut }) => isCut) ? (
        <p class="note">
          Lines that are too long are cut here: download the file to see them whole.
        </p>
      ) : null}
      {part.itemCount === 0 ? (
        <p>This file is empty.</p>
      ) : (
        <>
          <Lines part={part} />
          <Neighbours part={part} hrefOf={hrefOf} path={filePath(place, path)} />
        </>
      )}
    </>
  );
}

function Lines({ part }: { part: Part<NumberedLine> }) {
  return (
    <section class="code-box" aria-label="Text of the file" tabindex={0}>
      <ol class="lines">
        {part.items.map((line) => (
          <li id={`L${line.number}`}>
            <a href={`#L${line.number}`}>{line.number}</a>
            <Visible line={line} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Neighbours(props: {
  part: Part<NumberedLine>;
  hrefOf: (line: number) => string;
  path: string;
}) {
  const { part, hrefOf, path } = props;
  if (part.count === 1) return null;
  const last = part.first + part.items.length;
  return (
    <nav class="pager" aria-label="Parts of the file">
      {part.previous === undefined ? null : (
        <a rel="prev" href={hrefOf(part.previous + 1)}>
          Lines before
        </a>
      )}
      <span>
        Lines {part.first + 1} to {last} of {part.itemCount}
      </span>
      {part.next === undefined ? null : (
        <a rel="next" href={hrefOf(part.next + 1)}>
          Lines after
        </a>
      )}
      <form class="inline" action={path}>
        <label for="from">Go to line</label>
        <input id="from" name="from" type="text" inputmode="numeric" size={6} maxlength={9} />
        <button type="submit" class="small">
          Go
        </button>
      </form>
    </nav>
  );
}

function* numbered(lines: Iterable<Line>): Generator<NumberedLine> {
  let number = 0;
  for (const runs of lines) {
    number++;
    const line = visibleLine(runs, number === 1);
    // <li id="L120"><a href="#L120">120</a></li>
    yield { ...line, number, bytes: line.bytes + 33 + 3 * String(number).length };
  }
}

function linesOf(text: string, path: string): Iterable<Line> {
  if (text.length > highlightedCharactersMax) return plainLines(text);
  return highlightLines(text, languageOf(path));
}

function* plainLines(text: string): Generator<Line> {
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    yield end === at ? [] : [{ text: text.slice(at, end), className: undefined }];
    at = end + 1;
  }
}
