/** The pages as people use them, from finding a package to revoking a key; in Debian's Chromium. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { browserAvailable, freshPage, picture } from "../support/browser.ts";
import { docsTarball, exdocFiles } from "../support/exdoc.ts";
import { getDeps } from "../support/rebar3.ts";
import { type Server, startServer } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const password = "password of ann";
const pageBytesMax = 50_000;

const config = `
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.test_repo]
kind = "hosted"
[vars.REPOSITORIES.open_repo]
kind = "hosted"
public = true
[vars.REPOSITORIES.empty_repo]
kind = "hosted"
public = true
[vars.LIMITS]
api_per_minute = 0
failed_credentials_per_15_minutes = 0
`;

describe.skipIf(!browserAvailable)("the pages", () => {
  let server: Server;

  beforeAll(async () => {
    server = await startServer({ config });
    await server.makeUser("ann", "write");
    for (const [version, says] of [
      ["1.0.0", "one"],
      ["1.1.0", "two"],
      ["2.0.0-rc.1", "three"],
    ]) {
      await publish(await library("weather_station", version ?? "", says ?? ""));
    }
    await publish(await library("barometer", "0.3.0", "four", [{ name: "weather_station" }]));
    for (const version of ["1.0.0", "1.1.0"]) {
      const docs = docsTarball(exdocFiles({ name: "weather_station", version, modules: 120 }));
      await send(`/packages/weather_station/releases/${version}/docs`, docs);
    }
    await send("/packages/weather_station/releases/1.0.0/retire", { reason: "deprecated" });
  });

  it("lead from a search to a package, its docs, its files, a difference, a key, and its end", async () => {
    const page = await freshPage();
    const requests = watch(page);
    await page.goto(`${server.origin}/sign-in`);
    await page.fill("#username", "ann");
    await page.fill("#password", password);
    await press(page, "Sign in");
    // Answers while one types.
    await page.locator("search input").pressSequentially("weather");
    await page.getByRole("link", { name: "weather_station" }).click();
    await page.waitForURL("**/packages/test_repo/weather_station");
    expect(await page.textContent("h1")).toContain("weather_station 1.1.0");
    expect(await page.textContent(".readme")).toContain("says two");
    expect(await page.textContent(".usage")).toContain(
      '{:weather_station, "~> 1.1", repo: "test_repo"}',
    );
    expect(await page.textContent("aside")).toContain("barometer");

    await page.getByRole("link", { name: "Documentation" }).click();
    await page.waitForURL("**/1.1.0/api-reference.html");
    await page.selectOption("select.sidebar-projectVersionsDropdown", { label: "v1.0.0" });
    await page.waitForURL("**/1.0.0/api-reference.html");
    expect(await page.textContent("[role=note]")).toContain("1.0.0");
    await page.goto(page.url().replace("api-reference.html", "search.html?q=Module7"));
    await page.locator("#search a").first().click();
    await page.waitForURL("**/1.0.0/*Module7*");

    await page.goto(`${server.origin}/packages/test_repo/weather_station`);
    await page.getByRole("link", { name: "Files" }).click();
    await page.getByRole("link", { name: "lib" }).first().click();
    await page.getByRole("link", { name: "weather_station.ex" }).click();
    expect(await page.textContent("main")).toContain("two");
    await page.goto(`${server.origin}/packages/test_repo/weather_station/diff/1.0.0..1.1.0`);
    expect(await page.textContent("main")).toContain("says two");
    expect(await page.textContent("main")).toContain("says one");

    await page.goto(`${server.origin}/account`);
    await page.getByRole("link", { name: /make a key/i }).click();
    await page.fill("[name=name]", "laptop");
    await page.check("input[value=repositories]");
    await press(page, "Make the key");
    const key = (await page.locator(".snippet pre").first().textContent())?.trim() ?? "";
    expect(key).toMatch(/^hex_[0-9a-f]{40}$/);
    const client = {
      ...{ url: server.files(), publicKeyPem: server.publicKeyPem, repoKey: key },
      dependencies: "[weather_station]",
    };
    const fetched = await getDeps(client);
    expect(fetched.output).toContain("weather_station");
    expect(fetched.fetched("weather_station/src/weather_station.app.src")).toBeDefined();

    await page.goto(`${server.origin}/account`);
    await page
      .getByRole("link", { name: /^revoke/i })
      .first()
      .click();
    await press(page, /revoke/i);
    expect(await page.textContent("main")).not.toContain(key);
    // Reads notice within 45 seconds.
    await expect
      .poll(
        async () => {
          const asked = await server.fetch("/repos/test_repo/names", {
            headers: { authorization: key },
          });
          return asked.status;
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toBe(401);
    const after = await getDeps(client);
    expect(after.code).not.toBe(0);

    await press(page, "Sign out");
    expect(
      (await page.goto(`${server.origin}/packages/test_repo/weather_station`))?.url(),
    ).toContain("/sign-in");
    expect(requests.elsewhere).toEqual([]);
    expect(requests.problems).toEqual([]);
  }, 180_000);

  it("work without JavaScript", async () => {
    const page = await freshPage({ javaScriptEnabled: false });
    await signIn(page);
    await page.fill("search input", "station");
    await page.locator("search button").click();
    await page.getByRole("link", { name: "weather_station" }).click();
    expect(await page.textContent("h1")).toContain("weather_station");
    await page.getByRole("link", { name: "Compare versions" }).click();
    expect(page.url()).toContain("..");
  });

  const paths: [string, string][] = [
    ["start", "/"],
    ["search", "/packages?search=weather"],
    ["nothing-found", "/packages?search=zzz"],
    ["repository", "/repositories/test_repo"],
    ["empty-repository", "/repositories/empty_repo"],
    ["package", "/packages/test_repo/weather_station"],
    ["retired", "/packages/test_repo/weather_station/1.0.0"],
    ["folder", "/packages/test_repo/weather_station/1.1.0/files"],
    ["file", "/packages/test_repo/weather_station/1.1.0/files/lib/weather_station.ex"],
    ["differences", "/packages/test_repo/weather_station/diff/1.0.0..1.1.0"],
    ["account", "/account"],
    ["new-key", "/account/keys/new"],
    ["audit-log", "/account/audit-log"],
    ["organization", "/organizations/test_repo"],
    ["missing", "/packages/test_repo/nothing_here"],
    ["device", "/oauth/device"],
  ];
  const views: [string, Parameters<typeof freshPage>[0]][] = [
    ["light", { viewport: { width: 1200, height: 900 } }],
    ["dark", { viewport: { width: 1200, height: 900 }, colorScheme: "dark" }],
    ["phone", { viewport: { width: 390, height: 844 } }],
  ];
  it.each(views)(
    "are small, sound and readable by everybody: %s",
    async (view, options) => {
      const page = await freshPage(options);
      await signIn(page);
      const requests = watch(page);
      await page.addInitScript(`
      window.shift = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })
        .observe({ type: "layout-shift", buffered: true });`);
      const style = await (await server.fetch("/style.css")).text();
      for (const [name, path] of paths) {
        const response = await page.goto(`${server.origin}${path}`);
        const html = (await response?.body())?.length ?? 0;
        await picture(page, `${view}-${name}`);
        expect.soft([name, html + style.length < pageBytesMax]).toEqual([name, true]);
        const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect.soft([name, Number(wide) <= 0]).toEqual([name, true]);
        expect
          .soft([name, Number(await page.evaluate("window.shift")) < 0.02])
          .toEqual([name, true]);
        expect.soft([name, await seriousOf(page)]).toEqual([name, []]);
      }
      expect(requests.elsewhere).toEqual([]);
      expect(requests.problems.filter((it) => !it.includes("404"))).toEqual([]);
    },
    120_000,
  );

  it("are used with the keyboard alone", async () => {
    const page = await freshPage();
    await page.goto(`${server.origin}/`);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent.trim()")).toBe(
      "Skip to content",
    );
    await page.keyboard.press("Enter");
    expect(page.url()).toContain("#main");
  });

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${server.origin}/sign-in`);
    await page.fill("#username", "ann");
    await page.fill("#password", password);
    await press(page, "Sign in");
  }

  /** What the page asked of others, and what the browser complained about; docs.test.ts is for docs. */
  function watch(page: Page): { elsewhere: string[]; problems: string[] } {
    const seen = { elsewhere: [] as string[], problems: [] as string[] };
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(server.origin) && !/^(data|blob):/.test(url)) seen.elsewhere.push(url);
    });
    const isOurs = () => !page.url().includes("/docs/");
    page.on("console", (message) => {
      if (message.type() === "error" && isOurs()) seen.problems.push(message.text());
    });
    page.on("pageerror", (error) => {
      if (isOurs()) seen.problems.push(String(error));
    });
    return seen;
  }

  async function publish(tarball: Uint8Array): Promise<void> {
    expect((await server.upload(tarball)).status).toBe(201);
  }

  async function send(path: string, body: Uint8Array | object): Promise<void> {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(`${server.api()}${path}`, {
      method: "POST",
      headers: {
        authorization: server.adminKey,
        ...(isBytes ? {} : { "content-type": "application/json" }),
      },
      body: isBytes ? body.slice() : JSON.stringify(body),
    });
    expect(response.ok).toBe(true);
  }
});

function library(
  name: string,
  version: string,
  says: string,
  requirements: { name: string; requirement?: string }[] = [],
): Promise<Uint8Array> {
  const readme = `# ${name}\n\nIt says ${says}.\n\n\`\`\`elixir\n${"x = 1 # and so on\n".repeat(30)}\`\`\`\n`;
  const application = `{application, ${name}, [{vsn, "${version}"}, {applications, [kernel, stdlib]}]}.\n`;
  return packageTarball({
    ...{ name, version, requirements },
    metadata: { build_tools: '[<<"rebar3">>,<<"mix">>]' },
    files: [
      { path: "README.md", bytes: readme },
      { path: "mix.exs", bytes: `defmodule MixProject do\n  # ${version}\nend\n` },
      { path: `src/${name}.app.src`, bytes: application },
      { path: `lib/${name}.ex`, bytes: `defmodule It do\n  def says, do: "${says}"\nend\n` },
    ],
  });
}

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole("button", { name }).first().click();
  await page.waitForLoadState();
}

/** What axe finds that keeps people from using the page. */
async function seriousOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate("axe.run()")) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`);
}
