/**
 * XML 1.0 out of templates: whatever is put into one is escaped, except what came out of another.
 * Not hono's JSX, which escapes for HTML and lets through what no XML parser reads: control characters and
 * halves of characters, of which a package's description may be full.
 */

/** What a template made. */
export class Xml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export function xml(strings: TemplateStringsArray, ...values: (string | Xml | Xml[])[]): Xml {
  return new Xml(strings.map((it, at) => it + textOf(values[at] ?? "")).join(""));
}

function textOf(value: string | Xml | Xml[]): string {
  if (value instanceof Xml) return value.text;
  return typeof value === "string" ? escapeXml(value) : value.map(({ text }) => text).join("");
}

/** All that XML 1.0 (section 2.2) does not call a character. */
const unwritable = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escapeXml(text: string): string {
  return text.replace(unwritable, "\uFFFD").replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
