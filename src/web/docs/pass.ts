/**
 * Who may read documentation. A page of it is served where it has no cookies (policy.ts), and so have the scripts
 * and pictures that it asks for. So whoever is signed in, and may read the docs of a private package, is sent on to an
 * address with a pass in it: a token that opens the docs of this one package for an hour, as long as they may. Of
 * the address a hostile page learns, and gains nothing by it: what it opens is what the page itself is part of.
 */
import type { Context } from "hono";
import { identifySession } from "../../accounts/edge.ts";
import { may } from "../../accounts/may.ts";
import type { Permission } from "../../accounts/permission.ts";
import { docsTokens, signToken } from "../../accounts/token.ts";
import type { App } from "../../http/app-type.ts";
import { edgeOf, renewIdentity } from "../../http/authenticate.ts";
import { isDocsHost, urlsOf } from "../../http/context.ts";
import type { Refusal } from "../../http/refusals.ts";
import { readablePackage } from "../readable.ts";
import { type DocsPlace, docsOrigin, docsUrl } from "./place.ts";

type Pass = { yes: true } | { to: string } | { refused: Refusal };

const yes: Pass = { yes: true };

/** May they read this here, or where else must they go? */
export async function passFor(c: Context<App>, place: DocsPlace): Promise<Pass> {
  const plain = { ...place, pass: undefined };
  if (place.pass !== undefined) {
    if (await isGood(c, place, place.pass)) return yes;
    return isSubresource(c) ? no : { to: docsUrl(urlsOf(c).origin, plain) };
  }
  if (isDocsHost(c)) return passOnDocsHost(c, place);
  const refused = await readablePackage(c, place.name, "fetch_docs");
  if (refused) return { refused };
  if (c.get("repository").kind !== "hosted") return { refused: { reason: "not_found" } };
  const isOpen = c.get("repository").public;
  // A key in a header is no cookie: whoever sent it can keep the page away from it.
  if (c.req.header("authorization")) return yes;
  const isElsewhere = c.get("config").docsHost !== undefined;
  if (isOpen) return isElsewhere ? { to: docsUrl(docsOrigin(c), plain) } : yes;
  // Into a frame, or as a script of somebody else's page, nobody is let with the visitor's cookie.
  if (isSubresource(c)) return no;
  // A pass is a grant: what is only remembered is not enough, or who has just signed out would be sent to and fro.
  await renewIdentity(c);
  // Nor is such a one asked to sign in, where the cookie may be believed for a while yet.
  if (await readablePackage(c, place.name, "fetch_docs")) return no;
  return { to: docsUrl(docsOrigin(c), { ...place, pass: await issue(c, place) }) };
}

/** There nobody is signed in: what is not open needs a pass, which our own host gives. */
async function passOnDocsHost(c: Context<App>, place: DocsPlace): Promise<Pass> {
  const repository = c.get("config").hosted.get(place.repository);
  if (repository?.public) {
    c.set("repository", { ...repository, isDeclared: true });
    return yes;
  }
  return isSubresource(c) ? no : { to: docsUrl(urlsOf(c).origin, place) };
}

async function issue(c: Context<App>, { repository, name }: DocsPlace): Promise<string> {
  const { credential, actor } = c.get("identity");
  if (!credential || actor.kind === "anonymous") throw new Error("nobody is signed in");
  const permissions: Permission[] = [{ domain: "docs", resource: repository }];
  const { pageSecret } = c.get("config");
  const use = docsTokens(repository, name);
  return (await signToken(pageSecret, credential, permissions, Date.now(), use)).accessToken;
}

/**
 * As long as whoever it was made for may read the docs. The address alone is no use to whom they send it: the
 * browser that opens it must be theirs. (What the page then loads comes without a cookie.)
 */
async function isGood(c: Context<App>, place: DocsPlace, pass: string): Promise<boolean> {
  const { repository, name } = place;
  const isElsewhere = c.get("config").docsHost !== undefined;
  if (isElsewhere !== isDocsHost(c)) return false;
  const found = await identifySession(edgeOf(c), pass, docsTokens(repository, name), false);
  const declared = c.get("config").hosted.get(repository);
  if (!found || !declared) return false;
  const subject = { kind: "repository", name: repository, public: declared.public } as const;
  const actor = found.isAdmin ? ({ kind: "admin" } as const) : found.holder;
  if (may(actor, "fetch_docs", subject) !== "yes") return false;
  const isOpened = c.req.header("sec-fetch-dest") === "document";
  if (isOpened && !isDocsHost(c)) {
    if (c.get("identity").credential?.sessionId !== found.sessionId) return false;
  }
  c.set("repository", { ...declared, isDeclared: true });
  // Whoever may publish sees which versions there are as soon as they have.
  c.set("identity", { actor, credential: found, isFresh: false });
  return true;
}

/** Is it for a page that is shown already, or for a frame in one? Old browsers do not say. */
function isSubresource(c: Context<App>): boolean {
  return (c.req.header("sec-fetch-dest") ?? "document") !== "document";
}

const no: Pass = { refused: { reason: "not_found" } };
