/** The pages that show what is in a release, and what differs between two. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { openLimits } from "../../src/preview/open.ts";
import { rawLimits } from "../../src/web/files/raw.ts";
import { encodePath } from "../../src/web/paths.ts";
import { curatedWorld } from "../mirror/curated-world.ts";
import { contentsOf, file, link, randomBytes } from "../preview/archive.ts";
import { mirrorWorld } from "../support/mirror.ts";
import { packageTarball, pax, type TarMember } from "../support/tarball.ts";
import { type Person, type World, world } from "../support/world.ts";
import { payloads } from "./text/payloads.ts";

let open: World;
let base: string;

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3);
const numbered = (count: number, text = (at: number) => `line ${at}`) =>
  Array.from({ length: count }, (_, at) => `${text(at + 1)}\n`).join("");
const deep = Array.from({ length: 40 }, (_, at) => `d${at}`).join("/");

const members: TarMember[] = [
  file("mix.exs", "defmodule Foo.MixProject do\n  use Mix.Project\nend\n"),
  file("lib/foo.ex", 'defmodule Foo do\n  def hello, do: "hello"\nend\n'),
  file("lib/long.ex", `${numbered(3000, (at) => `def line_${at}(a), do: "<${at}>" # &`)}`),
  file("lib/plain.txt", numbered(20_000)),
  file("lib/empty.txt", ""),
  file("lib/no_newline.txt", "one\ntwo"),
  file("lib/crlf.txt", "one\r\ntwo\r\n"),
  file("lib/blank.txt", "\n".repeat(200_000)),
  file("lib/minified.js", `${"<&>'\"".repeat(20_000)}\nlast\n`),
  file("lib/turned.ex", `ok\n# ${String.fromCodePoint(0x202e)}evil\n`),
  file(
    "lib/late.ex",
    `${`a${String.fromCodePoint(0x200b)}\n`.repeat(1500)}${String.fromCodePoint(0x200f)}\n`,
  ),
  file("lib/joined.ex", `zero${String.fromCodePoint(0x200b)}width\n`),
  file("lib/hidden.txt", String.fromCodePoint(0x202e).repeat(100_000)),
  file("lib/bom.txt", "\ufeffone\n\ufefftwo\n"),
  file("priv/logo.png", png),
  file("priv/drawing.svg", "<svg onload='alert(1)'/>"),
  file("priv/page.html", "<script>alert(1)</script>"),
  file("priv/data.bin", new Uint8Array([0, 1, 2])),
  file("priv/large.txt", "x\n".repeat(300_000)),
  file("priv/stream.bin", randomBytes(300_000)),
  link("priv/link", "../lib/foo.ex"),
  link("priv/folder_link", "../lib"),
  link("priv/nowhere", "<script>alert(1)"),
  file("odd/a b%2F#1?.txt", "odd\n"),
  file("odd/100%.txt", "percent\n"),
  file("odd/%2523.txt", "encoded\n"),
  file('odd/ünï "q".txt', "unicode\n"),
  file(`odd/${String.fromCodePoint(0x202e)}txt.exe`, "turned name\n"),
  ...Array.from({ length: 1000 }, (_, at) => file(`many/file_${at}.txt`)),
  ...long(`${deep}/file.txt`, "deep\n"),
  ...long(`wide/${"ü".repeat(150)}/${"語".repeat(80)}.txt`, numbered(5000)),
];

function long(path: string, text: string): TarMember[] {
  return [pax([["path", path]]), file("x", text)];
}

beforeAll(async () => {
  open = await world({ public: true });
  base = `/packages/${open.repository}/foo`;
  sheetBytes = (await (await open.guest.fetch("/style.css")).arrayBuffer()).byteLength;
  expect((await open.admin.publish({ name: "foo", files: members })).status).toBe(201);
});

async function page(path: string, who: Pick<Person, "fetch"> = open.guest) {
  const response = await who.fetch(path, { headers: { accept: "text/html" } });
  const html = await response.text();
  return { status: response.status, html, headers: response.headers };
}

const filePage = (path: string, query = "") =>
  page(`${base}/1.0.0/files/${encodePath(path)}${query}`);
const raw = (path: string, init: RequestInit = {}) =>
  open.guest.fetch(`${base}/1.0.0/raw/${encodePath(path)}`, init);

/** The texts of the lines as a browser has them, by their numbers. */
async function linesOf(html: string): Promise<Map<number, string>> {
  const lines = new Map<number, string>();
  let [number, isNumber] = [0, false];
  await new HTMLRewriter()
    .on("ol.lines > li", {
      element(element) {
        number = Number(element.getAttribute("id")?.slice(1));
        lines.set(number, "");
      },
    })
    .on("ol.lines > li > a", {
      element(element) {
        expect(element.getAttribute("href")).toBe(`#L${number}`);
        isNumber = true;
        element.onEndTag(() => {
          isNumber = false;
        });
      },
    })
    .on("ol.lines > li", {
      text({ text }) {
        if (!isNumber) lines.set(number, lines.get(number) + text);
      },
    })
    .transform(new Response(html))
    .text();
  return new Map([...lines].map(([at, text]) => [at, unescaped(text)]));
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

async function allLines(path: string): Promise<string[]> {
  const lines: string[] = [];
  let query: string | undefined = "";
  for (let pages = 0; query !== undefined && pages < 500; pages++) {
    const { html } = await filePage(path, query);
    expectSmall(html);
    for (const [number, text] of await linesOf(html)) {
      expect(number).toBe(lines.length + 1);
      lines.push(text);
    }
    query = /rel="next" href="[^"?]*(\?[^"]*)"/.exec(html)?.[1];
  }
  return lines;
}

let sheetBytes = 0;

function expectSmall(html: string): void {
  expect(sheetBytes).toBeGreaterThan(10_000);
  expect(new TextEncoder().encode(html).length + sheetBytes).toBeLessThan(50_000);
}

/** What the pages themselves are made of. */
const attributes: Record<string, string[]> = {
  ...{ html: ["lang"], head: [], meta: ["charset", "name", "content"], title: [], body: ["class"] },
  ...{
    link: ["rel", "href", "type", "nonce"],
    script: ["src", "defer", "nonce"],
    header: [],
    main: ["id"],
    footer: [],
  },
  ...{
    search: [],
    form: ["action", "class", "method"],
    nav: ["aria-label", "class"],
    label: ["for"],
  },
  input:
    "id type name value aria-label placeholder maxlength autocomplete spellcheck inputmode size".split(
      " ",
    ),
  ...{ button: ["type", "class"], select: ["id", "name"], option: ["selected"], div: ["class"] },
  ...{ a: ["class", "href", "rel", "download"], span: ["class", "title", "aria-current"], bdi: [] },
  ...{ p: ["class", "role"], strong: [], h1: [], h2: ["id"], ol: ["class"], li: ["id"] },
  ...{ section: ["class", "aria-label", "tabindex"], table: ["class"], caption: ["class"] },
  ...{
    thead: ["class"],
    tbody: [],
    tr: ["class"],
    th: ["scope", "class", "colspan"],
    td: ["class"],
  },
  img: ["class", "src", "alt"],
};

async function expectOurs(html: string): Promise<void> {
  const strange: string[] = [];
  await new HTMLRewriter()
    .on("*", {
      element({ tagName, attributes: given }) {
        const known = attributes[tagName];
        if (!known) strange.push(`<${tagName}>`);
        for (const [name = "", value = ""] of given) {
          if (known && !known.includes(name)) strange.push(`<${tagName} ${name}>`);
          const isAddress = ["href", "src", "action"].includes(name);
          if (isAddress && !/^[/#](?!\/)/.test(value)) strange.push(`${name}=${value}`);
          if (tagName === "script" && name === "src" && value !== "/pages.js") strange.push(value);
        }
      },
      comments() {
        strange.push("a comment");
      },
    })
    .transform(new Response(html))
    .text();
  expect(strange).toEqual([]);
  expect(html.match(/<script/g)).toHaveLength(1);
}

async function overwrite(key: string, bytes: Uint8Array): Promise<void> {
  const storage = openStorage(env as Env, key.split("/")[1] ?? "");
  const etag = (await storage.head(key))?.etag ?? "";
  expect(await storage.put(key, bytes, { kind: "replace", etag })).toBeDefined();
}

describe("a folder", () => {
  it("shows folders first, with sizes and links", async () => {
    const { status, html } = await page(`${base}/1.0.0/files`);
    expect(status).toBe(200);
    const shown = [...html.matchAll(/<bdi>([^<]*)<\/bdi>/g)].map(([, name]) => name);
    expect(shown).toEqual(["d0/", "lib/", "many/", "odd/", "priv/", "wide/", "mix.exs"]);
    expect(html).toContain(`href="${base}/1.0.0/files/lib"`);
    expect(html).toContain("1,000 files");
    expectSmall(html);
    await expectOurs(html);
    expect(await page(`${base}/1.0.0/files/`)).toMatchObject({ status: 200 });
  });

  it("says where one is", async () => {
    const { html } = await filePage("lib");
    expect(html).toContain('<span aria-current="page"><bdi>lib</bdi></span>');
  });

  it("comes in pages when it is long, with every file on one of them", async () => {
    const names: string[] = [];
    for (let at = 1; at < 100; at++) {
      const { html } = await filePage("many", `?page=${at}`);
      expectSmall(html);
      names.push(
        ...[...html.matchAll(/<bdi>(file_\d+\.txt)<\/bdi>/g)].map(([, name = ""]) => name),
      );
      if (!html.includes('rel="next"')) break;
    }
    expect(names).toHaveLength(1000);
    expect(new Set(names).size).toBe(1000);
  });

  it("says where links point", async () => {
    const { html } = await filePage("priv");
    expect(html).toContain("links to <bdi>../lib/foo.ex</bdi>");
    expect(html).toContain("links to <bdi>&lt;script&gt;alert(1)</bdi>");
    await expectOurs(html);
  });

  it("is small even when it is deep, or has long names", async () => {
    for (const path of [deep, `${deep}/file.txt`, "wide", `wide/${"ü".repeat(150)}`]) {
      const { status, html } = await filePage(path);
      expect(status).toBe(200);
      expectSmall(html);
    }
  });
});

describe("a file", () => {
  it("has numbers and colours", async () => {
    const { status, html } = await filePage("lib/foo.ex");
    expect(status).toBe(200);
    expect([...(await linesOf(html)).values()]).toEqual([
      "defmodule Foo do",
      '  def hello, do: "hello"',
      "end",
    ]);
    expect(html).toContain('<span class="hljs-keyword">');
    expect(html).toContain(`href="${base}/1.0.0/raw/lib/foo.ex"`);
    expect(html).toContain("3 lines");
    await expectOurs(html);
  });

  it("comes in parts that are together the whole", async () => {
    const long = await allLines("lib/long.ex");
    expect(long).toEqual(
      numbered(3000, (at) => `def line_${at}(a), do: "<${at}>" # &`)
        .split("\n")
        .slice(0, -1),
    );
    expect(await allLines("lib/plain.txt")).toHaveLength(20_000);
  });

  it("shows the part that a line is in", async () => {
    for (const line of [1, 500, 19_999, 20_000]) {
      const { html } = await filePage("lib/plain.txt", `?from=${line}`);
      expect((await linesOf(html)).get(line)).toBe(`line ${line}`);
    }
    const { html } = await filePage("lib/plain.txt", "?from=999999");
    expect((await linesOf(html)).get(20_000)).toBe("line 20000");
    for (const odd of ["0", "-1", "x", "1e9", "99999999999999999999", ""]) {
      expect((await linesOf((await filePage("lib/plain.txt", `?from=${odd}`)).html)).get(1)).toBe(
        "line 1",
      );
    }
  });

  it.each([
    ["lib/empty.txt", []],
    ["lib/no_newline.txt", ["one", "two"]],
    ["lib/crlf.txt", ["one", "two"]],
    ["lib/bom.txt", ["\ufeffone", "U+FEFFtwo"]],
  ])("has the lines of %s", async (path, lines) => {
    const { html } = await filePage(path);
    expect([...(await linesOf(html)).values()]).toEqual(lines);
    if (lines.length === 0) expect(html).toContain("This file is empty");
  });

  it("is cut where a line is too long, and says so", async () => {
    const { html } = await filePage("lib/minified.js");
    expectSmall(html);
    expect(html).toContain("download the file to see them whole");
    const lines = await linesOf(html);
    expect(lines.get(1)).toMatch(/^<&>'".*… the line goes on$/s);
    expect(lines.get(2)).toBe("last");
  });

  it("stays small when all of it hides, or is empty lines", async () => {
    for (const path of ["lib/hidden.txt", "lib/blank.txt", "lib/late.ex"]) {
      const { status, html } = await filePage(path);
      expect(status).toBe(200);
      expectSmall(html);
    }
    const { html } = await filePage(`wide/${"ü".repeat(150)}/${"語".repeat(80)}.txt`);
    expectSmall(html);
  });

  it("warns of what turns the direction of text, also behind a thousand others", async () => {
    const { html } = await filePage("lib/turned.ex");
    expect(html).toContain('<p class="warning" role="alert"><strong>');
    expect(html).toContain(
      '<span class="hidden-char" title="U+202E RIGHT-TO-LEFT OVERRIDE">U+202E</span>',
    );
    expect(html).toContain(`href="${base}/1.0.0/files/lib/turned.ex?from=2#L2"`);
    expect(html).not.toContain("\u202e");
    const late = await filePage("lib/late.ex");
    expect(late.html).toContain('role="alert"');
    expect(late.html).toContain("?from=1501#L1501");
  });

  it("says in milder words that something hides", async () => {
    const { html } = await filePage("lib/joined.ex");
    expect(html).toContain(
      '<p class="note">There are characters in this text that nobody would see',
    );
    expect(html).not.toContain('role="alert"');
    expect(html).toContain('title="U+200B ZERO WIDTH SPACE"');
  });

  it("says what it is when it is no text", async () => {
    expect((await filePage("priv/data.bin")).html).toContain("This is no text");
    expect((await filePage("priv/large.txt")).html).toContain("This is too large");
    const { html } = await filePage("priv/logo.png");
    expect(html).toContain(
      `<img class="picture" src="${base}/1.0.0/raw/priv/logo.png" alt="priv/logo.png"/>`,
    );
    const { html: svg } = await filePage("priv/drawing.svg");
    expect(svg).not.toContain("<img");
    await expectOurs(svg);
  });

  it("says where it points when it is a link", async () => {
    const found = await filePage("priv/link");
    expect(found.html).toContain(
      `<a href="${base}/1.0.0/files/lib/foo.ex"><bdi>../lib/foo.ex</bdi></a>`,
    );
    expect((await filePage("priv/folder_link")).html).toContain(`href="${base}/1.0.0/files/lib"`);
    const lost = await filePage("priv/nowhere");
    expect(lost.html).toContain("<bdi>&lt;script&gt;alert(1)</bdi>, which is not in the package");
    await expectOurs(lost.html);
  });

  it.each(members.map(({ path }) => path).filter((path) => path.startsWith("odd/")))(
    "is found by its name: %s",
    async (path) => {
      const { status, html } = await filePage(path);
      expect(status).toBe(200);
      expect(html).not.toContain("\u202e");
      const folder = await filePage("odd");
      expect(unescaped(folder.html)).toContain(`${base}/1.0.0/files/${encodePath(path)}`);
      expect((await raw(path)).status).toBe(200);
    },
  );

  it.each(["nope", "lib/nope", "lib/foo.ex/x", "lib%2Ffoo.ex", "%ff", "mix.exs/"])(
    "is not there when it is not: %s",
    async (path) => {
      const { status } = await page(`${base}/1.0.0/files/${path}`);
      expect(status).toBe(path === "mix.exs/" ? 200 : 404);
    },
  );

  it("is not there in versions that are not", async () => {
    expect((await page(`${base}/9.0.0/files`)).status).toBe(404);
    expect((await page(`${base}/x..y/files`)).status).toBe(404);
    expect((await page(`/packages/${open.repository}/other/1.0.0/files`)).status).toBe(404);
  });
});

describe("the bytes of a file", () => {
  it("are sent with their length, and as nothing that a browser would run", async () => {
    const response = await raw("priv/stream.bin");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("300000");
    const bytes = members.find(({ path }) => path === "priv/stream.bin")?.bytes;
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    for (const path of [
      "priv/page.html",
      "priv/drawing.svg",
      "lib/minified.js",
      "lib/foo.ex",
      "lib/empty.txt",
    ]) {
      const { status, headers } = await raw(path);
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe("application/octet-stream");
      expect(headers.get("content-disposition")).toMatch(/^attachment; /);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    }
  });

  it("are a picture only of the four types", async () => {
    const { headers } = await raw("priv/logo.png");
    expect(headers.get("content-type")).toBe("image/png");
    expect(headers.get("content-disposition")).toMatch(/^inline; /);
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  });

  it("can be asked about without being sent", async () => {
    const response = await raw("priv/stream.bin", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("300000");
    expect(await response.text()).toBe("");
    expect((await raw("nope", { method: "HEAD" })).status).toBe(404);
  });

  it.each([
    [
      'odd/ünï "q".txt',
      `attachment; filename="_n_ _q_.txt"; filename*=UTF-8''%C3%BCn%C3%AF%20%22q%22.txt`,
    ],
    ["odd/100%.txt", `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`],
    [
      "odd/a b%2F#1?.txt",
      `attachment; filename="a b_2F_1_.txt"; filename*=UTF-8''a%20b%252F%231%3F.txt`,
    ],
  ])("have the file's name: %s", async (path, disposition) => {
    expect((await raw(path)).headers.get("content-disposition")).toBe(disposition);
  });

  it("are not those of a folder or link", async () => {
    for (const path of ["priv/link", "lib", "", "nope"]) expect((await raw(path)).status).toBe(404);
  });
});

describe("what differs", () => {
  const versions = {
    "1.0.0": [
      file("same.txt", "same\n"),
      file("lib/a.ex", numbered(50)),
      file("lib/removed.ex", "gone\n"),
      file("lib/crlf.ex", "one\r\ntwo\r\n"),
      file("lib/end.ex", "one\ntwo\n"),
      file("lib/long.ex", numbered(4000)),
      file("lib/grown.ex", numbered(10)),
      file("priv/data.bin", new Uint8Array([0, 1])),
      file("lib/turned.ex", "ok\n"),
      link("priv/link", "../same.txt"),
      file("becomes", "file\n"),
      file("lib/blank.ex", ""),
    ],
    "1.1.0": [
      file("same.txt", "same\n"),
      file("lib/a.ex", numbered(50).replace("line 25\n", "line <b>25</b>\n")),
      file("lib/added.ex", "new\n"),
      file("lib/crlf.ex", "one\ntwo\r\n"),
      file("lib/end.ex", "one\ntwo"),
      file(
        "lib/long.ex",
        numbered(4000, (at) => `other ${at}`),
      ),
      file("priv/data.bin", new Uint8Array([0, 2])),
      file("lib/turned.ex", "ok\n\u202eevil\n"),
      link("priv/link", "../lib/a.ex"),
      link("becomes", "same.txt"),
      file("lib/grown.ex", numbered(10) + numbered(4000, (at) => `other ${at}`)),
      file("lib/blank.ex", "\n".repeat(200_000)),
    ],
    "2.0.0-rc.1": [file("same.txt", "same\n")],
    "2.0.0": [file("same.txt", "same\n")],
  };
  let diff: string;

  beforeAll(async () => {
    diff = `/packages/${open.repository}/bar/diff`;
    for (const [version, files] of Object.entries(versions)) {
      expect((await open.admin.publish({ name: "bar", version, files })).status).toBe(201);
    }
  });

  it("leads from the form to its page, and from nowhere to the latest two", async () => {
    const to = async (query: string) => {
      const response = await open.guest.fetch(`${diff}${query}`);
      return `${response.status} ${response.headers.get("location")}`;
    };
    expect(await to("?from=1.0.0&to=1.1.0")).toBe(`303 ${diff}/1.0.0..1.1.0`);
    expect(await to("")).toBe(`303 ${diff}/2.0.0-rc.1..2.0.0`);
    expect((await page(`${diff}?from=9.9.9&to=1.0.0`)).status).toBe(404);
    expect((await page(`${base}/diff`)).html).toContain("has only one version");
  });

  it("is listed and shown below", async () => {
    const { status, html } = await page(`${diff}/1.0.0..1.1.0`);
    expect(status).toBe(200);
    expectSmall(html);
    await expectOurs(html);
    expect(html).toContain("12 files: 10 changed, 1 added, 1 removed");
    expect(html).not.toContain("same.txt</bdi></a></td>");
    expect(html).toContain('<option selected="">1.1.0</option>');
    expect(html).toContain("@@ -22,7 +22,7 @@");
    expect(html).toContain('<tr class="removed"><td>25</td><td></td><td>-line 25</td></tr>');
    expect(html).toContain(
      '<tr class="added"><td></td><td>25</td><td>+line &lt;b&gt;25&lt;/b&gt;</td></tr>',
    );
    expect(html).toContain("no newline at the end");
    expect(html).toContain('title="ends with a carriage return"');
    expect(html).toContain('title="U+202E RIGHT-TO-LEFT OVERRIDE"');
    expect(html).toContain('role="alert"');
    // What does not fit, or is no text, has a page of its own.
    expect(html).toContain(`href="${diff}/1.0.0..1.1.0/lib/long.ex"`);
    expect(html).toContain(`href="${diff}/1.0.0..1.1.0/priv/data.bin"`);
  });

  it("is nothing between a version and itself, or one that has the same files", async () => {
    for (const range of ["1.0.0..1.0.0", "2.0.0-rc.1..2.0.0"]) {
      const { status, html } = await page(`${diff}/${range}`);
      expect(status).toBe(200);
      expect(html).toContain("All files are the same in both.");
    }
  });

  it("comes in parts when it is long, which are together the whole", async () => {
    const lines: string[] = [];
    for (let part = 1; part < 50; part++) {
      const { html } = await page(`${diff}/1.0.0..1.1.0/lib/grown.ex?part=${part}`);
      expectSmall(html);
      for (const [, text = ""] of html.matchAll(/<td>([+-][^<]*)<\/td>/g)) lines.push(text);
      if (!html.includes('rel="next"')) break;
    }
    expect(lines.filter((line) => line.startsWith("+"))).toEqual(
      Array.from({ length: 4000 }, (_, at) => `+other ${at + 1}`),
    );
    expect(lines).toHaveLength(4000);
  });

  it("shows one file, added, removed, binary, or a link", async () => {
    const one = async (path: string) => (await page(`${diff}/1.0.0..1.1.0/${path}`)).html;
    expect(await one("lib/added.ex")).toContain("<td>+new</td>");
    expect(await one("lib/removed.ex")).toContain("<td>-gone</td>");
    const binary = await one("priv/data.bin");
    expect(binary).toContain("This is no text");
    for (const version of ["1.0.0", "1.1.0"]) {
      expect(binary).toContain(`/packages/${open.repository}/bar/${version}/raw/priv/data.bin`);
    }
    expect(await one("priv/link")).toContain("+../lib/a.ex");
    const blank = await one("lib/blank.ex");
    expect(blank).toContain("200,000 lines added, 0 removed");
    expectSmall(blank);
    expect(await one("lib/long.ex")).toContain("There is too much that differs in it.");
    expect(await one("becomes")).toContain("This file became a link.");
    expect(await one("same.txt")).toContain("The text is the same in both.");
  });

  it("is nothing that is not there", async () => {
    for (const path of [
      "1.0.0",
      "1.0.0..9.0.0",
      "1.0.0..1.1.0..2.0.0",
      "..",
      "1.0.0..1.1.0/nope",
      "1.0.0..1.1.0/%ff",
    ]) {
      expect((await page(`${diff}/${path}`)).status).toBe(404);
    }
  });

  it("stays small with thousands of files", async () => {
    const files = Array.from({ length: 2000 }, (_, at) => file(`f/${at}.txt`, `${at}\n<b>\n`));
    await open.admin.publish({ name: "wide", version: "1.0.0", files });
    const others = files.map(({ path }) => file(path, "other\n"));
    await open.admin.publish({ name: "wide", version: "1.1.0", files: others });
    const shown = new Set<string>();
    for (let at = 1; at < 100; at++) {
      const { html } = await page(`/packages/${open.repository}/wide/diff/1.0.0..1.1.0?page=${at}`);
      expectSmall(html);
      for (const [, name = ""] of html.matchAll(/<td><a[^>]*><bdi>([^<]*)/g)) shown.add(name);
      if (!html.includes('rel="next"')) break;
    }
    expect(shown.size).toBe(2000);
  });
});

describe("what is hostile", () => {
  const short = payloads.map((payload) => payload.replace(/[\p{Cc}\\]/gu, " "));

  it("is text in names, links, contents and differences", async () => {
    const names = [...new Set(short.map((it) => it.replaceAll("/", "∕").slice(0, 90).trim()))]
      .filter((name) => name !== "" && !/^\.{1,2}$|^[A-Za-z]:/.test(name))
      .slice(0, 60);
    const folded = new Set<string>();
    const unique = names.filter((name) => {
      const key = name.normalize("NFKD").toUpperCase().toLowerCase();
      return !folded.has(key) && folded.add(key);
    });
    const files = (version: string) => [
      ...unique.flatMap((name, at) => long(`names/${name} ${at}`, payloads[at] ?? "")),
      ...unique.flatMap((name, at) => long(`folders/${name} ${at}/x`, version)),
      ...unique.map((name, at) => link(`links/l${at}`, name)),
      file("all.html", payloads.join("\n").replaceAll("\0", "")),
      file("changed.ex", payloads.map((it) => `${version} ${it.replaceAll("\0", "")}`).join("\n")),
    ];
    for (const version of ["1.0.0", "1.1.0"]) {
      const response = await open.admin.publish({ name: "evil", version, files: files(version) });
      expect(await response.text()).toContain(version);
      expect(response.status).toBe(201);
    }
    const evil = `/packages/${open.repository}/evil`;
    const paths = [
      ...["names", "folders", "links", "all.html", "changed.ex"].map((it) => `/1.0.0/files/${it}`),
      ...unique.map((name, at) => `/1.0.0/files/names/${encodePath(`${name} ${at}`)}`),
      ...unique.map((name, at) => `/1.0.0/files/folders/${encodePath(`${name} ${at}`)}`),
      ...unique.map((_, at) => `/1.0.0/files/links/l${at}`),
      "/diff/1.0.0..1.1.0",
      "/diff/1.0.0..1.1.0/changed.ex",
      ...unique
        .slice(0, 20)
        .map((name, at) => `/diff/1.0.0..1.1.0/folders/${encodePath(`${name} ${at}`)}/x`),
    ];
    for (const path of paths) {
      const { status, html } = await page(evil + path);
      expect([path, status]).toEqual([path, 200]);
      await expectOurs(html);
      expectSmall(html);
    }
    for (const payload of short.slice(0, 40)) {
      const { html } = await page(`${evil}/1.0.0/files/${encodePath(payload)}`);
      await expectOurs(html);
    }
  });

  it("is said to be damaged when it cannot be read", async () => {
    const storage = openStorage(env as Env, open.repository);
    const key = `repos/${open.repository}/tarballs/broken-1.0.0.tar`;
    await open.admin.publish({ name: "broken", version: "1.0.0" });
    await open.admin.publish({ name: "broken", version: "1.1.0" });
    const traps = [
      new Uint8Array(10),
      await packageTarball({ contents: randomBytes(1000) }),
      await packageTarball({ contents: contentsOf(file("<script>alert(1)</script>/../x")) }),
      await packageTarball({
        contents: contentsOf(file("a"), file("b", randomBytes(9000))).slice(0, 5000),
      }),
    ];
    for (const bytes of traps) {
      await overwrite(key, bytes.slice());
      const broken = `/packages/${open.repository}/broken`;
      for (const path of [
        "1.0.0/files",
        "1.0.0/files/x",
        "1.0.0/raw/x",
        "diff/1.0.0..1.1.0",
        "diff/1.0.0..1.1.0/x",
      ]) {
        const { status, html } = await page(`${broken}/${path}`);
        expect([path, status]).toEqual([path, 422]);
        expect(html).toContain("cannot be read");
        await expectOurs(html);
      }
    }
    await storage.delete(key);
    const { status, html } = await page(`/packages/${open.repository}/broken/1.0.0/files`);
    expect([status, html.includes("is missing")]).toEqual([404, true]);
  });
});

describe("a server that is busy", () => {
  it("asks to come again", async () => {
    const { bytesAtOnceMax } = openLimits;
    openLimits.bytesAtOnceMax = 0;
    try {
      for (const path of ["1.0.0/files/mix.exs", "1.0.0/raw/mix.exs", "diff/1.0.0..1.0.0"]) {
        const { status, headers } = await page(`${base}/${path}`);
        expect([status, headers.get("retry-after")]).toEqual([503, "2"]);
      }
    } finally {
      openLimits.bytesAtOnceMax = bytesAtOnceMax;
    }
  });

  it("says so on the page of a package, whose README may well be there", async () => {
    const it = await world({ public: true });
    const readme = file("README.md", "Read me first\n");
    expect((await it.admin.publish({ name: "foo", files: [readme] })).status).toBe(201);
    const { bytesAtOnceMax } = openLimits;
    openLimits.bytesAtOnceMax = 0;
    try {
      const { status, html } = await page(`/packages/${it.repository}/foo`);
      expect(status).toBe(200);
      expect(html).toContain("Many people look at files right now");
      expect(html).not.toContain("No README");
    } finally {
      openLimits.bytesAtOnceMax = bytesAtOnceMax;
    }
    expect((await page(`/packages/${it.repository}/foo`)).html).toContain("Read me first");
  });

  it("forgets those who went away in the middle of a download", async () => {
    const { bytesAtOnceMax } = openLimits;
    openLimits.bytesAtOnceMax = 2_000_000;
    try {
      for (let at = 0; at < 10; at++) {
        const reader = (await raw("priv/stream.bin")).body?.getReader();
        await reader?.read();
        await reader?.cancel();
      }
      await expect.poll(async () => (await raw("mix.exs")).status).toBe(200);
    } finally {
      openLimits.bytesAtOnceMax = bytesAtOnceMax;
    }
  });
});

describe("whoever reads slowly", () => {
  const held = { ...openLimits };
  const some = { ...rawLimits };
  afterEach(() => {
    Object.assign(openLimits, held);
    Object.assign(rawLimits, some);
  });

  it("keeps a small file from nobody: its tarball is let go of at once", async () => {
    openLimits.bytesAtOnceMax = await tarballBytes();
    // More than is inflated at once.
    const unread = await raw("lib/plain.txt");
    expect(unread.status).toBe(200);
    expect((await filePage("mix.exs")).status).toBe(200);
    expect(await unread.text()).toBe(numbered(20_000));
  });

  it("does not keep a large one open for long", async () => {
    openLimits.bytesAtOnceMax = await tarballBytes();
    rawLimits.idleMsMax = 50;
    const reader = (await raw("priv/stream.bin")).body?.getReader();
    await reader?.read();
    expect((await filePage("mix.exs")).status).toBe(503);
    await expect.poll(async () => (await filePage("mix.exs")).status).toBe(200);
    const readOn = async () => {
      while (!(await reader?.read())?.done);
    };
    await expect(readOn()).rejects.toThrow();
  });

  it("takes no room from pages: others who download wait", async () => {
    openLimits.bytesStreamedMax = await tarballBytes();
    const reader = (await raw("priv/stream.bin")).body?.getReader();
    await reader?.read();
    const second = await raw("priv/stream.bin");
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "2"]);
    expect((await filePage("mix.exs")).status).toBe(200);
    expect((await raw("lib/foo.ex")).status).toBe(200);
    await reader?.cancel();
    await expect.poll(async () => (await raw("priv/stream.bin")).status).toBe(200);
  });

  async function tarballBytes(): Promise<number> {
    const tarball = await open.guest.file("/tarballs/foo-1.0.0.tar");
    return (await tarball.arrayBuffer()).byteLength;
  }
});

describe("who sees files", () => {
  it("is nobody whom a private repository is not for, and they learn nothing", async () => {
    const shut = await world();
    for (const version of ["1.0.0", "1.1.0"]) await shut.admin.publish({ name: "foo", version });
    const paths = [
      "1.0.0/files",
      "1.0.0/files/mix.exs",
      "1.0.0/raw/mix.exs",
      "diff",
      "diff/1.0.0..1.1.0",
      "diff/1.0.0..1.1.0/mix.exs",
    ];
    for (const path of paths) {
      const told = async (repository: string) => {
        const response = await shut.guest.fetch(`/packages/${repository}/foo/${path}`);
        const text = `${response.headers.get("location")} ${await response.text()}`;
        return `${response.status} ${text.replaceAll(repository, "REPO")}`;
      };
      expect(await told(shut.repository)).toBe(await told("shut_xyz"));
      expect(await told(shut.repository)).toMatch(/^303 \/sign-in/);
      const seen = await shut.admin.fetch(`/packages/${shut.repository}/foo/${path}`);
      expect(seen.status).toBe(path === "diff" ? 303 : 200);
    }
  });

  it("has to wait until somebody fetched the tarball into a mirror", async () => {
    const it = await mirrorWorld();
    for (const version of ["1.0.0", "1.1.0"]) await it.author.publish({ name: "foo", version });
    const mirrored = `/packages/${it.repository}/foo`;
    const before = await page(`${mirrored}/1.0.0/files`, it.reader);
    expect(before.status).toBe(404);
    expect(before.html).toContain("has not been fetched yet");
    expect((await page(`${mirrored}/1.0.0/raw/mix.exs`, it.reader)).status).toBe(404);
    for (const version of ["1.0.0", "1.1.0"]) {
      await (await it.reader.file(`/tarballs/foo-${version}.tar`)).arrayBuffer();
    }
    await expect
      .poll(async () => (await page(`${mirrored}/1.0.0/files`, it.reader)).status)
      .toBe(200);
    expect((await page(`${mirrored}/1.0.0/files/lib/code.ex`, it.reader)).html).toContain(
      "defmodule",
    );
    await expect
      .poll(async () => (await page(`${mirrored}/diff/1.0.0..1.1.0`, it.reader)).html)
      .toContain("All files are the same");
  });

  it("is nobody of a curated mirror, of what it holds back", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    for (const version of ["1.0.0", "1.1.0"]) {
      await it.publish(version);
      const tarball = await packageTarball({ name: "foo", version });
      await openStorage(env as Env, it.repository).put(
        `repos/${it.repository}/tarballs/foo-${version}.tar`,
        tarball,
        { kind: "create" },
      );
    }
    const curated = `/packages/${it.repository}/foo`;
    const statuses = async (...paths: string[]) =>
      Promise.all(paths.map(async (path) => (await page(`${curated}/${path}`, it.reader)).status));
    expect(await statuses("1.0.0/files", "1.0.0/files/mix.exs", "1.0.0/raw/mix.exs")).toEqual([
      200, 200, 200,
    ]);
    expect(await statuses("1.1.0/files", "1.1.0/files/mix.exs", "1.1.0/raw/mix.exs")).toEqual([
      404, 404, 404,
    ]);
    expect(await statuses("diff/1.0.0..1.1.0", "diff/1.0.0..1.1.0/mix.exs")).toEqual([404, 404]);
  });
});
