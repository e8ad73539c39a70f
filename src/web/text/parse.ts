/** Markdown to HTML as GitHub does it; nothing here is safe yet, that is for sanitise.ts. */
import MarkdownIt, { type RendererRule, type StateCore } from "markdown-it";
import { escapeHtml } from "./escape.ts";
import { highlightLines, type Line } from "./highlight.ts";

/** What one text brings along through markdown-it's `env`. */
export type Progress = {
  sourceCharactersMax: number;
  colouredCharactersLeft: number;
  isCut: boolean;
};

export function markdownToHtml(text: string, progress: Progress): string {
  return parser.render(text, { progress });
}

/** markdown-it hands its `env` through as it was given: above. */
function progressOf(env: unknown): Progress {
  return (env as { progress: Progress }).progress;
}

const parser = createParser();

function createParser() {
  const parser = new MarkdownIt({ html: true, linkify: true, maxNesting: 40 });
  // Only what has a scheme: `README.md` is no host in Moldova.
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  parser.core.ruler.after("block", "cut", cut);
  parser.core.ruler.push("heading_ids", nameHeadings);
  parser.core.ruler.push("tasks", markTasks);
  parser.renderer.rules.fence = renderFence;
  return parser;
}

/**
 * Drops the blocks after those that the page has room for, before they are parsed any further. After the rule that
 * finds blocks, so that links defined at the end of a text are known.
 */
function cut(state: StateCore): void {
  const progress = progressOf(state.env);
  const lineMax = state.src.slice(0, progress.sourceCharactersMax).split("\n").length;
  const at = state.tokens.findIndex(
    ({ level, map, nesting }) => level === 0 && nesting >= 0 && map && map[0] >= lineMax,
  );
  const kept = at === -1 ? state.tokens : state.tokens.slice(0, at);
  let charactersLeft = progress.sourceCharactersMax;
  let isCut = at !== -1;
  // A block may be as long as the text.
  for (const token of kept.filter(({ type }) => type === "inline")) {
    isCut ||= token.content.length > charactersLeft;
    token.content = token.content.slice(0, charactersLeft);
    charactersLeft -= token.content.length;
  }
  state.tokens = kept;
  progress.isCut ||= isCut;
}

/** As GitHub names them, so that tables of contents lead somewhere. */
function nameHeadings(state: StateCore): void {
  const seen = new Map<string, number>();
  state.tokens.forEach((token, at) => {
    if (token.type !== "heading_open") return;
    const words = state.tokens[at + 1]?.children ?? [];
    const text = words.map(({ type, content }) =>
      /^(text|code_inline)/.test(type) ? content : "",
    );
    const name = text
      .join("")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}_ -]/gu, "");
    const slug = name.trim().replaceAll(" ", "-").slice(0, 100);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    if (slug !== "") token.attrSet("id", times === 0 ? slug : `${slug}-${times}`);
  });
}

/** `- [x] done`: a symbol, as no form control passes. */
function markTasks(state: StateCore): void {
  state.tokens.forEach(({ type, children }, at) => {
    const isItem = type === "inline" && state.tokens[at - 2]?.type === "list_item_open";
    const first = children?.[0];
    if (!isItem || first?.type !== "text") return;
    first.content = first.content.replace(/^\[([ xX])\] /, (_, mark) =>
      mark === " " ? "☐ " : "☑ ",
    );
  });
}

function renderFence(...[tokens, at, , env]: Parameters<RendererRule>): string {
  const { content = "", info = "" } = tokens[at] ?? {};
  const progress = progressOf(env);
  progress.colouredCharactersLeft -= content.length;
  // `elixir`, `elixir title="…"`, `{.elixir}`
  const language = /[\w+#-]+/.exec(info)?.[0].toLowerCase();
  const lines = highlightLines(content, progress.colouredCharactersLeft < 0 ? undefined : language);
  return `<pre><code>${lines.map(lineToHtml).join("\n")}\n</code></pre>\n`;
}

function lineToHtml(line: Line): string {
  return line
    .map(({ text, className }) =>
      className === undefined
        ? escapeHtml(text)
        : `<span class="${className}">${escapeHtml(text)}</span>`,
    )
    .join("");
}
