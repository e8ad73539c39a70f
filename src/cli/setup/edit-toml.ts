/**
 * Changes one text value of a TOML file and not a byte around it. No library writes TOML and keeps comments,
 * and finding the place by hand is guessing; so every place where the old value stands is tried, and the
 * parser says which of them was the one: after it, the file says the same but for that value.
 */
import { isDeepStrictEqual } from "node:util";
import { parse, TomlError } from "smol-toml";

export type Path = readonly (string | number)[];

/** @returns undefined when the value cannot be changed in that way: it is written in an unusual one. */
export function replaceValue(text: string, path: Path, value: string): string | undefined {
  const before = tryParse(text);
  const old = valueAt(before, path);
  if (before === undefined || typeof old !== "string" || !/^[\w-]*$/.test(value)) return undefined;
  const wanted = withValue(before, path, value);
  for (const quote of ['"', "'"]) {
    const token = `${quote}${old}${quote}`;
    for (let at = text.indexOf(token); at !== -1; at = text.indexOf(token, at + 1)) {
      const end = at + token.length;
      const changed = `${text.slice(0, at)}${quote}${value}${quote}${text.slice(end)}`;
      const after = tryParse(changed);
      if (after !== undefined && isDeepStrictEqual(after, wanted)) return changed;
    }
  }
  return undefined;
}

export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (it, key) => (typeof it === "object" && it !== null ? Reflect.get(it, key) : undefined),
    document,
  );
}

function withValue(document: unknown, path: Path, value: string): unknown {
  const copy = structuredClone(document);
  const parent = valueAt(copy, path.slice(0, -1));
  const [key] = path.slice(-1);
  if (typeof parent === "object" && parent !== null && key !== undefined) {
    Reflect.set(parent, key, value);
  }
  return copy;
}

function tryParse(text: string): unknown {
  try {
    // Plain objects: the parser's have no prototype, which a copy does not keep.
    return structuredClone(parse(text));
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}
