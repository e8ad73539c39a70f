import type { Context } from "hono";
import { type Retirement, retirementReasons } from "../../repository/types.ts";
import type { App } from "../app-type.ts";
import { readParameters } from "../body.ts";
import { authorOf, releaseOf, repositoryOf } from "../context.ts";
import { type Refusal, refuse } from "../refusals.ts";

const messageLengthMin = 3;
const messageLengthMax = 140;

/** `DELETE …/releases/VERSION` */
export async function revertRelease(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  if ("refused" in asked) return refuse(c, asked.refused);
  const outcome = await repositoryOf(c).revert(asked.name, asked.version, authorOf(c));
  return outcome ? refuse(c, outcome.refused) : c.body(null, 204);
}

/** `POST …/releases/VERSION/retire` with `reason` and, if wanted, `message` */
export async function retireRelease(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  if ("refused" in asked) return refuse(c, asked.refused);
  const body = await readParameters(c);
  if ("refused" in body) return refuse(c, body.refused);
  const retirement = readRetirement(body.parameters);
  if ("refused" in retirement) return refuse(c, retirement.refused);
  const outcome = await repositoryOf(c).retire(asked.name, asked.version, retirement, authorOf(c));
  return outcome ? refuse(c, outcome.refused) : c.body(null, 204);
}

/** `DELETE …/releases/VERSION/retire`; also fine when it is not retired. */
export async function unretireRelease(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  if ("refused" in asked) return refuse(c, asked.refused);
  const outcome = await repositoryOf(c).retire(asked.name, asked.version, null, authorOf(c));
  return outcome ? refuse(c, outcome.refused) : c.body(null, 204);
}

function readRetirement(parameters: Record<string, unknown>): Retirement | { refused: Refusal } {
  const { reason: given, message = null } = parameters;
  const reason = retirementReasons.find((it) => it === given);
  if (!reason) {
    const missing = given === undefined || given === null || given === "";
    return wrong("reason", missing ? "can't be blank" : "is invalid");
  }
  if (message === null || (typeof message === "string" && message.trim() === "")) {
    return { reason, message: null };
  }
  // A lone surrogate cannot be written into the registry.
  if (typeof message !== "string" || !message.isWellFormed()) return wrong("message", "is invalid");
  const length = [...message].length;
  if (length < messageLengthMin)
    return wrong("message", `should be at least ${messageLengthMin} character(s)`);
  if (length > messageLengthMax)
    return wrong("message", `should be at most ${messageLengthMax} character(s)`);
  return { reason, message };
}

function wrong(field: string, message: string): { refused: Refusal } {
  return { refused: { reason: "parameter_invalid", errors: { retirement: { [field]: message } } } };
}
