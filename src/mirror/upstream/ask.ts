/** One question to an upstream: the request, its redirects, and what the status means. */
import { Body, Patience } from "./body.ts";
import {
  type Missing,
  sentenceOf,
  type Upstream,
  UpstreamFailure,
  type UpstreamOptions,
  upstreamLimits,
} from "./types.ts";

export type Answer =
  | { kind: "answered"; body: Body; etag: string | null }
  /** Only when an ETag was sent. */
  | { kind: "unchanged" }
  | Missing;

const redirectsMax = 3;
const redirects = [301, 302, 303, 307, 308];

/**
 * repo.hex.pm answers 403 for what it does not have and for what is private. 401 is not among them: it
 * says that our key is wrong, which is for the operator to hear.
 */
const missing = [403, 404, 410, 451];

/**
 * @param path percent-encoded, as pathOf makes it.
 * @throws UpstreamFailure
 */
export async function ask(
  upstream: Upstream,
  path: string,
  known: { etag: string | null },
  options: UpstreamOptions,
): Promise<Answer> {
  const limits = { ...upstreamLimits, ...options.limits };
  const patience = new Patience(options.now, limits);
  const abort = new AbortController();
  try {
    const response = await follow(upstream, path, known, options, patience, abort.signal);
    const { status, headers } = response;
    if (status === 200) {
      const body = new Body(response, patience, () => abort.abort());
      return { kind: "answered", body, etag: usableEtag(headers.get("etag")) };
    }
    abort.abort();
    if (status === 304 && usableEtag(known.etag) !== null) return { kind: "unchanged" };
    if (missing.includes(status)) return { kind: "missing" };
    throw new UpstreamFailure("unavailable", `The upstream answers with status ${status}`);
  } catch (error) {
    abort.abort();
    throw error;
  }
}

/** The first answer that is no redirect. */
async function follow(
  upstream: Upstream,
  path: string,
  known: { etag: string | null },
  options: UpstreamOptions,
  patience: Patience,
  signal: AbortSignal,
): Promise<Response> {
  // On its own: workerd's fetch refuses to be a method of something.
  const { fetch } = options;
  const home = urlOf(upstream, path);
  let url = home;
  for (let followed = 0; ; followed++) {
    const headers = headersFor(upstream, known, url.origin === home.origin);
    const asking = (async () => fetch(url.href, { redirect: "manual", headers, signal }))();
    const response = await patience.forAnswer(asking).catch((error) => {
      if (error instanceof UpstreamFailure) throw error;
      const message = `The upstream cannot be reached: ${sentenceOf(error)}`;
      throw new UpstreamFailure("unavailable", message);
    });
    if (!redirects.includes(response.status)) return response;
    // Nobody reads it, and its end must not be waited for.
    response.body?.cancel().catch(() => {});
    if (followed === redirectsMax) throw refused(`more than ${redirectsMax} times`);
    url = target(upstream, home, url, response.headers.get("location"));
  }
}

/** Where a redirect goes, when it may go there. */
function target(upstream: Upstream, home: URL, from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) throw refused("to nowhere");
  const to = new URL(location, from);
  const isSafeEnough =
    to.protocol === "https:" || (to.protocol === "http:" && to.protocol === from.protocol);
  if (!isSafeEnough) throw refused(`from ${from.protocol} to ${to.protocol}`);
  if (to.username !== "" || to.password !== "") throw refused("with a password");
  const isAllowed = upstream.allowedHosts.some((host) => host.toLowerCase() === to.host);
  if (to.host !== home.host && !isAllowed) throw refused(`to ${to.host}, which is not allowed`);
  return to;
}

function refused(how: string): UpstreamFailure {
  return new UpstreamFailure("unavailable", `The upstream redirects ${how}`);
}

function headersFor(upstream: Upstream, known: { etag: string | null }, isHome: boolean): Headers {
  const headers = new Headers({
    "user-agent": "hexedge/0.1",
    // Else fetch asks for compression: then no content-length says how long a tarball is, and a
    // registry file, which is gzip itself, may come without its own.
    "accept-encoding": "identity",
  });
  const etag = usableEtag(known.etag);
  if (etag !== null) headers.set("if-none-match", etag);
  // A secret often ends in the newline of the `echo` that it came from.
  const authKey = upstream.authKey?.trim();
  if (authKey && isHome) {
    // Headers would say so too, and the key with it.
    if (!/^[ -~]+$/.test(authKey)) throw new Error("The key for the upstream fits into no header");
    headers.set("authorization", authKey);
  }
  return headers;
}

/** hexpm's API leaves out the quotes, so others may too; what is longer is not worth keeping. */
function usableEtag(etag: string | null): string | null {
  return etag !== null && /^[!-~]{1,256}$/.test(etag) ? etag : null;
}

function urlOf(upstream: Upstream, path: string): URL {
  const url = new URL(upstream.url);
  url.search = "";
  url.hash = "";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`;
  return url;
}

/** @returns the path, or undefined for a name that no URL can hold: `.` and `..` mean folders. */
export function pathOf(folder: string, name: string): string | undefined {
  if (/^\.{0,2}$/.test(name) || !name.isWellFormed()) return undefined;
  return `${folder}/${encodeURIComponent(name)}`;
}
