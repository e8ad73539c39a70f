/** A text → the words that full text search looks for, and words → a query that SQLite's FTS5 takes. Pure. */

/** More words find nothing that these do not. */
const wordsMax = 32;

/** As PostgreSQL does it for hexpm: words that are in every description say nothing. */
const stopWords = new Set(
  `i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her
  hers herself it its itself they them their theirs themselves what which who whom this that these those
  am is are was were be been being have has had having do does did doing a an the and but if or because
  as until while of at by for with about against between into through during before after above below
  to from up down in out on off over under again further then once here there when where why how all any
  both each few more most other some such no nor not only own same so than too very s t can will just
  don should now`.split(/\s+/u),
);

/** Words apart by blanks and slashes; `foo_bar` is one, of two parts that have to follow each other. */
export function wordsOf(text: string): string[] {
  const words = text
    .toLowerCase()
    .split(/[\s/]+/u)
    .map((word) => word.replace(/[^\p{L}\p{N}\p{M}]+/gu, " ").trim())
    .filter((word) => word !== "" && !stopWords.has(word));
  return [...new Set(words)].slice(0, wordsMax);
}

/** Every word is quoted, and holds no quote itself: nothing of it is ever FTS5's own syntax. */
export function ftsQuery(words: readonly string[], operator: "AND" | "OR"): string {
  return words.map((word) => `"${word}"`).join(` ${operator} `);
}
