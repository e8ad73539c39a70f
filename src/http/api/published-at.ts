/**
 * `?published_at=2020-01-02T03:04:05Z`: a release that comes from elsewhere keeps the date that it has there.
 *
 * Only an admin says so. Whoever reads the registry takes the date for the release's age, above all a
 * `cooldown` that lets in only what is old enough for somebody to have noticed; a maintainer, or whoever
 * stole a maintainer's key, would publish a release of last year and be let in at once.
 */
import type { Context } from "hono";
import type { App } from "../app-type.ts";
import { permit } from "../permit.ts";
import type { Refusal } from "../refusals.ts";

/** Hex is younger than this; what is older is a clock that was not set. */
const earliestMs = Date.UTC(2010);

/**
 * @returns `publishedAt` in milliseconds since 1970, and nothing when the request names no date. Refused for
 * all but admins of the repository, and for what is no date or none that can be true.
 */
export async function readPublishedAt(
  c: Context<App>,
): Promise<{ publishedAt?: number } | { refused: Refusal }> {
  const text = c.req.query("published_at");
  if (text === undefined) return {};
  const { name, public: isPublic } = c.get("repository");
  const subject = { kind: "repository", name, public: isPublic } as const;
  if (await permit(c, "administer", subject)) return { refused: { reason: "may_not_date" } };
  const publishedAt = parseMoment(text);
  if (publishedAt === undefined) return wrong("must be a moment in UTC: 2020-01-02T03:04:05Z");
  if (publishedAt < earliestMs) return wrong("must not be before 2010");
  if (publishedAt > Date.now()) return wrong("must not be in the future");
  return { publishedAt };
}

function parseMoment(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined;
  const ms = Date.parse(text);
  // The 30th of February would be a day in March.
  const isReal = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 19));
  return isReal ? ms : undefined;
}

function wrong(published_at: string): { refused: Refusal } {
  return { refused: { reason: "parameter_invalid", errors: { published_at } } };
}
