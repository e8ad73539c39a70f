/** Nothing that an author writes is more than text, links and structure. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { highlightLines } from "../../../src/web/text/highlight.ts";
import { renderMarkdown, renderPlain } from "../../../src/web/text/markdown.ts";
import { offences } from "./allow-list.ts";
import { payloads } from "./payloads.ts";

const options = {
  linkOf: (path: string) => `/files/${encodeURIComponent(path)}`,
  pictureOf: (path: string) => `/pictures/${encodeURIComponent(path)}`,
};

async function offencesOf(text: string): Promise<string[]> {
  return offences(renderMarkdown(text, options).html);
}

describe("hostile text", () => {
  it("knows how to tell what may not be shown", async () => {
    const wrong = [
      ...["<script>1</script>", "<img onerror=x>", `<a href="javascript:x">`, `<p id="x">`],
      ...[
        `<a href=" javascript:x">`,
        `<img src="//evil.test">`,
        `<span class="wrong">`,
        "<!--x-->",
      ],
    ];
    for (const html of wrong) expect(await offences(html), html).not.toEqual([]);
  });

  it.each(payloads)("passes nothing of %j but what may be shown", async (payload) => {
    expect(await offencesOf(payload)).toEqual([]);
    // Inside of what else there is: a block, a list, a cell, a heading, a link, and an element left open.
    const line = payload.replaceAll("\n", " ");
    expect(await offencesOf(`> ${line}\n\n- ${line}\n\n# ${line}\n\n[${line}](x)`)).toEqual([]);
    expect(await offencesOf(`|a|\n|-|\n|${line}|\n\n![${line}](http://a.test)`)).toEqual([]);
    expect(await offencesOf(`<div>${payload}</div>\n\n<a href="x"><b>${payload}`)).toEqual([]);
    expect(await offencesOf(`[x](y "${line}")\n\n<img alt="${line}" src='${line}'>`)).toEqual([]);
  });

  it("passes nothing of any two of them together", async () => {
    const one = fc.constantFrom(...payloads);
    const two = fc.tuple(one, fc.constantFrom("", " ", "\n", "\n\n"), one).map((of) => of.join(""));
    await fc.assert(
      fc.asyncProperty(two, async (text) => {
        expect(await offencesOf(text)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it("passes nothing of any text at all, and never throws", async () => {
    const pieces = fc.constantFrom(
      ...["<", ">", "</", "<!--", "-->", '"', "'", "=", "`", "```", "[", "](", ")", "!", "|", "\n"],
      ...["a", "img ", "src", "href", "onerror", "style", "javascript:", "&#", ";", "&", "\0", "#"],
      ...[
        "svg",
        "title",
        "noscript",
        "p",
        "table",
        "td",
        "b",
        "/",
        " ",
        "id=x",
        "\u202E",
        "*",
        "\\",
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 0, max: 300 }), async (source, htmlBytesMax) => {
        expect(await offencesOf(source)).toEqual([]);
        expect(await offences(renderPlain(source).html)).toEqual([]);
        const short = renderMarkdown(source, { ...options, htmlBytesMax });
        expect(await offences(short.html)).toEqual([]);
        expect(new TextEncoder().encode(short.html).length).toBeLessThanOrEqual(htmlBytesMax);
        highlightLines(source, "elixir");
      }),
      { numRuns: 1500 },
    );
  });

  it("shows plain text as it is", () => {
    expect(renderPlain("<b>&amp;\n").html).toBe("<pre>&lt;b&gt;&amp;amp;\n\n</pre>");
  });
});
