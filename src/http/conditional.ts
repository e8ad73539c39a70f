/** Conditions and ranges of RFC 9110, as far as files need them. Pure. */
import type { ByteRange, Stored } from "../storage/storage.ts";

export interface Conditions {
  ifNoneMatch: string | undefined;
  ifModifiedSince: string | undefined;
  ifRange: string | undefined;
  range: string | undefined;
}

/** Does the client have this already? An empty If-None-Match, which rebar3 sends first, says nothing. */
export function isNotModified(conditions: Conditions, stored: Stored): boolean {
  const { ifNoneMatch, ifModifiedSince } = conditions;
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== "") {
    const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    return tags.includes("*") || tags.includes(`"${stored.etag}"`);
  }
  if (ifModifiedSince === undefined) return false;
  // What is no date is NaN, which compares as false.
  return seconds(stored.uploadedAt) <= httpDateSeconds(ifModifiedSince);
}

/**
 * The one range that is asked for. Several ranges, other units and what is no range are ignored, as
 * the RFC allows: the client gets the whole.
 * @returns "unsatisfiable" when it begins behind the end.
 */
export function askedRange(
  conditions: Conditions,
  stored: Stored,
): ByteRange | "unsatisfiable" | undefined {
  const { range, ifRange } = conditions;
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (ifRange !== undefined && !isSame(ifRange, stored)) return undefined;
  const { sizeBytes } = stored;
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { offset: sizeBytes - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== "" && Number(last) < offset) return undefined;
  return offset >= sizeBytes ? "unsatisfiable" : { offset, length: end - offset + 1 };
}

function isSame(ifRange: string, stored: Stored): boolean {
  if (ifRange.startsWith('"')) return ifRange === `"${stored.etag}"`;
  return seconds(stored.uploadedAt) === httpDateSeconds(ifRange);
}

/** All three forms of HTTP dates begin with the day; `Date.parse` alone would also take "2100". */
function httpDateSeconds(text: string): number {
  return /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
}

/** HTTP dates have no more. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
