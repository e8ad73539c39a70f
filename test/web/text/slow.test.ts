/** Text made to cost a Worker its time. */
import { describe, expect, it } from "vitest";
import { highlightLines } from "../../../src/web/text/highlight.ts";
import { renderMarkdown } from "../../../src/web/text/markdown.ts";

const sizeCharacters = 256 * 1024;
/** On two cores nothing took a second; this is for those that are busy with something else. */
const millisecondsMax = 15_000;

const repeated = [
  ...[
    "[",
    "[a",
    "[]()",
    "![[",
    "![a](",
    "[a](<",
    '[a](b "c',
    "[a][b]",
    "[a]: b\n",
    "*a ",
    "**a *b ",
  ],
  ...[
    "_a__",
    "~~a",
    "*a_b~~",
    "> ",
    ">",
    "`a``b```c",
    "<!--",
    "a <!-- ",
    "<!-- a\n\n",
    "<![CDATA[",
  ],
  ...[
    "<? ",
    "<",
    "<a ",
    "<a b='",
    "|",
    "|a\n|-\n",
    "|a|b|\n|-|-|\n|c|d|\n\n",
    "- ",
    "- a\n  ",
    "1. ",
  ],
  ...[
    "&",
    "&#x1;",
    "\\",
    "http://a ",
    "http://a.b/(",
    "a@b.",
    "<http://a",
    "---\n",
    "a\n=",
    "a  \n",
  ],
  ...[
    "\n",
    "\t",
    "```\n",
    "```js\na\n```\n",
    "# a\n",
    "<div>\n",
    "<div>\n\n",
    "</b>",
    "<div>",
    "<b>",
  ],
  ...["<p>", "<a>", "<svg>", "<table>", "<li>", "<td>", "<b></i>", "<iframe>", "<noscript></b>"],
  ...[
    "<textarea>",
    "<option>",
    "<math><svg>",
    "<p><i><div>",
    "<img alt=a src=b>",
    "<div id=a class=b>",
  ],
  ...["<a href='../../'>x</a>\n", "- [ ] a\n", "word ", "é"],
];

const once = [
  Array.from({ length: 700 }, (_, at) => "`".repeat(at)).join(" "),
  Array.from({ length: 700 }, (_, at) => `${" ".repeat(at)}- a`).join("\n"),
  `[a]: b\n\n${"[a]".repeat(80_000)}`,
  `${"|a".repeat(30_000)}\n${"|-".repeat(30_000)}\n${"a\n".repeat(50_000)}`,
  `${"[".repeat(130_000)}${"](a)".repeat(30_000)}`,
  `<div ${"a=b ".repeat(60_000)}>`,
  `<a href='${"../".repeat(80_000)}'>`,
  `\`\`\`elixir\n${"a(\n".repeat(80_000)}`,
];

describe("text made to be slow", () => {
  it.each([...repeated.map((text) => text.repeat(sizeCharacters / text.length)), ...once])(
    "is rendered in time: %#",
    (text) => {
      const start = performance.now();
      const { html } = renderMarkdown(text);
      expect(performance.now() - start).toBeLessThan(millisecondsMax);
      expect(html.length).toBeLessThanOrEqual(30_000);
    },
  );

  // The worst that was found for each, with lines as long as are coloured.
  it.each([
    ...[
      ["c", "a"],
      ["cpp", "_"],
      ["css", 'R"'],
      ["ini", "a."],
      ["elixir", "1."],
      ["erlang", "$"],
    ],
    ...[
      ["dockerfile", "'"],
      ["javascript", "("],
      ["gleam", "*"],
      ["bash", '"'],
      ["css", "(a,"],
    ],
  ])("is coloured in time: %s of %s", (language = "", unit = "") => {
    for (const [width, size] of [80, 498].flatMap((it) => [12, 64].map((kb) => [it, kb * 1024]))) {
      const line = `${unit.repeat((width ?? 0) / unit.length)}\n`;
      const start = performance.now();
      highlightLines(line.repeat(Math.floor((size ?? 0) / line.length)), language);
      expect(performance.now() - start).toBeLessThan(millisecondsMax);
    }
  });
});
