/** What stands in programs' words elsewhere, in words for people. */
import type { Permission } from "../../accounts/permission.ts";
import type { FieldErrors } from "../../hex/refusal.ts";
import { answerTo, type Refusal } from "../../http/refusals.ts";

/** What a permission lets somebody do. */
export function meaningOf({ domain, resource }: Permission): string {
  switch (domain) {
    case "api":
      if (resource === null) return "Everything that you may, and make keys for it";
      if (resource === "read") return "See packages, organizations and your account";
      return "Publish and change packages, owners and keys, as you may";
    case "repositories":
      return "Fetch packages from the repositories that you may read";
    case "repository":
      return `Fetch packages from ${resource}`;
    case "package":
      return `Publish ${resource}`;
    case "docs":
      return `Read the documentation of ${resource}`;
  }
}

/** A no, as a sentence above the form that it is about. */
export function sentenceOf(refusal: Refusal): string {
  const { message, errors } = answerTo(refusal);
  if (!errors) return sentence(message);
  return leavesOf(errors)
    .map(([field, text]) => {
      const tells = text.replace(/^already/, "is already");
      const isPredicate = /^(should|must|has|is|can't) /.test(tells);
      return sentence(isPredicate ? `${subjects[field] ?? `“${field}”`} ${tells}` : tells);
    })
    .join(" ");
}

const subjects: Record<string, string> = {
  name: "The name",
  username: "The user name",
  user_id: "This user",
  email: "The e-mail",
  full_name: "The full name",
  password: "The password",
  permissions: "What it may do",
  revoke_at: "The end",
  role: "The role",
  before: "The time",
};

/** Each with the field that it belongs to, seen from outside. */
function leavesOf(errors: FieldErrors, outer?: string): [string, string][] {
  return Object.entries(errors).flatMap(([field, error]): [string, string][] =>
    typeof error === "string" ? [[outer ?? field, error]] : leavesOf(error, outer ?? field),
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/[.]$/, "")}.`;
}
