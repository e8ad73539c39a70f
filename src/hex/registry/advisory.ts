/** A security advisory as packages/NAME lists it. */
import type { SecurityAdvisory as Message } from "../pb/package.js";
import {
  decodeWord,
  encodeWord,
  fromMessage,
  requiredName,
  requiredText,
  toMessage,
} from "./fields.ts";

export interface SecurityAdvisory {
  /** A GHSA or CVE identifier. */
  id: string;
  summary: string;
  htmlUrl: string;
  /** Absent also when it is newer than this program. */
  severity?: AdvisorySeverity | undefined;
  /** From 0.0 to 10.0. */
  cvssScore?: number | undefined;
  apiUrl: string;
  aliases: readonly string[];
}

/** In the order of their numbers, which is the order of severity. */
export const advisorySeverities = ["none", "low", "medium", "high", "critical"] as const;
export type AdvisorySeverity = (typeof advisorySeverities)[number];

/** So many decimal digits survive in a 32-bit float: 9.8 arrives as 9.80000019…, and was 9.8. */
const floatDigits = 6;

/** @throws Error naming the field that is missing or wrong. */
export function advisoryMessage(advisory: SecurityAdvisory, owner: string): Message.$Properties {
  const where = `${owner}: advisory ${advisory.id}`;
  return {
    id: requiredName(advisory.id, `${owner}: an advisory's id`),
    summary: requiredText(advisory.summary, `${where}: summary`),
    htmlUrl: requiredText(advisory.htmlUrl, `${where}: html_url`),
    severity: toMessage(advisory.severity, (word) =>
      encodeWord(advisorySeverities, word, `${where}: severity`),
    ),
    cvssScore: toMessage(advisory.cvssScore, (value) => score(value, `${where}: cvss_score`)),
    apiUrl: requiredText(advisory.apiUrl, `${where}: api_url`),
    aliases: advisory.aliases.map((alias) => requiredName(alias, `${where}: an alias`)),
  };
}

export function decodeAdvisory(advisory: Message.$Properties): SecurityAdvisory {
  return {
    id: advisory.id,
    summary: advisory.summary,
    htmlUrl: advisory.htmlUrl,
    severity: decodeWord(advisorySeverities, advisory.severity),
    cvssScore: fromMessage(advisory.cvssScore, (value) => Number(value.toPrecision(floatDigits))),
    apiUrl: advisory.apiUrl,
    aliases: advisory.aliases ?? [],
  };
}

function score(value: number, what: string): number {
  if (value >= 0 && value <= 10) return value;
  throw new Error(`${what}: ${value} is not between 0 and 10`);
}
