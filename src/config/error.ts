import * as v from "valibot";

/** The deployment is set up wrongly: no request can be answered until it is mended. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** @throws ConfigError with the path below `where`, and the first thing that is wrong there. */
export function parse<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
  where?: string,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = [where, v.getDotPath(issue)].filter((part) => part != null).join(".");
  throw new ConfigError(`${path} ${issue.message}`);
}
