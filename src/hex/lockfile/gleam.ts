// Gleam's manifest.toml: `packages = [{ name = "x", version = "1.0.0", source = "hex", … }]`.

import { parse, TomlError } from "smol-toml";
import {
  checkRelease,
  entryName,
  fail,
  type LockContents,
  LockfileError,
  skipEntry,
} from "./entry.ts";
import type { LockfileLimits } from "./limits.ts";

/** @throws {LockfileError} when the text is no manifest.toml. */
export function readGleamManifest(text: string, limits: LockfileLimits): LockContents {
  const { packages } = readToml(text, limits);
  if (!Array.isArray(packages)) throw new LockfileError("a manifest.toml has a list of packages");
  const contents: LockContents = { releases: [], skipped: [] };
  for (const entry of packages) {
    if (!isTable(entry)) throw new LockfileError("an entry of packages is no table");
    const name = entryName(entry.name, "an entry of packages");
    const { source, version, outer_checksum: outerChecksum } = entry;
    if (typeof source !== "string") fail(name, "does not say where it comes from");
    if (source === "hex")
      contents.releases.push(checkRelease(name, { package: name, version, outerChecksum }));
    else contents.skipped.push(skipEntry(name, entryName(source, "a source")));
  }
  return contents;
}

function readToml(text: string, { depthMax, termsMax }: LockfileLimits): Record<string, unknown> {
  // `a.a.a.…` makes a table of every two bytes, and half a megabyte of it takes 100 of memory.
  if (text.split(".", termsMax + 1).length > termsMax) {
    throw new LockfileError("there are too many dots");
  }
  try {
    return parse(text, { maxDepth: depthMax });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Behind the first line it draws a picture of where it is.
    const [sentence] = error.message.split("\n", 1);
    throw new LockfileError(`${sentence} (line ${error.line})`);
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
