/** The options of `key create` that mean more than they say. Pure. */
import { InvalidArgumentError } from "commander";
import { type Permission, parseScopes } from "../accounts/permission.ts";

/** `api:read`, `package:acme/foo` …, after those that were read before. */
export function readPermissions(text: string, before: Permission[] = []): Permission[] {
  const permissions = parseScopes(text);
  if (permissions?.length !== 1) {
    throw new InvalidArgumentError(
      "It must be api, api:read, api:write, repositories, repository:NAME, package:REPOSITORY/NAME or docs:NAME",
    );
  }
  return [...before, ...permissions];
}

const dayMs = 86_400_000;

/** `30d`, or a day or time in ISO 8601. @returns the time. */
export function readExpiry(text: string, _before?: unknown, now = Date.now()): string {
  const [, days] = /^([1-9]\d{0,4})d$/.exec(text) ?? [];
  return days ? new Date(now + Number(days) * dayMs).toISOString() : readTime(text);
}

/** A day is its beginning in UTC. */
export function readTime(text: string): string {
  const [, day = ""] = /^(\d{4}-\d\d-\d\d)(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const [midnight, time] = [Date.parse(`${day}T00:00:00Z`), Date.parse(text)];
  // Date.parse takes the 31st of February for the 3rd of March.
  const isDay = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
  if (!isDay || Number.isNaN(time)) {
    throw new InvalidArgumentError("A date is such as 2030-01-31 or 2030-01-31T12:00:00Z");
  }
  return new Date(time).toISOString();
}
