import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { Mistake } from "./mistake.ts";

/**
 * What one machine needs of wrangler.toml. wrangler has a function for this, but loading wrangler
 * takes longer than everything else that a start does.
 */
const schema = v.object({
  main: v.string(),
  compatibility_date: v.string(),
  compatibility_flags: v.optional(v.array(v.string()), []),
  assets: v.optional(v.object({ directory: v.string() })),
  vars: v.optional(v.record(v.string(), v.unknown()), {}),
});

export interface WranglerConfig {
  /** Absolute path of the Worker's entry. */
  main: string;
  /** Absolute path of the folder with what pages are made of. */
  assets: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  vars: Record<string, unknown>;
}

/** @throws Mistake when the file is missing, is not TOML, or lacks what it must say. */
export function readWranglerConfig(path: string): WranglerConfig {
  const result = v.safeParse(schema, parseToml(path));
  if (!result.success) {
    const [issue] = result.issues;
    throw new Mistake(`${path}: ${v.getDotPath(issue) ?? ""}: ${issue.message}`);
  }
  const { output } = result;
  const main = resolve(dirname(path), output.main);
  return {
    main,
    // Who declares none gets those that lie beside the Worker.
    assets: output.assets
      ? resolve(dirname(path), output.assets.directory)
      : join(dirname(main), "web/assets"),
    compatibilityDate: output.compatibility_date,
    compatibilityFlags: output.compatibility_flags,
    vars: output.vars,
  };
}

function parseToml(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof TomlError) throw new Mistake(`${path}: ${error.message}`);
    throw new Mistake(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}
