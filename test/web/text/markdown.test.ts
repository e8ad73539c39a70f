/** What a reader sees of a README. */
import { describe, expect, it } from "vitest";
import { renderMarkdown, renderPlain } from "../../../src/web/text/markdown.ts";

const options = {
  linkOf: (path: string) => (path === "missing.md" ? undefined : `/files/${path}`),
  pictureOf: (path: string) => (path.endsWith(".png") ? `/pictures/${path}` : undefined),
};
const rel = 'rel="nofollow noopener noreferrer"';

function shown(text: string, more = {}): string {
  return renderMarkdown(text, { ...options, ...more }).html.trim();
}

describe("a README", () => {
  it.each([
    ["~~old~~ **new**", "<p><s>old</s> <strong>new</strong></p>"],
    ["- [x] done\n- [ ] not", "<ul>\n<li>☑ done</li>\n<li>☐ not</li>\n</ul>"],
    ["see https://a.test", `<p>see <a href="https://a.test/" ${rel}>https://a.test</a></p>`],
    ["see README.md", "<p>see README.md</p>"],
    ['<p align="center"><kbd>x</kbd></p>', '<p align="center"><kbd>x</kbd></p>'],
    ["<center>x</center>", '<div align="center">x</div>'],
    ["<b>a</b> <x-y>b</x-y> <!-- c -->", "<p><b>a</b> b </p>"],
  ])("shows %j", (text, html) => {
    expect(shown(text)).toBe(html);
  });

  it("aligns the cells of a table", () => {
    expect(shown("|a|b|\n|:-:|-|\n|1|2|")).toContain('<td align="center">1</td>\n<td>2</td>');
  });

  it("folds what its author folds, also over several blocks", () => {
    const html = shown("<details>\n<summary>s</summary>\n\n*a*\n\n</details>\n\nb");
    expect(html.replaceAll("\n", "")).toBe(
      "<details><summary>s</summary><p><em>a</em></p></details><p>b</p>",
    );
  });

  it("colours fenced code", () => {
    expect(shown("```elixir\ndef a\n```")).toBe(
      '<pre><code><span class="hljs-keyword">def</span><span class="hljs-function"> </span>' +
        '<span class="hljs-title">a</span>\n</code></pre>',
    );
    expect(shown("```\n<b>\n```")).toBe("<pre><code>&lt;b&gt;\n</code></pre>");
  });

  it("names headings below the page's own, and leads to them", () => {
    expect(shown("# A & `b`\n## A\n## A\n[x](#a)")).toBe(
      '<h3 id="readme-a--b">A &amp; <code>b</code></h3>\n<h4 id="readme-a">A</h4>\n' +
        '<h4 id="readme-a-1">A</h4>\n<p><a href="#readme-a">x</a></p>',
    );
    expect(shown("# A", { headingOffset: 1 })).toBe('<h2 id="readme-a">A</h2>');
    expect(shown('<a name="b"></a>')).toBe('<p><a id="readme-b"></a></p>');
  });

  it.each([
    ["docs/guide.md", "/files/docs/guide.md"],
    ["docs/guide.md#part", "/files/docs/guide.md"],
    ["/LICENSE", "/files/LICENSE"],
    ["./a/../b.md", "/files/b.md"],
    ["../../etc/passwd", "/files/etc/passwd"],
    ["%2e%2e/x", "/files/x"],
    ["docs/", "/files/docs"],
    ["//a.test/x", `https://a.test/x" ${rel.slice(0, -1)}`],
    ["mailto:a@b.test", `mailto:a@b.test" ${rel.slice(0, -1)}`],
  ])("leads %s to %s", (address, to) => {
    expect(shown(`[x](${address})`)).toBe(`<p><a href="${to}">x</a></p>`);
  });

  it.each(["missing.md", "..%2f..%2fetc", "a%5cb", "%00", "ftp://a.test/x", "/", "%ff"])(
    "leads %s nowhere",
    (address) => {
      expect(shown(`[x](${address})`)).toBe("<p><span>x</span></p>");
    },
  );

  it("reads addresses from where the text lies", () => {
    expect(shown("[x](../a.md) [y](b.md)", { path: "docs/README.md" })).toBe(
      '<p><a href="/files/a.md">x</a> <a href="/files/docs/b.md">y</a></p>',
    );
  });

  it.each([
    ["![a](a.png)", '<img src="/pictures/a.png" alt="a" />'],
    ["![a](a.svg)", "<span>a</span>"],
    ["![a](https://b.test/a.png)", `<a href="https://b.test/a.png" ${rel}>a</a>`],
    [
      "[![a](https://b.test)](https://c.test)",
      `<a href="https://c.test/" ${rel}><span>a</span></a>`,
    ],
  ])("shows the picture %s, or its words", (text, html) => {
    expect(shown(`${text} and more`)).toBe(`<p>${html} and more</p>`);
  });
});

describe("what there is no room for", () => {
  it("is cut after a block, and said", () => {
    const text = `# A\n\n${"One two.\n\n".repeat(50)}`;
    const { html, isCut } = renderMarkdown(text, { htmlBytesMax: 200 });
    expect(isCut).toBe(true);
    expect(html).toMatch(/^<h3 id="readme-a">A<\/h3>\n(<p>One two.<\/p>\n?){11}$/);
    expect(renderMarkdown("# A")).toMatchObject({ isCut: false });
  });

  it("leaves elements closed", () => {
    const folded = `<details>\n\n${"- a\n".repeat(50)}\n</details>`;
    expect(renderMarkdown(folded, { htmlBytesMax: 60 }).html).toMatch(
      /^<details>\s*<ul>\n(<li>a<\/li>\n?)+<\/ul><\/details>$/,
    );
    const code = `\`\`\`\n${"é\n".repeat(50)}\`\`\``;
    expect(renderMarkdown(code, { htmlBytesMax: 40 }).html).toMatch(
      /^<pre><code>(é\n)+<\/code><\/pre>$/,
    );
  });

  it("still knows links that are defined at its end", () => {
    const text = `[x]\n\n${"One two.\n\n".repeat(500)}[x]: a.md`;
    expect(shown(text, { htmlBytesMax: 200 })).toContain('<a href="/files/a.md">x</a>');
  });

  it("is counted of the text, too", () => {
    expect(renderMarkdown("a\n\nb", { textCharactersMax: 2 })).toEqual({
      ...{ html: "<p>a</p>\n", isCut: true },
    });
    expect(renderPlain("one\ntwo\nthree\n", { htmlBytesMax: 20 })).toEqual({
      ...{ html: "<pre>one\ntwo\n</pre>", isCut: true },
    });
  });
});
