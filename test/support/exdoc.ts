/**
 * Documentation as ExDoc makes it, without Elixir: the same names and formats of files, and pages that ask a
 * server for the same things in the same order. Written anew after the facts of ExDoc's repository, at 01f4763
 * (0.40.3), compared with the tags v0.34.2, v0.36.0 and v0.38.2:
 *
 * - All addresses are relative to the page, and all pages are in one folder: `docs_config.js` is asked for beside
 *   the page, after `dist/sidebar_items-HASH.js` and before `dist/html-HASH.js`; all three deferred (since 0.35).
 * - There is one stylesheet per language, `dist/html-elixir-HASH.css`, and a script without one, `dist/html-HASH.js`.
 *   Those hashes are esbuild's, of 8 of A–Z and 2–7; `sidebar_items` and `search_data` have 8 hexadecimal digits.
 * - search.html?q=… has `dist/search_data-HASH.js` in its body, as a script that is not deferred.
 * - index.html, and whatever was renamed, is a page with nothing but a `<meta http-equiv="refresh">`.
 * - `.build` lists the files; `mix hex.publish` puts it into the tarball with the rest.
 * What the scripts do: exdoc-script.ts.
 */
import { gzipSync } from "fflate";
import { bundle, inlineScript, styles } from "./exdoc-script.ts";
import { pax, type TarMember, tar } from "./tarball.ts";

export interface DocsFile {
  path: string;
  bytes: Uint8Array | string;
}

export interface ExDocOptions {
  name?: string;
  version?: string;
  /** So many pages of modules, Name.Module1.html … */
  modules?: number;
  /** What index.html leads to, without `.html`. */
  main?: string;
  /** Above all pages, as `canonical:` in mix.exs has it; by default the place at hexdocs.pm. */
  canonical?: string | null;
}

const asset = {
  script: "dist/html-MX33GQN7.js",
  styles: "dist/html-elixir-RXZHCTJW.css",
  fonts: ["dist/lato-latin-400-normal-W7754I4D.woff2", "dist/remixicon-ZWU5GQ4X.woff2"],
};

export function exdocFiles(options: ExDocOptions = {}): DocsFile[] {
  const { name = "foo", version = "1.0.0", modules: count = 200, main = "api-reference" } = options;
  const canonical =
    options.canonical === undefined ? `https://hexdocs.pm/${name}` : options.canonical;
  const library = name.replace(/(^|_)(\w)/g, (_, _before, letter: string) => letter.toUpperCase());
  const modules = Array.from({ length: count }, (_, at) => `${library}.Module${at + 1}`);
  const sidebar = hashed("dist/sidebar_items-", sidebarItems(modules));
  const search = hashed("dist/search_data-", searchData(modules));
  const of: Library = { name, version, main, canonical, sidebar: sidebar.path };
  const pages: DocsFile[] = [
    { path: "index.html", bytes: redirect(of) },
    page(of, "api-reference", "API Reference", apiReference(modules)),
    page(of, "readme", "README", readme(name, modules)),
    page(of, "404", "404", "<h1>Page not found</h1>", '<meta name="robots" content="noindex">'),
    page(
      of,
      "search",
      "Search",
      `<div id="search"><h1></h1></div><script src="${search.path}"></script>`,
    ),
    ...modules.map((module, at) => page(of, module, module, modulePage(module, modules[at + 1]))),
  ];
  const files: DocsFile[] = [
    ...[...pages, sidebar, search],
    { path: asset.script, bytes: bundle },
    { path: asset.styles, bytes: styles(asset.fonts[0]?.replace("dist/", "") ?? "") },
    ...asset.fonts.map((path, at) => ({ path, bytes: noise(20_000 + at, "wOF2") })),
    { path: `${name}.epub`, bytes: noise(50_000, "PK\x03\x04") },
    { path: "assets/picture.png", bytes: picture },
    {
      path: "assets/logo.svg",
      bytes: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    },
    { path: "llms.txt", bytes: `# ${name} v${version}\n\n- [README](readme.md)\n` },
    { path: "readme.md", bytes: `# ${name}\n` },
  ];
  const build = files.map(({ path }) => `${path}\n`).join("");
  // Somebody may have one lying there; the registry's own is the right one.
  const config = "var versionNodes = [{version: 'vFromTheTarball', url: 'https://example.com'}];";
  return [...files, { path: ".build", bytes: build }, { path: "docs_config.js", bytes: config }];
}

/** What `mix hex.publish docs` uploads. */
export function docsTarball(files: readonly DocsFile[]): Uint8Array {
  const members = files.flatMap(({ path, bytes }): TarMember[] =>
    path.length < 100 ? [{ path, bytes }] : [pax([["path", path]]), { path: "long", bytes }],
  );
  return gzipSync(tar(members), { mtime: 0 });
}

interface Library {
  name: string;
  version: string;
  main: string;
  canonical: string | null;
  /** Path of its script. */
  sidebar: string;
}

function page(of: Library, id: string, title: string, content: string, head = ""): DocsFile {
  const { name, version, main, canonical, sidebar } = of;
  const link = canonical === null ? "" : `<link rel="canonical" href="${canonical}/${id}.html" />`;
  const bytes = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="generator" content="ExDoc v0.40.3"><meta name="project" content="${name} v${version}">${head}
<title>${title} — ${name} v${version}</title>
<link rel="stylesheet" href="${asset.styles}" />${link}
<script defer src="${sidebar}"></script>
<script defer src="docs_config.js"></script>
<script defer src="${asset.script}"></script>
</head><body><script>${inlineScript}</script>
<div class="body-wrapper"><button id="sidebar-menu" class="sidebar-toggle" aria-controls="sidebar">Menu</button>
<nav id="sidebar" class="sidebar"><img src="assets/logo.svg" alt="${name}" />
<a href="${main}.html" class="sidebar-projectName">${name}</a>
<div class="sidebar-projectVersion" translate="no">v${version}</div><ul id="sidebar-list-nav"></ul></nav>
<output role="status" id="toast"></output>
<main class="content" id="main"><div id="content" class="content-inner">
<form class="search-bar" action="search.html"><input name="q" type="text" class="search-input" /></form>
${content}
<footer class="footer"><a href="llms.txt" target="_blank">View llms.txt</a>
<a href="${name}.epub">Download ePub version</a></footer></div></main></div></body></html>
`;
  return { path: `${id}.html`, bytes };
}

function redirect({ name, version, main }: Library): string {
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>${name} v${version} — Documentation</title>
<meta http-equiv="refresh" content="0; url=${main}.html"></head><body></body></html>
`;
}

function modulePage(module: string, next = module): string {
  return `<h1>${module}</h1><section id="moduledoc"><p>What ${module} is for.
See <a href="${next}.html#run/1"><code>${next}.run/1</code></a>.</p></section>
<section class="detail" id="run/1"><h2>run(it)</h2><p>Runs ${module} until it is done.</p>
<a href="#run/1">Link to this function</a></section>`;
}

const apiReference = (modules: readonly string[]) =>
  `<h1>API Reference</h1>${modules.map((it) => `<p><a href="${it}.html">${it}</a></p>`).join("\n")}`;

const readme = (name: string, [first = "api-reference"]: readonly string[]) =>
  `<h1>${name}</h1><p>Begin with <a href="${first}.html">${first}</a>, or look at
<a href="https://example.com/elsewhere">something else</a>.</p>
<img src="assets/picture.png" alt="A picture" />`;

function sidebarItems(modules: readonly string[]): string {
  const nodes = modules.map((id) => ({
    ...{ id, title: id, group: "", deprecated: false, sections: [] },
    nodeGroups: [
      { key: "functions", name: "Functions", nodes: [{ id: "run/1", anchor: "run/1" }] },
    ],
  }));
  const extras = ["api-reference", "readme"].map((id) => ({
    id,
    title: id,
    group: "",
    headers: [],
  }));
  return `sidebarNodes=${JSON.stringify({ modules: nodes, tasks: [], extras })}`;
}

function searchData(modules: readonly string[]): string {
  const items = modules.flatMap((it) => [
    { type: "module", title: it, doc: `What ${it} is for.`, ref: `${it}.html` },
    { type: "function", title: `${it}.run/1`, doc: "Runs it until done.", ref: `${it}.html#run/1` },
  ]);
  const producer = { name: "ex_doc", version: "0.40.3" };
  return `searchData=${JSON.stringify({ items, content_type: "text/markdown", producer })}`;
}

/** Another content has another name. */
function hashed(prefix: string, bytes: string): DocsFile {
  const hash = [...bytes].reduce(
    (sum, it) => Math.imul(sum ^ it.charCodeAt(0), 16777619),
    2166136261,
  );
  const digits = (hash >>> 0).toString(16).toUpperCase().padStart(8, "0");
  return { path: `${prefix}${digits}.js`, bytes };
}

/** Bytes that do not get smaller, the same each time. */
function noise(sizeBytes: number, begin: string): Uint8Array {
  let state = sizeBytes;
  const bytes = Uint8Array.from({ length: sizeBytes }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  bytes.set(new TextEncoder().encode(begin));
  return bytes;
}

/** One dark pixel. */
const picture = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  ),
  (it) => it.charCodeAt(0),
);
