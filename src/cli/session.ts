/** What every command has: a registry to ask, and one way to print what it answers. */
import type { Command } from "commander";
import * as v from "valibot";
import { ask, type Request } from "./client.ts";
import { Mistake } from "./mistake.ts";
import { findRegistry, type RegistryOptions } from "./registry.ts";

export interface Session {
  /** As the user named it. */
  url: string;
  ask(path: string, request?: Request): Promise<unknown>;
  /** Prints the answer as it is for a script, and for a person what `tell` makes of it. */
  show<T extends v.GenericSchema>(
    answer: unknown,
    schema: T,
    tell: (answer: v.InferOutput<T>) => string,
  ): void;
  /** The same for an answer with nothing in it. */
  done(answer: unknown, told: string): void;
}

export async function openSession(command: Command): Promise<Session> {
  const options = command.optsWithGlobals<RegistryOptions & { json?: boolean }>();
  const registry = await findRegistry(options, process.env);
  const print = (answer: unknown, tell: () => string) =>
    console.log(options.json ? JSON.stringify(answer, null, 2) : tell());
  return {
    url: registry.url,
    ask: (path, request) => ask(registry, path, request),
    show: (answer, schema, tell) => print(answer, () => tell(checked(schema, answer))),
    done: (answer, told) => print(answer, () => told),
  };
}

export function checked<T extends v.GenericSchema>(schema: T, answer: unknown): v.InferOutput<T> {
  const read = v.safeParse(schema, answer);
  if (read.success) return read.output;
  const where = v.getDotPath(read.issues[0]) ?? "all of it";
  throw new Mistake(
    `cannot understand the answer (${where}): are both of the same version? --json shows it`,
  );
}
