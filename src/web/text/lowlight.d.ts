import type { Root } from "hast";

export function createHighlighter(): {
  registered(language: string): boolean;
  /** Throws for a language that is not registered. */
  highlight(language: string, text: string): Root;
};
