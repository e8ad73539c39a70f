/**
 * The rules of a curated mirror: which releases of upstream its clients get to see, and until when not.
 * Nothing here does I/O or looks at a clock. What cannot be judged is held.
 *
 * A `deny` wins over every `allow`, whichever names fewer versions: an `allow` is a convenience, and a
 * `deny` is written when something is dangerous. The rejected alternative, that the more specific of the
 * two wins as in Hex's policies, lets an old `allow` for `~> 2.0` undo today's `deny` of the package.
 */
export {
  type RuleEntry,
  type Rules,
  rulesSchema,
} from "./rules/declaration.ts";
export { filterPackage } from "./rules/filter.ts";
export { nextExpiry, policyOf } from "./rules/policy.ts";
export { nextChange, type Verdict, type VerdictContext, verdictsOf } from "./rules/verdict.ts";
