/** Documentation as ExDoc makes it, in a real browser: what a reader sees, in public and in private docs. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browser, browserAvailable, picture } from "../support/browser.ts";
import { docsTarball, exdocFiles } from "../support/exdoc.ts";
import { freePort, type Server, startServer, until } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const desktop = { viewport: { width: 1100, height: 700 } };

/** By what docs have for a host. */
const places: Record<string, { docs?: string; repository: string }> = {
  "that everybody may read": { repository: "open" },
  "that everybody may read, on a host of their own": { repository: "open", docs: "docs.localhost" },
  "of a private repository": { repository: "secret" },
  "of a private repository, on a host of their own": {
    repository: "secret",
    docs: "docs.localhost",
  },
};

describe.skipIf(!browserAvailable).each(Object.entries(places))("docs %s", (title, place) => {
  const { repository } = place;
  const isSandboxed = repository === "secret" || place.docs === undefined;
  const name = title.replace(/\W+/g, "-");
  let server: Server;
  let main: string;
  let docs: string;
  let context: BrowserContext;
  /** What the browser complained about. */
  let complaints: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    main = `http://localhost:${port}`;
    docs = place.docs === undefined ? main : `http://${place.docs}:${port}`;
    server = await startServer({
      port,
      config: configOf(main, place.docs && `${place.docs}:${port}`),
    });
    const authorization = await server.makeUser("reader", "read", "secret");
    for (const version of ["1.0.0", "1.1.0", "2.0.0-rc.1"]) await publish(version);
    // Readers hear of what was published a moment later.
    const shown = `${server.origin}/packages/${repository}/foo/1.1.0`;
    await until(async () => {
      const page = await (await fetch(shown, { headers: { authorization } })).text();
      return page.includes("/docs/") && page.includes("2.0.0-rc.1");
    }, "the docs of what was published");
    const config = `${server.origin}/docs/${repository}/foo/docs_config.js`;
    await until(async () => {
      const script = await (await fetch(config, { headers: { authorization } })).text();
      return script.includes("v2.0.0-rc.1");
    }, "the versions");
    context = await (await browser()).newContext(desktop);
    if (repository === "secret") await signIn(context);
  });

  afterAll(() => context?.close());

  it("open from the page of the package, with styles, fonts and the sidebar", async () => {
    const page = await fresh();
    await page.goto(`${main}/packages/${repository}/foo`);
    const loaded = page.waitForResponse(/\.woff2$/);
    await page.click(`a[href^="/docs/"]`);
    await page.waitForURL(/api-reference\.html$/);
    expect(page.url().startsWith(`${docs}/docs/${repository}/foo/`)).toBe(true);
    expect(page.url().includes("/~")).toBe(repository === "secret");
    await page.waitForSelector("#sidebar-list-nav a");
    expect(await page.locator("#sidebar-list-nav a").count()).toBe(202);
    expect(await page.locator("#sidebar").isVisible()).toBe(true);
    const font = await page.evaluate("getComputedStyle(document.body).fontFamily");
    expect(font).toContain("Lato");
    expect((await loaded).status()).toBe(200);
    expect(
      await page.evaluate("document.querySelector('.sidebar img').naturalWidth"),
    ).toBeGreaterThan(0);
    await picture(page, `${name}-light`);
    await page.close();
    expect(complaints).toEqual([]);
  });

  it("lead from page to page, and remember what the reader chose as far as they may", async () => {
    const page = await fresh();
    await page.goto(`${main}/docs/${repository}/foo/1.1.0/readme.html`);
    await page.waitForSelector("#sidebar-list-nav a");
    await page.click("#content p a");
    await page.waitForURL(/Foo\.Module1\.html$/);
    await page.waitForSelector("h1:has-text('Foo.Module1')");
    expect(await page.locator("#sidebar").isVisible()).toBe(true);
    await page.keyboard.press("c");
    expect(await page.locator("#sidebar").isVisible()).toBe(false);
    await page.keyboard.press("n");
    expect(await page.getAttribute("body", "class")).toContain("dark");
    await picture(page, `${name}-dark`);
    await page.goto(page.url().replace("Module1.html", "Module2.html"));
    await page.waitForSelector(".sidebar-projectVersionsDropdown", { state: "attached" });
    const isKept = !isSandboxed;
    expect(await page.locator("#sidebar").isVisible()).toBe(!isKept);
    expect((await page.getAttribute("body", "class"))?.includes("dark") ?? false).toBe(isKept);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("go to the same page of another version", async () => {
    const page = await fresh();
    await page.goto(`${main}/docs/${repository}/foo/1.1.0/Foo.Module7.html`);
    await page.waitForSelector(".sidebar-projectVersionsDropdown");
    const versions = await page
      .locator(".sidebar-projectVersionsDropdown option")
      .allTextContents();
    expect(versions).toEqual(["v2.0.0-rc.1", "v1.1.0", "v1.0.0"]);
    await page.selectOption(".sidebar-projectVersionsDropdown", { label: "v1.0.0" });
    await page.waitForURL(/\/1\.0\.0\/Foo\.Module7\.html$/);
    // It says that it is old, and leads on, twice: ExDoc's way and ours.
    const note = page.locator("[role=note]");
    expect(await note.textContent()).toBe("These are the docs of 1.0.0. Latest: 1.1.0");
    expect(await note.isVisible()).toBe(true);
    await picture(page, `${name}-old`);
    await page.click(".sidebar-staleVersion a");
    await page.waitForURL(/\/1\.1\.0\/Foo\.Module7\.html$/);
    expect(await note.count()).toBe(0);
    await page.goBack();
    await note.locator("a").click();
    await page.waitForURL(/\/1\.1\.0\/api-reference\.html$/);
    // A page that the other version does not have.
    await page.goto(`${main}/docs/${repository}/foo/2.0.0-rc.1/Foo.Module209.html`);
    await page.waitForSelector(".sidebar-projectVersionsDropdown");
    complaints = [];
    await page.selectOption(".sidebar-projectVersionsDropdown", { label: "v1.1.0" });
    await page.waitForURL(/\/1\.1\.0\/api-reference\.html$/);
    await page.close();
  });

  it("are searched", async () => {
    const page = await fresh();
    await page.goto(`${main}/docs/${repository}/foo/1.1.0/readme.html`);
    await page.fill(".search-input", "Module42");
    await page.press(".search-input", "Enter");
    await page.waitForURL(/search\.html\?q=Module42$/);
    await page.waitForSelector(".result a");
    await picture(page, `${name}-search`);
    expect(await page.locator(".result a").allTextContents()).toEqual([
      ...["Foo.Module42", "Foo.Module42.run/1"],
    ]);
    await page.locator(".result a").last().click();
    await page.waitForURL(/Foo\.Module42\.html#run\/1$/);
    await page.waitForSelector("h1:has-text('Foo.Module42')");
    // An address that somebody sends keeps what was searched for.
    await page.goto(`${main}/docs/${repository}/foo/1.1.0/search.html?q=Module9`);
    await page.waitForSelector(".result a");
    expect(await page.inputValue(".search-input")).toBe("Module9");
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("fit a phone", async () => {
    const small = await (await browser()).newContext(phone);
    if (repository === "secret") await signIn(small);
    const page = await small.newPage();
    await page.goto(`${main}/docs/${repository}/foo/1.0.0/Foo.Module1.html`);
    await page.waitForSelector("[role=note]");
    const { x = 0, width = 0 } = (await page.locator("[role=note]").boundingBox()) ?? {};
    expect(x).toBeGreaterThanOrEqual(0);
    await picture(page, `${name}-phone`);
    expect(width).toBeGreaterThan(0);
    await small.close();
  });

  it("say it in words where a page is missing", async () => {
    const page = await fresh();
    await page.goto(`${main}/docs/${repository}/foo/1.1.0/Missing.html`);
    expect(await page.textContent("body")).toContain(
      "There is no Missing.html in this documentation",
    );
    await picture(page, `${name}-missing`);
    await page.close();
  });

  async function fresh(): Promise<Page> {
    const page = await context.newPage();
    complaints = [];
    const notice = (text: string) => {
      if (!isKnown(text)) complaints.push(text);
    };
    page.on("console", (it) => it.type() === "error" && notice(it.text()));
    page.on("pageerror", ({ message }) => notice(message));
    page.on("requestfailed", (it) => notice(`${it.url()}: ${it.failure()?.errorText}`));
    return page;
  }

  /**
   * What ExDoc does without in a sandbox. It stores something before docs_config.js could help. Its links are
   * fetched with a header of their own, which another origin would have to allow, and then followed as any link.
   * No page may be in a frame, so links have no tooltips.
   */
  function isKnown(text: string): boolean {
    if (/\?hint=true: net::ERR_BLOCKED_BY_RESPONSE|frame-ancestors 'none'/.test(text)) return true;
    // The reader went on before it was there.
    if (text.endsWith("net::ERR_ABORTED")) return true;
    return isSandboxed && sandboxed.test(text);
  }

  async function signIn(into: BrowserContext): Promise<void> {
    const page = await into.newPage();
    await page.goto(`${main}/docs/secret/foo/`);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await page.fill("#username", "reader");
    await page.fill("#password", "password of reader");
    await page.click("main button[type=submit]");
    // On to the docs that they wanted to see.
    await page.waitForURL(/\/docs\/secret\/foo\/~[^/]+\/api-reference\.html$/);
    await page.close();
  }

  async function publish(version: string): Promise<void> {
    const at = `/api/repos/${repository}`;
    const body = (await packageTarball({ name: "foo", version })).slice();
    expect((await server.fetch(`${at}/publish`, { method: "POST", body })).status).toBe(201);
    const modules = version === "2.0.0-rc.1" ? 210 : 200;
    const tarball = docsTarball(exdocFiles({ name: "foo", version, modules })).slice();
    const path = `${at}/packages/foo/releases/${version}/docs`;
    expect((await server.fetch(path, { method: "POST", body: tarball })).status).toBe(201);
  }
});

const sandboxed =
  /Failed to read the '(local|session)Storage' property|response to preflight|Module\d+\.html: net::ERR_FAILED|^Failed to load resource: net::ERR_FAILED$|^TypeError: Failed to fetch/i;

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
