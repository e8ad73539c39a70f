/** What the policy of our pages lets a browser run: their own script and style sheet, and nothing that was published. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { browserAvailable, freshPage } from "../support/browser.ts";
import { docsTarball } from "../support/exdoc.ts";
import { type Server, startServer } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const config = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.open_repo]
kind = "hosted"
public = true
[vars.LIMITS]
api_per_minute = 0
failed_credentials_per_15_minutes = 0
`;

describe.skipIf(!browserAvailable)("a page of ours", () => {
  let server: Server;
  const docs = "/docs/open_repo/foo/1.0.0";

  beforeAll(async () => {
    server = await startServer({ config });
    await send("/publish", await packageTarball({ name: "foo" }));
    const files = [
      { path: "index.html", bytes: "<h1>Docs</h1>" },
      { path: "evil.js", bytes: "document.documentElement.dataset.ran = 'evil'" },
      { path: "evil.css", bytes: "h1 { color: rgb(1, 2, 3) }" },
    ];
    await send("/packages/foo/releases/1.0.0/docs", docsTarball(files));
  });

  it("has its own style, and its own script runs", async () => {
    const { page, problems } = await opened();
    const search = page.locator("search input");
    await search.pressSequentially("no_such_package");
    await expect.poll(() => page.textContent("main")).toContain("No package matches");
    expect(await styleOf(page, "body", "backgroundColor")).not.toBe("rgba(0, 0, 0, 0)");
    expect(problems).toEqual([]);
  });

  it("runs no script and takes no style sheet from documentation below the same host", async () => {
    const { page, problems } = await opened();
    // They are there, for whoever may load them.
    for (const file of ["evil.js", "evil.css"]) {
      expect((await server.fetch(`${docs}/${file}`)).status).toBe(200);
    }
    // As whoever found a hole in a page of ours would put them there.
    const loaded = await page.evaluate(`Promise.all([
      ["script", { src: "${docs}/evil.js" }],
      ["link", { rel: "stylesheet", href: "${docs}/evil.css" }],
      ["iframe", { src: "${docs}/" }],
    ].map(([name, attributes]) => new Promise((resolve) => {
      const element = Object.assign(document.createElement(name), attributes);
      element.onload = () => resolve(name === "iframe" ? "settled" : "loaded");
      element.onerror = () => resolve("settled");
      document.body.append(element);
    })))`);
    expect(loaded).toEqual(["settled", "settled", "settled"]);
    expect(await page.evaluate("document.documentElement.dataset.ran ?? 'nothing'")).toBe(
      "nothing",
    );
    expect(await styleOf(page, "h1", "color")).not.toBe("rgb(1, 2, 3)");
    for (const kind of ["script-src", "style-src", "frame-src"]) {
      expect(problems.join("\n")).toContain(kind);
    }
  });

  /** The list of packages, and what the browser complains of. */
  async function opened(): Promise<{ page: Page; problems: string[] }> {
    const page = await freshPage();
    const problems: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("pageerror", ({ message }) => problems.push(message));
    await page.goto(`${server.origin}/packages`);
    return { page, problems };
  }

  const styleOf = (page: Page, selector: string, property: string) =>
    page.evaluate(`getComputedStyle(document.querySelector("${selector}")).${property}`);

  async function send(path: string, body: Uint8Array): Promise<void> {
    const response = await server.fetch(`/api/repos/open_repo${path}`, {
      method: "POST",
      body: body.slice(),
      headers: { authorization: server.adminKey },
    });
    expect([path, response.status]).toEqual([path, 201]);
  }
});
