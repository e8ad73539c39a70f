/**
 * Source code as lines of coloured runs. Data, never HTML: whoever renders it escapes it, so that nothing in a
 * package's file is ever markup.
 */
import type { Root, RootContent } from "hast";
import { createHighlighter } from "./lowlight.js";

/** A class of `hljs-…` or `unseen`; undefined is plain text. */
export type Run = { text: string; className: string | undefined };
export type Line = Run[];

/**
 * Beyond these, lines are plain. Colouring costs about a millisecond for 2 KB of honest source; but the grammars'
 * expressions look ahead within a line and a word, so that 16 KB of long words took seconds (C: `aaaa…`).
 */
const highlightedCharactersMax = 64 * 1024;
/** Their grammars need the square of the time: 64 KB of `const const …` took twenty seconds. */
const charactersMaxOf: Record<string, number> = { c: 12 * 1024, cpp: 12 * 1024 };
const highlightedLineCharactersMax = 500;
const tooLongWord = /\w{81}/;

export function highlightLines(text: string, language: string | undefined): Line[] {
  const clean = text.replaceAll(/\r\n?/g, "\n").replaceAll("\0", "\uFFFD");
  const runs = isWorthwhile(clean, language)
    ? highlight(clean, language)
    : [{ text: clean, className: undefined }];
  return splitLines(runs.flatMap(showUnseen));
}

function isWorthwhile(text: string, language = ""): boolean {
  if (text.length > (charactersMaxOf[language] ?? highlightedCharactersMax)) return false;
  if (tooLongWord.test(text)) return false;
  return text.split("\n").every((line) => line.length <= highlightedLineCharactersMax);
}

let highlighter: ReturnType<typeof createHighlighter> | undefined;

function highlight(text: string, language: string | undefined): Run[] {
  // At the first use, since most requests to the registry show no page.
  highlighter ??= createHighlighter();
  if (language === undefined || !highlighter.registered(language)) {
    return [{ text, className: undefined }];
  }
  return flatten(highlighter.highlight(language, text));
}

/** The innermost span decides, as it would in a style sheet. No recursion: `((((…` nests as deep as it is long. */
function flatten(root: Root): Run[] {
  const runs: Run[] = [];
  const waiting: { node: RootContent; className: string | undefined }[] = [];
  const wait = (nodes: RootContent[], className: string | undefined) => {
    for (const node of nodes.toReversed()) waiting.push({ node, className });
  };
  wait(root.children, undefined);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, className } = next;
    if (node.type === "text") runs.push({ text: node.value, className });
    if (node.type === "element") wait(node.children, classOf(node.properties.className));
  }
  return runs;
}

/** The first of `["hljs-title", "function_"]`: the others only refine it. */
function classOf(names: unknown): string | undefined {
  return Array.isArray(names) && typeof names[0] === "string" ? names[0] : undefined;
}

/**
 * Controls that turn the direction of text make source read otherwise than it runs (CVE-2021-42574, "Trojan
 * Source"), and a package is where somebody would try it: their code points are shown instead.
 */
function showUnseen(run: Run): Run[] {
  return run.text.split(/([\u202A-\u202E\u2066-\u2069])/).flatMap((text, at) => {
    if (text === "") return [];
    if (at % 2 === 0) return [{ text, className: run.className }];
    const point = text.charCodeAt(0).toString(16).toUpperCase();
    return [{ text: `U+${point}`, className: "unseen" }];
  });
}

/** A run over several lines is closed at the end of each and opened again. */
function splitLines(runs: Run[]): Line[] {
  let line: Line = [];
  const lines = [line];
  for (const { text, className } of runs) {
    text.split("\n").forEach((part, at) => {
      if (at > 0) {
        line = [];
        lines.push(line);
      }
      if (part !== "") line.push({ text: part, className });
    });
  }
  // What follows the last line feed is no line.
  if (line.length === 0) lines.pop();
  return lines;
}
