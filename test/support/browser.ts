/** Debian's Chromium, headless; skipped where it is missing. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll } from "vitest";

const executablePath = "/usr/bin/chromium";
export const browserAvailable = existsSync(executablePath);

/** Where pictures of pages go, for somebody to look at; nowhere unless it is set. */
const pictures = process.env.SCREENSHOTS;

let started: Promise<Browser> | undefined;

export function browser(): Promise<Browser> {
  started ??= chromium.launch({
    executablePath,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
  return started;
}

/** A browser that nobody has used, with one page. */
export async function freshPage(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
  const context = await (await browser()).newContext(options);
  return context.newPage();
}

export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

afterAll(async () => {
  await (await started)?.close();
  started = undefined;
});
