/** Feeds and sitemaps, read by Erlang's xmerl, whatever a package says about itself. */
import { beforeAll, describe, expect, it } from "vitest";
import { erlangAvailable, runErlang } from "../support/erlang.ts";
import { docsTarball } from "../support/exdoc.ts";
import { type Server, startServer } from "../support/server.ts";
import { binary } from "../support/tarball.ts";

const xmerlAvailable =
  erlangAvailable &&
  runErlang('main(_) -> io:format("~p", [code:which(xmerl_scan) =/= non_existing]).') === "true";

const title = xmerlAvailable
  ? "XML for feed readers and crawlers"
  : "XML for feed readers and crawlers (skipped: erlang-xmerl is not installed)";

const config = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.test_repo]
kind = "hosted"
public = true
`;

/** By package; what is in them that XML 1.0 cannot hold comes as U+FFFD. */
const descriptions: Record<string, [said: string, read: string]> = {
  cdata: ["<![CDATA[ x ]]> ]]>", "<![CDATA[ x ]]> ]]>"],
  markup: [
    "</summary></entry></feed><script>1</script>",
    "</summary></entry></feed><script>1</script>",
  ],
  entities: ["&amp; & &bogus; &#0; &#xD800;", "&amp; & &bogus; &#0; &#xD800;"],
  doctype: ['<!DOCTYPE a [<!ENTITY b "c">]>', '<!DOCTYPE a [<!ENTITY b "c">]>'],
  quotes: [`"it's" <!-- -- --> <?xml?>`, `"it's" <!-- -- --> <?xml?>`],
  controls: ["a\u0001b\u0008c\u000bd\u001be\u007ff", "a\ufffdb\ufffdc\ufffdd\ufffde\u007ff"],
  zero: ["a\u0000b", "a\ufffdb"],
  nonchars: ["a\ufffeb\uffffc", "a\ufffdb\ufffdc"],
  // As every parser of XML reads them.
  newlines: ["one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"],
  unicode: ["ünïcödé 🦔 \u202e\u2028 \u{10ffff}", "ünïcödé 🦔 \u202e\u2028 \u{10ffff}"],
};

describe.skipIf(!xmerlAvailable)(title, () => {
  let server: Server;

  beforeAll(async () => {
    server = await startServer({ config });
    for (const [name, [description]] of Object.entries(descriptions)) {
      const metadata = { description: binary(description) };
      const response = await server.publish({ name, metadata });
      expect([name, response.status, await response.text()]).toEqual([
        name,
        201,
        expect.anything(),
      ]);
    }
    const docs = docsTarball([{ path: "index.html", bytes: "<h1>Docs" }]);
    const path = "/api/repos/test_repo/packages/cdata/releases/1.0.0";
    const published = await server.fetch(`${path}/docs`, { method: "POST", body: docs.slice() });
    expect(published.status).toBe(201);
    const retirement = JSON.stringify({ reason: "renamed", message: "now ]]> & <b>" });
    const headers = { "content-type": "application/json" };
    const retired = await server.fetch(
      path.replace("cdata", "quotes").concat("/retire"),
      ...[{ method: "POST", headers, body: retirement }],
    );
    expect(retired.status).toBe(204);
  });

  it("is a feed of all releases with what their packages say", async () => {
    const { root, texts } = await read("/repositories/test_repo/feed.atom");
    expect(root).toBe("http://www.w3.org/2005/Atom feed");
    const summaries: [string, string][] = Object.entries(descriptions).map(([name, [, shown]]) => [
      `${name} 1.0.0`,
      name === "quotes" ? `Retired (renamed): now ]]> & <b>. ${shown}` : shown,
    ]);
    const titles = texts("/feed/entry/title");
    expect(titles).toEqual(summaries.map(([name]) => name).reverse());
    expect(texts("/feed/entry/summary")).toEqual(summaries.map(([, text]) => text).reverse());
    expect(texts("/feed/entry/id")).toEqual(
      titles.map((it) => `${server.origin}/packages/test_repo/${it.replace(" ", "/")}`),
    );
  });

  it("has once in each feed and entry what RFC 4287 wants there", async () => {
    const once = ["id", "title", "updated"];
    for (const path of ["/repositories/test_repo", "/packages/test_repo/unicode"]) {
      const { texts, attributes } = await read(`${path}/feed.atom`);
      for (const name of once) expect(texts(`/feed/${name}`)).toHaveLength(1);
      expect(texts("/feed/author/name")).toHaveLength(1);
      expect(attributes("/feed/link[@rel='self']/@href")).toEqual([
        `${server.origin}${path}/feed.atom`,
      ]);
      const entries = texts("/feed/entry/id");
      expect(new Set(entries).size).toBe(entries.length);
      for (const name of [...once, "published", "summary"]) {
        expect(texts(`/feed/entry/${name}`)).toHaveLength(entries.length);
      }
      const dates = [...texts("//updated"), ...texts("//published")];
      for (const it of dates) expect(it).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(attributes("/feed/entry/link/@href")).toEqual(entries);
    }
  });

  it("is an index that leads to all pages, which are there", async () => {
    const index = await read("/sitemap.xml");
    expect(index.root).toBe("http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex");
    const [file, ...others] = index.texts("/sitemapindex/sitemap/loc");
    expect(others).toEqual([]);
    const sitemap = await read((file ?? "").replace(server.origin, ""));
    expect(sitemap.root).toBe("http://www.sitemaps.org/schemas/sitemap/0.9 urlset");
    const pages = sitemap.texts("/urlset/url/loc");
    expect(pages).toHaveLength(Object.keys(descriptions).length + 2);
    expect(pages).toContain(`${server.origin}/docs/test_repo/cdata/`);
    for (const it of pages.filter((page) => !page.includes("/docs/"))) {
      expect((await fetch(it, { headers: { accept: "text/html" } })).status).toBe(200);
    }
  });

  interface Document {
    /** Namespace and name of the outermost element. */
    root: string;
    /** What is in the elements at an XPath. */
    texts: (path: string) => string[];
    attributes: (path: string) => string[];
  }

  async function read(path: string): Promise<Document> {
    const response = await fetch(server.origin + path);
    expect(response.status).toBe(200);
    const document = Buffer.from(await response.arrayBuffer()).toString("base64");
    const ask = (what: string, xpath: string): string[] =>
      JSON.parse(runErlang(script, [document, what, xpath])) as string[];
    return {
      root: ask("root", "/*")[0] ?? "",
      texts: (xpath) => ask("texts", xpath),
      attributes: (xpath) => ask("attributes", xpath),
    };
  }
});

/** Answers with a JSON list of strings; crashes if the document is not well-formed. */
const script = `
-include_lib("xmerl/include/xmerl.hrl").

main([Document, What, XPath]) ->
    Bytes = binary_to_list(base64:decode(Document)),
    {Root, []} = xmerl_scan:string(Bytes, [{namespace_conformant, true}, {quiet, true}]),
    io:format("[~s]", [lists:join($,, [json(found(What, It)) || It <- xmerl_xpath:string(XPath, Root)])]).

found("root", #xmlElement{name = Name, namespace = #xmlNamespace{default = Uri}}) ->
    lists:concat([Uri, " ", Name]);
found("texts", #xmlElement{content = Content}) ->
    lists:append([Value || #xmlText{value = Value} <- Content]);
found("attributes", #xmlAttribute{value = Value}) ->
    Value.

json(Text) ->
    [$", [escape(It) || <<It:16>> <= unicode:characters_to_binary(Text, unicode, utf16)], $"].

escape(Unit) -> io_lib:format("\\\\u~4.16.0b", [Unit]).
`;
