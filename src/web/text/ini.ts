/**
 * A grammar for INI and TOML: highlight.js's own looks for a dotted key across lines, so that 64 KB of `a.` take it
 * nine seconds. This one looks no further than the line.
 */

/** What it takes of the library; its own types are not for here: see lowlight.js. */
type Library = { COMMENT(begin: RegExp, end: string): object; BACKSLASH_ESCAPE: object };

export function ini(hljs: Library): object {
  const escaped = [hljs.BACKSLASH_ESCAPE];
  return {
    name: "INI",
    aliases: ["toml"],
    contains: [
      hljs.COMMENT(/[;#]/, "$"),
      { scope: "section", begin: /^[ \t]*\[/, end: /\]|$/ },
      { scope: "attr", begin: /^[ \t]*[\w."'-]+(?=[ \t]*=)/ },
      { scope: "string", begin: '"""', end: '"""', contains: escaped },
      { scope: "string", begin: "'''", end: "'''" },
      { scope: "string", begin: '"', end: /"|$/, contains: escaped },
      { scope: "string", begin: "'", end: /'|$/ },
      { scope: "literal", begin: /\b(?:true|false|on|off|yes|no)\b/ },
      { scope: "number", begin: /\b\d[\w.:+-]*/ },
    ],
  };
}
