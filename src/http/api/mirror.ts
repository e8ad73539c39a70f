import type { Context } from "hono";
import type { MirrorConfig } from "../../config/repositories.ts";
import { utf8Text } from "../../hex/erlang/term.ts";
import { lockfileLimits, parseLockfile } from "../../hex/lockfile.ts";
import type { Held } from "../../mirror/hold.ts";
import type { App } from "../app-type.ts";
import { withBody } from "../body.ts";
import { render } from "../format.ts";
import { permit } from "../permit.ts";
import { type Refusal, refuse } from "../refusals.ts";

/**
 * `POST …/mirror`, the body a mix.lock, rebar.lock or manifest.toml: the mirror fetches what it pins and
 * does not hold yet. 200 when all of it is there, else 422, so that `curl --fail` fails; doing it again
 * goes on where it stopped. It also brings names and versions, without which nobody could export what is
 * here once upstream is away; when they cannot be had, that is a warning.
 */
export async function mirrorLockfile(c: Context<App>): Promise<Response> {
  const repository = c.get("repository");
  const { name, public: isPublic, isDeclared } = repository;
  const refused = await permit(c, "write", { kind: "repository", name, public: isPublic });
  if (refused) return refuse(c, refused);
  if (!isDeclared) return refuse(c, { reason: "repository_not_found", repository: name });
  if (repository.kind !== "mirror") return refuse(c, { reason: "not_a_mirror", repository: name });
  const lockfile = await withBody(c, lockfileLimits.sizeBytesMax, async (body) => {
    const text = utf8Text(body);
    if (text === undefined) return { refused: { reason: "lockfile_not_text" } satisfies Refusal };
    return parseLockfile(text);
  });
  if ("refused" in lockfile) return refuse(c, lockfile.refused);
  const held = await c.env.MIRROR.getByName(name).hold(lockfile.releases);
  // Behind them, because a curated mirror lists what it was asked for.
  const warnings = await bringIndex(c, repository);
  const skipped = lockfile.skipped.map((it): Held => {
    return { package: it.name, version: "", outcome: "elsewhere", why: it.why };
  });
  const isComplete = held.every(({ outcome }) => ["new", "there", "elsewhere"].includes(outcome));
  const all = [...held, ...skipped];
  const count = (outcome: Held["outcome"]) => all.filter((it) => it.outcome === outcome).length;
  return render(c, isComplete ? 200 : 422, {
    status: isComplete ? 200 : 422,
    message: isComplete ? "All that is pinned is here" : "Not all that is pinned is here",
    summary: {
      new: count("new"),
      there: count("there"),
      missing: count("missing"),
      unavailable: count("unavailable"),
      wrong: count("wrong"),
      elsewhere: count("elsewhere"),
    },
    releases: all.map((it) => ({ ...it })),
    warnings,
  });
}

/** @returns of names and versions those that are not here afterwards, and why. */
async function bringIndex(c: Context<App>, { name, declaration }: MirrorConfig): Promise<string[]> {
  const mirror = c.env.MIRROR.getByName(name);
  const warnings: string[] = [];
  for (const path of ["names", "versions"] as const) {
    const { mode } = declaration;
    const brought = await (mode === "curated" ? mirror.curate(path) : mirror.refresh(path));
    if (brought.kind === "missing") warnings.push(`${path}: upstream does not have it`);
    if (brought.kind === "unavailable") warnings.push(`${path}: ${brought.why}`);
  }
  return warnings;
}
