/** What all pages for people have in common. */
import type { Context } from "hono";
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { App } from "../http/app-type.ts";
import { styleSheet } from "./style.css.ts";

/** Nothing from anywhere else, no script, in nobody's frame; forms go to us. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const headers = {
  "content-security-policy": contentSecurityPolicy,
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  // The address of a page may say which code somebody came with. Not `no-referrer`, with which browsers
  // do not say where a form comes from.
  "referrer-policy": "same-origin",
  "cache-control": "private, no-store",
};

export function renderPage(
  c: Context<App>,
  status: ContentfulStatusCode,
  title: string,
  content: Child,
): Response | Promise<Response> {
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  return c.html(html`<!DOCTYPE html>${<Page title={title}>{content}</Page>}`, status);
}

/** `GET /style.css` */
export function showStyleSheet(c: Context<App>): Response {
  return c.body(styleSheet, 200, {
    "content-type": "text/css; charset=utf-8",
    "cache-control": "public, max-age=3600",
    "x-content-type-options": "nosniff",
  });
}

/** What went wrong, said before anything else. */
export function Wrong({ children }: { children: Child }) {
  return (
    <p class="wrong" role="alert">
      {children}
    </p>
  );
}

function Page({ title, children }: { title: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · Hexedge`}</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <span aria-hidden="true">⬢</span> Hexedge
        </header>
        <main>
          <h1>{title}</h1>
          {children}
        </main>
        <footer>A registry of Hex packages.</footer>
      </body>
    </html>
  );
}
