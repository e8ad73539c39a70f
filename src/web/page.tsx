/** What all pages for people have in common: the frame, the headers, and how a no looks. */
import type { Context } from "hono";
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { App } from "../http/app-type.ts";
import { isDocsHost } from "../http/context.ts";
import { answerTo, type Refusal, refuseInText } from "../http/refusals.ts";
import { countText } from "./parts.tsx";

export interface PageOptions {
  /** For a form and a few lines, below the title; without it, for lists and texts, which have their own. */
  narrow?: boolean;
  /** What is on the page, for search engines; only of what everybody may see. */
  description?: string;
  /** Path of the Atom feed of what is on the page. */
  feed?: string;
  /** May search engines have it? */
  isPublic?: boolean;
}

type Answer = Response | Promise<Response>;

export function renderPage(
  c: Context<App>,
  status: ContentfulStatusCode,
  title: string,
  content: Child,
  options: PageOptions = {},
): Answer {
  const isKnown = signedInName(c) !== undefined;
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  const nonce = crypto.randomUUID();
  c.header("content-security-policy", contentSecurityPolicy(c, nonce));
  // Behind the back button nobody finds what the one before them saw.
  c.header("cache-control", isKnown || options.narrow ? "private, no-store" : "private, no-cache");
  c.header("vary", "accept, authorization, cookie");
  const page = (
    <Page c={c} title={title} options={options} nonce={nonce}>
      {content}
    </Page>
  );
  return c.html(html`<!DOCTYPE html>${page}`, status);
}

/** Why not, as a page. Whoever is not signed in is asked to, when that could help. */
export function refusePage(c: Context<App>, refusal: Refusal): Answer {
  // Where docs have a host of their own, no page of ours is.
  if (isDocsHost(c)) return refuseInText(c, refusal);
  const isAnonymous = c.get("identity")?.actor.kind === "anonymous";
  if (refusal.reason === "unauthenticated" && isAnonymous && c.req.method !== "POST") {
    return c.redirect(signInPath(c), 303);
  }
  const { status, message, headers: more = {} } = answerTo(refusal);
  for (const [name, value] of Object.entries(more)) {
    // Or a browser asks for a password in a window of its own, which no page here takes.
    if (name !== "www-authenticate") c.header(name, value);
  }
  const title = status === 404 ? "Not found" : "That does not work";
  const sentence = forPeople(refusal) ?? message;
  const content = (
    <>
      <p>{sentence.replace(/[.]?$/, ".")}</p>
      {isAnonymous && status === 404 ? (
        <p>
          There may be more to see when you <a href={signInPath(c)}>sign in</a>.
        </p>
      ) : null}
      <p>
        <a href="/">To the start page</a>
      </p>
    </>
  );
  return renderPage(c, status, title, content, { narrow: true });
}

/** Where what programs are told says little to somebody who looks at a page. */
function forPeople(refusal: Refusal): string | undefined {
  switch (refusal.reason) {
    case "too_many_calls": {
      const seconds = countText(refusal.retryAfterSeconds, "second");
      return `You have looked at too many pages within one minute: load this one again in ${seconds}`;
    }
    case "page_too_far":
      return `Of several repositories together only the first ${refusal.pageMax} pages are shown: look for something, or look at one repository`;
    default:
      return undefined;
  }
}

/** Does whoever asks want a page, or is it a program? */
export function wantsPage(c: Context<App>): boolean {
  return c.req.header("accept")?.includes("text/html") ?? false;
}

/** What went wrong, said before anything else. */
export function Wrong({ children }: { children: Child }) {
  return (
    <p class="wrong" role="alert">
      {children}
    </p>
  );
}

/** Where to sign in, and come back from. */
function signInPath(c: Context<App>): string {
  // Where only forms are sent there is no page to come back to.
  if (c.req.method === "POST") return "/sign-in";
  const { pathname, search } = new URL(c.req.url);
  return `/sign-in?to=${encodeURIComponent(pathname + search)}`;
}

const headers = {
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  // The address of a page may say which code somebody came with. Not `no-referrer`, with which browsers
  // do not say where a form comes from.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * Nothing from anywhere else, nothing inline, in nobody's frame; forms go to us. Without DOCS_HOST documentation is
 * ours as well, to a browser, so scripts and styles are those that this very page names. (Their addresses would do
 * too, but behind a proxy we may not know what a browser calls us.)
 */
function contentSecurityPolicy(c: Context<App>, nonce: string): string {
  const { docsHost } = c.get("config");
  return [
    "default-src 'self'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "worker-src 'none'",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    // Whoever signs in on the way to docs is led on to where they are.
    `form-action 'self'${docsHost ? ` ${docsHost}` : ""}`,
  ].join("; ");
}

/** The name of whoever is signed in with a cookie. */
function signedInName(c: Context<App>): string | undefined {
  const identity = c.get("identity");
  if (!identity || identity.actor.kind === "anonymous") return undefined;
  return identity.actor.kind === "admin" ? "admin" : identity.actor.owner.name;
}

function Page(props: {
  c: Context<App>;
  title: string;
  options: PageOptions;
  nonce: string;
  children: Child;
}) {
  const { c, title, options, nonce, children } = props;
  const { narrow, description, feed, isPublic } = options;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {isPublic ? null : <meta name="robots" content="noindex" />}
        {description ? <meta name="description" content={description} /> : null}
        <title>{title === "Hexedge" ? title : `${title} · Hexedge`}</title>
        <link rel="stylesheet" href="/style.css" nonce={nonce} />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        {feed ? <link rel="alternate" type="application/atom+xml" href={feed} /> : null}
        <script src="/pages.js" defer nonce={nonce}></script>
      </head>
      <body class={narrow ? "narrow" : undefined}>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <header>
          <a class="brand" href="/">
            Hex<span>edge</span>
          </a>
          {narrow ? null : <SearchBox text={c.req.query("search") ?? ""} />}
          <SignedIn c={c} />
        </header>
        <main id="main">
          {narrow ? <h1>{title}</h1> : null}
          {children}
        </main>
        <footer>A registry of packages for Elixir, Erlang and Gleam.</footer>
      </body>
    </html>
  );
}

function SearchBox({ text }: { text: string }) {
  return (
    <search>
      <form action="/packages">
        <input
          type="search"
          name="search"
          value={text}
          aria-label="Search packages"
          placeholder="Search packages"
          maxlength={200}
          autocomplete="off"
          spellcheck={false}
        />
        <button type="submit">Search</button>
      </form>
    </search>
  );
}

function SignedIn({ c }: { c: Context<App> }) {
  const name = signedInName(c);
  if (name === undefined) {
    const isSigningIn = c.req.path === "/sign-in" || c.req.path.startsWith("/oauth/");
    return isSigningIn ? (
      <nav aria-label="Account"></nav>
    ) : (
      <nav aria-label="Account">
        <a href={signInPath(c)}>Sign in</a>
      </nav>
    );
  }
  return (
    <nav aria-label="Account">
      <a href="/account">{name}</a>
      <form method="post" action="/sign-out">
        <button type="submit" class="link">
          Sign out
        </button>
      </form>
    </nav>
  );
}
