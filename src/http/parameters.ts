/** Checks parameters against a schema; what is wrong is said by field, in a map that every client prints. */
import type { Context } from "hono";
import * as v from "valibot";
import type { FieldErrors } from "../hex/refusal.ts";
import type { App } from "./app-type.ts";
import { readParameters } from "./body.ts";
import type { Refusal } from "./refusals.ts";

/** The body's parameters, checked. Members that the schema does not name are ignored. */
export async function parameters<T extends v.GenericSchema>(
  c: Context<App>,
  schema: T,
): Promise<{ output: v.InferOutput<T> } | { refused: Refusal }> {
  const body = await readParameters(c);
  if ("refused" in body) return body;
  return checked(schema, body.parameters);
}

/** What came from outside, as the schema has it; what is wrong is said by field. */
export function checked<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
): { output: v.InferOutput<T> } | { refused: Refusal } {
  const checked = v.safeParse(schema, value);
  if (checked.success) return { output: checked.output };
  const errors: FieldErrors = {};
  for (const issue of checked.issues) {
    const field = v.getDotPath(issue)?.split(".")[0] ?? "body";
    // What is not there at all is an issue of the map around it, in words for programmers.
    const isMissing = issue.path?.at(-1)?.origin === "key";
    errors[field] ??= isMissing ? "can't be blank" : issue.message;
  }
  return { refused: { reason: "parameter_invalid", errors } };
}

/** Text that can be written everywhere: no control characters, no lone surrogates. */
export function text(lengthMin: number, lengthMax: number) {
  return v.pipe(
    v.string("can't be blank"),
    v.check((it) => it.isWellFormed() && !/\p{Cc}/u.test(it), "has invalid format"),
    v.trim(),
    v.minLength(lengthMin, `should be at least ${lengthMin} character(s)`),
    v.maxLength(lengthMax, `should be at most ${lengthMax} character(s)`),
  );
}

export const pageMax = 100;

/** Nobody has so many; SQLite knows no larger numbers than it makes of this. */
const farPage = 1_000_000_000;

/** `?page=N`, from 1 on; what is no such number is the first. */
export function pageOf(c: Context<App>): number {
  const page = Number(c.req.query("page") ?? 1);
  return Number.isInteger(page) && page > 0 ? Math.min(page, farPage) : 1;
}
