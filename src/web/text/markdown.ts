/**
 * A package's README as HTML that may stand in a page of ours, whatever its author wrote. Three steps: Markdown to
 * HTML (parse.ts), HTML to safe HTML (sanitise.ts, which alone is relied on), and down to what a page has room for.
 */
import { cutHtml } from "./cut.ts";
import { escapeHtml } from "./escape.ts";
import { markdownToHtml, type Progress } from "./parse.ts";
import { type LinkOptions, sanitise } from "./sanitise.ts";

export type MarkdownOptions = Partial<LinkOptions> & {
  textCharactersMax?: number;
  htmlBytesMax?: number;
};
/** `isCut` when something of the text is missing at its end. */
export type Rendered = { html: string; isCut: boolean };

const textCharactersMax = 256 * 1024;
/** Pages stay below 50 KB. */
const htmlBytesMax = 30_000;

export function renderMarkdown(text: string, options: MarkdownOptions = {}): Rendered {
  const roomBytes = options.htmlBytesMax ?? htmlBytesMax;
  const source = cutText(text, options.textCharactersMax ?? textCharactersMax);
  const progress: Progress = {
    // HTML is seldom shorter than half of its Markdown.
    sourceCharactersMax: roomBytes * 2,
    colouredCharactersLeft: roomBytes * 2,
    isCut: source.isCut,
  };
  // The factor is for long addresses and comments, which do not pass. The sanitiser closes what this cuts open;
  // its time grows with the square of what is open.
  const loose = cutText(markdownToHtml(source.text, progress), roomBytes * 4);
  const { html, isCut } = cutHtml(sanitise(loose.text, { ...defaults, ...options }), roomBytes);
  // One paragraph that fills more than the room: better as plain text than not at all.
  if (html === "" && isCut) return { ...renderPlain(text, options), isCut };
  return { html, isCut: isCut || loose.isCut || progress.isCut };
}

/** A README that is no Markdown. */
export function renderPlain(text: string, options: { htmlBytesMax?: number } = {}): Rendered {
  const roomBytes = options.htmlBytesMax ?? htmlBytesMax;
  const source = cutText(text, roomBytes);
  const { html, isCut } = cutHtml(`<pre>${escapeHtml(source.text)}\n</pre>`, roomBytes);
  return { html, isCut: isCut || source.isCut };
}

const defaults: LinkOptions = {
  path: "README.md",
  linkOf: () => undefined,
  pictureOf: () => undefined,
  headingOffset: 2,
};

/** After a line, if there is one. */
function cutText(text: string, charactersMax: number): { text: string; isCut: boolean } {
  if (text.length <= charactersMax) return { text, isCut: false };
  const lineEnd = text.lastIndexOf("\n", charactersMax);
  return { text: text.slice(0, lineEnd > 0 ? lineEnd : charactersMax), isCut: true };
}
