/**
 * Where an address in somebody's text leads. It is read as a browser reads it (the URL standard: tabs, line feeds,
 * backslashes, `%2e`, `//host`), and what goes out is what was read, so that nobody can read it otherwise.
 */
export type Target =
  | { kind: "fragment"; id: string }
  | { kind: "file"; path: string }
  | { kind: "outside"; address: string };

/** Before every id of a package's text, so that none is one of the page's own. */
export const idPrefix = "readme-";

const release = "https://release.invalid";

/** @param from is the path of the file that the text is in. @returns undefined for what leads nowhere we go. */
export function targetOf(address: string, from: string): Target | undefined {
  const base = new URL(`${release}/${from.split("/").map(encodeURIComponent).join("/")}`);
  if (!URL.canParse(address, base.href)) return undefined;
  const url = new URL(address, base);
  if (url.origin === release) return targetWithin(url, base);
  if (!["http:", "https:", "mailto:"].includes(url.protocol)) return undefined;
  return { kind: "outside", address: url.href };
}

export function idOf(name: string): string {
  return `${idPrefix}${name}`;
}

/** Above the root there is nothing, as in any address: `..` stays there. */
function targetWithin(url: URL, base: URL): Target | undefined {
  const id = decode(url.hash.slice(1));
  if (url.pathname === base.pathname && id) return { kind: "fragment", id };
  const path = decode(url.pathname.slice(1).replace(/\/$/, ""));
  return path !== undefined && isPath(path) ? { kind: "file", path } : undefined;
}

/** Encoded separators come out of decoding as new segments. */
function isPath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\\\u0000-\u001F\u007F]/.test(path)) return false;
  return path.split("/").every((segment) => ![".", "..", ""].includes(segment));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
