/** The form of a new key, as it was typed; and the key that it asks for. */
import { type Permission, parsePermission, parseScopes } from "../../accounts/permission.ts";
import { keyName } from "../../http/api/keys.ts";
import { checked } from "../../http/parameters.ts";
import { type Mistake, mistake, unfit } from "./forms.tsx";

/** What is said of one thing, which has a field of its own. */
export const singleDomains = ["repository", "package", "docs"] as const;
export type SingleDomain = (typeof singleDomains)[number];

export interface Draft extends Record<SingleDomain, string> {
  name: string;
  /** What is ticked: scopes, and the domains that are said of one thing. */
  scopes: string[];
  /** `2030-01-31`, or empty. */
  expires: string;
}

export function draftOf(form: URLSearchParams): Draft {
  const typed = (name: string) => form.get(name)?.trim() ?? "";
  return {
    ...{ name: form.get("name") ?? "", scopes: form.getAll("scope"), expires: typed("expires") },
    ...{ repository: typed("repository"), package: typed("package"), docs: typed("docs") },
  };
}

/** What may be made of it says the Accounts object; this is about what it means. */
export function keyOf(
  draft: Draft,
): { name: string; permissions: Permission[]; revokeAt: number | null } | Mistake {
  const name = checked(keyName, draft.name);
  if ("refused" in name) {
    const { refused } = name;
    const errors = refused.reason === "parameter_invalid" ? Object.values(refused.errors) : [];
    return mistake({ reason: "parameter_invalid", errors: { name: errors[0] ?? "is invalid" } });
  }
  const isSingle = (scope: string) => (singleDomains as readonly string[]).includes(scope);
  const whole = parseScopes(draft.scopes.filter((scope) => !isSingle(scope)).join(" "));
  if (!whole) return unfit("Choose among what is here.");
  const permissions = [...whole];
  for (const domain of singleDomains) {
    const single = singleOf(draft, domain);
    if (single && "status" in single) return single;
    if (single) permissions.push(single);
  }
  if (permissions.length === 0) return unfit("Choose at least one thing that the key may do.");
  const revokeAt = draft.expires === "" ? null : endOf(draft.expires);
  if (Number.isNaN(revokeAt)) return unfit("The end must be a day such as 2030-01-31.");
  return { name: name.output, permissions, revokeAt };
}

/** What is ticked and not named, or named and not ticked, is one or the other: not for us to guess. */
function singleOf(draft: Draft, domain: SingleDomain): Permission | Mistake | undefined {
  const isTicked = draft.scopes.includes(domain);
  const named = draft[domain];
  if (!isTicked && named === "") return undefined;
  const what = domain === "package" ? "package" : "repository";
  if (!isTicked)
    return unfit(`You named the ${what} ${named}: tick it as well, or empty the field.`);
  if (named === "") return unfit(`Say which ${what} it is.`);
  const form = domain === "package" ? ": write REPOSITORY/PACKAGE" : "";
  return parsePermission(domain, named) ?? unfit(`${named} is no name of a ${what}${form}.`);
}

/** NaN for a day that there is not. */
function endOf(day: string): number {
  const end = Date.parse(`${day}T23:59:59Z`);
  const isDay = !Number.isNaN(end) && new Date(end).toISOString().startsWith(`${day}T`);
  return isDay ? end : Number.NaN;
}
