/** Every no, and its status and body: one exhaustive switch. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AccountsRefusal } from "../accounts/types.ts";
import type { GitRefusal } from "../git/update.ts";
import type { LockfileRefusal } from "../hex/lockfile.ts";
import type { FieldErrors, UploadRefusal } from "../hex/refusal.ts";
import type { RepositoryRefusal } from "../repository/types.ts";
import type { App } from "./app-type.ts";
import { render } from "./format.ts";

export type HttpRefusal =
  | { reason: "not_found" }
  | { reason: "method_not_allowed"; allow: string }
  | { reason: "not_acceptable" }
  | { reason: "body_too_big"; sizeBytesMax: number }
  | { reason: "body_incomplete" }
  | { reason: "body_malformed" }
  | { reason: "version_malformed"; version: string }
  /** A credential would help, and there is none. */
  | { reason: "unauthenticated" }
  | { reason: "credential_malformed" }
  | { reason: "password_for_files" }
  /** The credential is not good for this. */
  | { reason: "unauthorized" }
  | { reason: "too_many_calls"; who: string; retryAfterSeconds: number; isUpload: boolean }
  | { reason: "forbidden" }
  /** It is not there, or they may not see it: which of the two, nobody learns. */
  | { reason: "hidden"; repository: string | null }
  | { reason: "parameter_missing"; parameter: string }
  | { reason: "page_too_far"; pageMax: number }
  | { reason: "signup_closed" }
  | { reason: "short_urls_full" }
  | { reason: "not_hosted"; repository: string; kind: string }
  | { reason: "not_mirrored"; package: string }
  | { reason: "not_a_mirror"; repository: string }
  | { reason: "not_curated"; repository: string }
  /** By the rules of a curated mirror; `why` is a sentence. */
  | { reason: "held_back"; why: string }
  | { reason: "lockfile_not_text" }
  | { reason: "file_not_found"; path: string; package: string; version: string }
  /** A mirror keeps a tarball once somebody fetched it. */
  | { reason: "tarball_missing"; package: string; version: string; isMirror: boolean }
  | { reason: "tarball_busy" }
  | { reason: "tarball_damaged"; package: string; version: string; why: string }
  | { reason: "upstream_away"; why: string }
  | { reason: "private_repository"; repository: string | null }
  | { reason: "repository_not_found"; repository: string }
  | { reason: "no_root_repository" }
  | { reason: "package_has_no_docs"; package: string }
  | { reason: "docs_page_not_found"; path: string }
  | { reason: "name_differs" }
  /** When a release was published, only admins say. */
  | { reason: "may_not_date" }
  | { reason: "git_off" }
  | { reason: "git_read_only" };

export type Refusal =
  | GitRefusal
  | LockfileRefusal
  | UploadRefusal
  | RepositoryRefusal
  | AccountsRefusal
  | HttpRefusal;

interface Answer {
  status: ContentfulStatusCode;
  message: string;
  errors?: FieldErrors;
  headers?: Record<string, string>;
}

/** Answers a refusal in the format that the client asked for. */
export function refuse(c: Context<App>, refusal: Refusal): Response {
  const { status, message, errors, headers } = answerTo(refusal);
  return render(c, status, { status, message, ...(errors ? { errors } : {}) }, headers);
}

/** The same for clients that print the body as it is: those of the repository's files. */
export function refuseInText(c: Context<App>, refusal: Refusal): Response {
  const { status, message, headers } = answerTo(refusal);
  return c.body(`${message}\n`, status, {
    "content-type": "text/plain; charset=utf-8",
    ...headers,
  });
}

/**
 * Why somebody may not fetch a file. 403, not 401: without a credential mix would ask a CI job to log in.
 * At the root, where no repository is named, nobody learns what it is called.
 */
export function refuseFile(c: Context<App>, refusal: Refusal): Response {
  const repository = c.req.param("repository") ?? null;
  const isNamed = refusal.reason === "unauthenticated" || refusal.reason === "hidden";
  if (!isNamed) return refuseInText(c, refusal);
  const reason = refusal.reason === "hidden" ? "hidden" : "private_repository";
  return refuseInText(c, { reason, repository });
}

const basic = { "www-authenticate": "Basic realm=hex" };

/** Publishing is refused with 401, 403, 404, 413 or 422 only: rebar3 takes all else for success. */
export function answerTo(refusal: Refusal): Answer {
  switch (refusal.reason) {
    case "not_found":
      return { status: 404, message: "Page not found" };
    case "package_not_found":
      return { status: 404, message: `Package ${refusal.package} not found` };
    case "release_not_found":
      return { status: 404, message: `Release ${refusal.package} ${refusal.version} not found` };
    case "file_not_found":
      return {
        status: 404,
        message: `There is no ${refusal.path} in ${refusal.package} ${refusal.version}`,
      };
    case "tarball_missing":
      return {
        status: 404,
        message: refusal.isMirror
          ? `The tarball of ${refusal.package} ${refusal.version} has not been fetched yet: its files can be seen when somebody has`
          : `The tarball of ${refusal.package} ${refusal.version} is missing`,
      };
    case "tarball_busy":
      return {
        status: 503,
        message: "Many people look at files right now: try again in a moment",
        headers: { "retry-after": "2" },
      };
    case "tarball_damaged":
      return {
        status: 422,
        message: `The tarball of ${refusal.package} ${refusal.version} cannot be read: ${refusal.why}`,
      };
    case "docs_not_found":
      return { status: 404, message: `${refusal.package} ${refusal.version} has no docs` };
    case "repository_not_found":
      return {
        status: 404,
        message: `There is no repository ${refusal.repository} here: declare [vars.REPOSITORIES.${refusal.repository}] in wrangler.toml, or check the URL`,
      };
    case "no_root_repository":
      return {
        status: 404,
        message:
          "No repository is named: use an api_url that ends with /api/repos/REPOSITORY, or --organization REPOSITORY, or let the operator set ROOT_REPOSITORY",
      };
    case "method_not_allowed":
      return {
        status: 405,
        message: `Only ${refusal.allow} here`,
        headers: { allow: refusal.allow },
      };
    case "not_acceptable":
      return {
        status: 406,
        message: "Accept application/json, application/vnd.hex+json or application/vnd.hex+erlang",
      };
    case "body_too_big":
    case "tarball_too_big":
      return { status: 413, message: `Payload too large: at most ${refusal.sizeBytesMax} bytes` };
    case "body_incomplete":
      // Not 408, which rebar3 takes for success.
      return { status: 422, message: "The body broke off or stopped on its way: send it again" };
    case "body_malformed":
      return { status: 400, message: "Bad request: the body is not what its content-type says" };
    case "parameter_invalid":
      return invalid(refusal.errors);
    case "version_malformed":
      return { status: 400, message: `invalid version: ${refusal.version}` };
    case "unauthenticated":
      return { status: 401, message: "missing authentication information", headers: basic };
    case "credential_malformed":
      return { status: 401, message: "invalid authentication information", headers: basic };
    case "credential_unknown":
      return { status: 401, message: "invalid API key", headers: basic };
    case "credential_revoked":
      return { status: 401, message: "API key revoked", headers: basic };
    case "password_wrong":
      return {
        status: 401,
        message: "invalid username and password combination",
        headers: basic,
      };
    case "password_for_files":
      return {
        status: 401,
        message: "A password opens the API only: use a key, also as the password of Basic",
        headers: basic,
      };
    case "unauthorized":
      return { status: 401, message: "key not authorized for this action", headers: basic };
    case "too_many_failures":
      return {
        status: 429,
        message: `Too many wrong credentials: try again in ${refusal.retryAfterSeconds} seconds`,
        headers: { "retry-after": String(refusal.retryAfterSeconds) },
      };
    case "too_many_calls":
      return {
        // To uploads not 429, which rebar3 takes for success.
        status: refusal.isUpload ? 422 : 429,
        message: `API rate limit exceeded for ${refusal.who}`,
        headers: { "retry-after": String(refusal.retryAfterSeconds) },
      };
    case "forbidden":
    case "not_owner":
      return { status: 403, message: "account not authorized for this action" };
    case "hidden":
      return {
        status: 404,
        message:
          refusal.repository === null
            ? "Page not found"
            : `There is no ${refusal.repository} here, or you may not see it`,
      };
    case "user_not_found":
      return { status: 404, message: `User ${refusal.user} not found` };
    case "member_not_found":
      return { status: 404, message: `${refusal.user} is no member of ${refusal.organization}` };
    case "key_not_found":
      return { status: 404, message: `Key ${refusal.key} not found` };
    case "parameter_missing":
      return { status: 400, message: `missing required parameters: "${refusal.parameter}"` };
    case "page_too_far":
      return invalid({
        page: `must be at most ${refusal.pageMax}: ask for less, with search=… or before=DATE`,
      });
    case "signup_closed":
      return {
        status: 403,
        message: "Only the administrator makes users here: ask for one, or for a key",
      };
    case "short_urls_full":
      return { status: 422, message: "There are too many short URLs: use the long one" };
    case "private_repository": {
      const name = refusal.repository;
      const what = name === null ? "This repository" : `The repository ${name}`;
      const how = `as in mix hex.repo set ${name ?? "NAME"} --auth-key KEY`;
      return { status: 403, message: `${what} is private, or is not here: add a key, ${how}` };
    }
    case "not_hosted":
      return {
        status: 404,
        message: `${refusal.repository} is a ${refusal.kind}: releases are not published into it, and the API does not show them`,
      };
    case "not_a_mirror":
      return {
        status: 404,
        message: `${refusal.repository} is no mirror: it holds what is published`,
      };
    case "not_curated":
      return {
        status: 404,
        message: `${refusal.repository} has no rules: only a mirror with mode = "curated" judges releases`,
      };
    case "package_has_no_docs":
      return { status: 404, message: `No release of ${refusal.package} has documentation` };
    case "docs_page_not_found":
      return { status: 404, message: `There is no ${refusal.path} in this documentation` };
    case "held_back":
      return { status: 404, message: refusal.why };
    case "lockfile_not_text":
      return invalid({ lockfile: "is not text in UTF-8" });
    case "lockfile_too_big":
      return { status: 413, message: `Payload too large: at most ${refusal.sizeBytesMax} bytes` };
    case "bad_lockfile":
      return invalid({ lockfile: refusal.message });
    case "not_mirrored":
      return { status: 404, message: `${refusal.package} is not among the packages mirrored here` };
    case "upstream_away":
      // 504 says that it is not ours; without Retry-After, for which Erlang's httpc would wait.
      return { status: 504, message: `Not kept here, and ${refusal.why}` };
    case "bad_tarball":
      return invalid({ tar: refusal.message });
    case "bad_metadata":
      return invalid(refusal.errors);
    case "bad_dependencies":
      return invalid({ requirements: refusal.errors });
    case "name_differs":
      return invalid({ name: "metadata does not match package name" });
    case "ledger_lost":
      return {
        // Not 503, which rebar3 takes for success.
        status: 422,
        message:
          `The ledger of ${refusal.repository} was lost, or its bucket was filled by somebody else: ` +
          `it can be read, and changed again after \`hexedge check ${refusal.repository} --repair\``,
      };
    case "ledger_not_lost":
      return {
        status: 409,
        message: `${refusal.repository} has its ledger: there is nothing to restore`,
      };
    case "restore_unfinished":
      return {
        status: 422,
        message: `Not all of ${refusal.repository} is restored, or another restore was begun meanwhile: begin again`,
      };
    case "may_not_date":
      return {
        status: 403,
        message:
          "Only an admin of the repository says when a release was published: leave published_at out",
      };
    case "release_exists":
      return invalid({
        inserted_at: refusal.sameBytes
          ? "has already been published with exactly these bytes"
          : "must include the --replace flag to update an existing release",
      });
    case "release_busy":
      return invalid({
        version: `${refusal.package} ${refusal.version} is being changed at this moment, or a change was interrupted: try again in half a minute`,
      });
    case "package_has_dependants":
      return invalid({
        name: `you cannot delete this package because other packages depend on it: ${refusal.dependants.slice(0, 10).join(", ")}`,
      });
    case "owner_not_found":
      return invalid({ username: "user is not an owner of package" });
    case "last_owner":
      return invalid({ username: "cannot remove last owner of package" });
    case "last_full_owner":
      return invalid({
        username:
          refusal.change === "demote"
            ? "cannot demote the last full owner of a package"
            : "cannot remove the last full owner of package",
      });
    case "transfer_needs_full_level":
      return invalid({ level: 'ownership level is required to be "full" for a transfer' });
    case "git_off":
      return {
        status: 404,
        message:
          "No repositories of git are mirrored here: declare [vars.GIT] repository in wrangler.toml",
      };
    case "git_read_only":
      return { status: 403, message: "This is a mirror: push to where it comes from" };
    case "git_changed":
      return { status: 409, message: "Somebody else updated this mirror meanwhile: start again" };
    case "packs_missing":
      return invalid({ packs: `are not all here: ${refusal.packs.slice(0, 3).join(", ")}` });
    case "objects_missing":
      return invalid({ refs: `lead to ${refusal.objects[0]}, which is in none of the packs` });
    case "pack_going":
      return {
        status: 409,
        message: `${refusal.pack} is being removed: send it again in ten minutes`,
      };
    case "pack_malformed":
      return invalid({ [refusal.file]: refusal.why });
    case "too_busy":
      return {
        status: 503,
        message: "Too many uploads at once: try again in a moment",
        headers: { "retry-after": String(refusal.retryAfterSeconds) },
      };
  }
}

function invalid(errors: FieldErrors): Answer {
  return { status: 422, message: "Validation error(s)", errors };
}
