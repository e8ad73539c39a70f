/**
 * A grammar for Gleam in highlight.js's own format, which has none: enough for what is read in a package.
 * Keywords and literals are those of the language tour; there are no nested strings or macros to follow.
 */

/** What it takes of the library; its own types are not for here: see lowlight.js. */
type Library = { COMMENT(begin: string, end: string): object; BACKSLASH_ESCAPE: object };

const keywords = [
  ...["as", "assert", "auto", "case", "const", "delegate", "derive", "echo", "else", "fn", "if"],
  ...[
    "implement",
    "import",
    "let",
    "macro",
    "opaque",
    "panic",
    "pub",
    "test",
    "todo",
    "type",
    "use",
  ],
];

export function gleam(hljs: Library): object {
  return {
    name: "Gleam",
    keywords: { keyword: keywords, literal: ["True", "False", "Nil"] },
    contains: [
      hljs.COMMENT("//", "$"),
      { scope: "string", begin: '"', end: '"', contains: [hljs.BACKSLASH_ESCAPE] },
      { scope: "meta", begin: /@[a-z_]+/ },
      {
        begin: [/\bfn/, /\s+/, /[a-z_][a-z0-9_]*/],
        beginScope: { 1: "keyword", 3: "title" },
      },
      { scope: "number", begin: /\b0(?:b[01_]+|o[0-7_]+|x[0-9a-fA-F_]+)\b/ },
      { scope: "number", begin: /\b\d[\d_]*(?:\.[\d_]*(?:e-?\d+)?)?/ },
      { scope: "type", begin: /\b[A-Z][A-Za-z0-9]*\b/ },
      { scope: "operator", begin: /\|>|<-|->|<>|\.\.|[!=]=|[<>]=?\.?|[+\-*/]\.?/ },
    ],
  };
}
