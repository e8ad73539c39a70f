/** The same payloads in a real browser, without the policy that pages have: nothing runs, nothing is asked for. */
import { describe, expect, it } from "vitest";
import { escapeHtml } from "../../src/web/text/escape.ts";
import { highlightLines } from "../../src/web/text/highlight.ts";
import { renderMarkdown, renderPlain } from "../../src/web/text/markdown.ts";
import { browserAvailable, freshPage } from "../support/browser.ts";
import { payloads } from "../web/text/payloads.ts";

const site = "http://hexedge.test/";

describe.skipIf(!browserAvailable)("hostile text in a browser", () => {
  it("is noticed by this test where it is not cleaned", async () => {
    const seen = await open(["<img src=x onerror=alert(1)>", "<img src=http://evil.test/x.png>"]);
    expect(seen).toEqual(expect.arrayContaining(["alert", "http://evil.test/x.png"]));
  });

  it("runs nothing as a README", async () => {
    const options = { linkOf: (path: string) => `/files/${encodeURIComponent(path)}` };
    expect(await open(payloads.map((text) => renderMarkdown(text, options).html))).toEqual([]);
    const inPlaces = (text: string) =>
      `- ${text}\n\n[${text}](x "${text}")\n\n<b title='${text}'>${text}`;
    expect(
      await open(payloads.map((text) => renderMarkdown(inPlaces(text), options).html)),
    ).toEqual([]);
  });

  it("runs nothing as plain text", async () => {
    expect(await open(payloads.map((text) => renderPlain(text).html))).toEqual([]);
  });

  it("runs nothing as lines of code", async () => {
    const languages = ["elixir", "erlang", "xml", "markdown", "javascript", "gleam"];
    const lines = languages.flatMap((language) =>
      payloads.flatMap((text) => highlightLines(text, language)),
    );
    // As JSX renders a run.
    const html = lines.map((line) =>
      line
        .map(
          ({ text, className = "" }) =>
            `<span class="${escapeHtml(className)}">${escapeHtml(text)}</span>`,
        )
        .join(""),
    );
    expect(await open([`<pre>${html.join("\n")}</pre>`])).toEqual([]);
  });
});

/** Each text in a frame of its own within one page. @returns what ran or was asked for. */
async function open(texts: string[]): Promise<string[]> {
  const seen: string[] = [];
  const page = await freshPage();
  const frames = texts.map((html) => `<iframe srcdoc="${escapeHtml(html)}"></iframe>`);
  await page.exposeFunction("notice", (what: string) => seen.push(what));
  await page.addInitScript(() => {
    // @ts-expect-error: of the browser, which this program's types do not know
    window.alert = () => top.notice("alert");
  });
  page.on("pageerror", ({ message }) => seen.push(message));
  page.on("dialog", (dialog) => {
    seen.push(dialog.type());
    dialog.dismiss().catch(() => undefined);
  });
  await page.route("**/*", (route) => {
    const address = route.request().url();
    if (address === site) {
      return route.fulfill({ contentType: "text/html", body: `<!DOCTYPE html>${frames.join("")}` });
    }
    if (!address.startsWith("about:")) seen.push(address);
    return route.abort();
  });
  await page.goto(site);
  // Whatever waits to be pointed at, clicked or opened, except links, which lead away as they should.
  for (const frame of page.frames()) {
    await frame.evaluate(`for (const of of document.querySelectorAll("body *")) {
      for (const name of ["focus", "mouseover", "click", "pointerenter", "toggle"]) {
        if (!(name === "click" && of.closest("a"))) of.dispatchEvent(new Event(name));
      }
    }`);
  }
  await page.waitForTimeout(300);
  await page.context().close();
  return seen;
}
