/**
 * Characters in source that nobody sees, or that make others stand where they are not: what a person
 * reviews is then not what the compiler reads ("Trojan Source", CVE-2021-42574).
 */

export interface HiddenCharacter {
  /** In the string, as JavaScript counts. */
  offset: number;
  /** From 1; `column` counts characters. */
  line: number;
  column: number;
  /** Reorders the text around it; the others only hide. */
  bidirectional: boolean;
  /** "U+202E RIGHT-TO-LEFT OVERRIDE" */
  name: string;
}

// Beside Unicode's own two lists: control characters other than white space, line ends that editors
// do not show as such, and the annotations of U+FFF9.
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]/gu;

const names = new Map([
  [0x00ad, "SOFT HYPHEN"],
  [0x034f, "COMBINING GRAPHEME JOINER"],
  [0x061c, "ARABIC LETTER MARK"],
  [0x115f, "HANGUL CHOSEONG FILLER"],
  [0x1160, "HANGUL JUNGSEONG FILLER"],
  [0x180e, "MONGOLIAN VOWEL SEPARATOR"],
  [0x200b, "ZERO WIDTH SPACE"],
  [0x200c, "ZERO WIDTH NON-JOINER"],
  [0x200d, "ZERO WIDTH JOINER"],
  [0x200e, "LEFT-TO-RIGHT MARK"],
  [0x200f, "RIGHT-TO-LEFT MARK"],
  [0x2028, "LINE SEPARATOR"],
  [0x2029, "PARAGRAPH SEPARATOR"],
  [0x202a, "LEFT-TO-RIGHT EMBEDDING"],
  [0x202b, "RIGHT-TO-LEFT EMBEDDING"],
  [0x202c, "POP DIRECTIONAL FORMATTING"],
  [0x202d, "LEFT-TO-RIGHT OVERRIDE"],
  [0x202e, "RIGHT-TO-LEFT OVERRIDE"],
  [0x2060, "WORD JOINER"],
  [0x2061, "FUNCTION APPLICATION"],
  [0x2062, "INVISIBLE TIMES"],
  [0x2063, "INVISIBLE SEPARATOR"],
  [0x2064, "INVISIBLE PLUS"],
  [0x2066, "LEFT-TO-RIGHT ISOLATE"],
  [0x2067, "RIGHT-TO-LEFT ISOLATE"],
  [0x2068, "FIRST STRONG ISOLATE"],
  [0x2069, "POP DIRECTIONAL ISOLATE"],
  [0x3164, "HANGUL FILLER"],
  [0xfeff, "ZERO WIDTH NO-BREAK SPACE"],
  [0xffa0, "HALFWIDTH HANGUL FILLER"],
]);

/** The first ones, in the order of the text. A byte order mark at its beginning is none. */
export function findHiddenCharacters(text: string, foundMax = 1000): HiddenCharacter[] {
  const found: HiddenCharacter[] = [];
  let [line, column, at] = [1, 1, 0];
  for (const { 0: character, index: offset } of text.matchAll(hidden)) {
    if (found.length === foundMax) break;
    if (isSeen(text, character, offset)) continue;
    while (at < offset) {
      const codePoint = text.codePointAt(at) ?? 0;
      at += codePoint > 0xffff ? 2 : 1;
      column++;
      if (codePoint === 0x0a) [line, column] = [line + 1, 1];
    }
    const bidirectional = /\p{Bidi_Control}/u.test(character);
    found.push({ offset, line, column, bidirectional, name: nameOf(character) });
  }
  return found;
}

/** What gives an emoji its colours, or makes one picture of two, as long as it does just that. */
function isSeen(text: string, character: string, offset: number): boolean {
  const before = text.slice(Math.max(0, offset - 3), offset);
  const behind = text.slice(offset + character.length, offset + character.length + 2);
  switch (character) {
    case "\ufeff":
      return offset === 0;
    case "\ufe0e":
    case "\ufe0f":
      return /[\p{Extended_Pictographic}0-9#*]$/u.test(before);
    case "\u200d":
      return (
        /[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?$/u.test(before) &&
        /^\p{Extended_Pictographic}/u.test(behind)
      );
    default:
      return false;
  }
}

function nameOf(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  const number = `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
  return `${number} ${names.get(codePoint) ?? kindOf(codePoint)}`;
}

/** Where Unicode has a name for each of many. */
function kindOf(codePoint: number): string {
  if (codePoint < 0xa0) return "CONTROL CHARACTER";
  if (codePoint >= 0xfe00 && codePoint <= 0xfe0f) return `VARIATION SELECTOR-${codePoint - 0xfdff}`;
  if (codePoint >= 0xe0100) return `VARIATION SELECTOR-${codePoint - 0xe0100 + 17}`;
  if (codePoint >= 0xe0000) return "TAG CHARACTER";
  return "INVISIBLE CHARACTER";
}
