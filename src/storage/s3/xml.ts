/**
 * The little XML that an S3 writes: elements, text, the five entities and characters by number. All else
 * is refused: no document type, so no entity of the sender's own; no CDATA, no comment, none of which any S3
 * writes. (A library was the alternative: most answer something to whatever they are given.)
 */

export interface Element {
  name: string;
  children: Element[];
  /** What stands directly in it. */
  text: string;
}

export class XmlError extends Error {
  override name = "XmlError";
}

const depthMax = 16;
const declaration = /^\uFEFF?\s*(?:<\?xml\s[^<>?]*\?>\s*)?/;
/** A tag with what follows it up to the next. Attributes (`xmlns`) mean nothing to us. */
const part =
  /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>([^<]*)/y;

/** @throws XmlError at the first thing that is not understood. */
export function parseXml(text: string): Element {
  const document: Element = { name: "", children: [], text: "" };
  const open = [document];
  part.lastIndex = declaration.exec(text)?.[0].length ?? 0;
  while (part.lastIndex < text.length) {
    const at = part.lastIndex;
    const [, closing, name = "", attributes, selfClosing, after = ""] = part.exec(text) ?? [];
    if (name === "") throw new XmlError(`no XML that an S3 would write, at ${at}`);
    if (closing) {
      const ended = open.pop();
      if (ended?.name !== name || attributes || selfClosing) {
        throw new XmlError(`</${name}> ends another element, at ${at}`);
      }
    } else {
      const element: Element = { name, children: [], text: "" };
      open.at(-1)?.children.push(element);
      if (!selfClosing) open.push(element);
      if (open.length > depthMax) throw new XmlError(`elements too deep in each other, at ${at}`);
    }
    const parent = open.at(-1);
    if (!parent) throw new XmlError(`an element ends that did not begin, at ${at}`);
    parent.text += unescaped(after, at);
  }
  const [root, ...others] = document.children;
  if (open.length > 1) throw new XmlError("the text ends within an element");
  if (!root || others.length > 0) throw new XmlError("not one element");
  if (document.text.trim() !== "") throw new XmlError("text outside of all elements");
  return root;
}

export function child(element: Element, name: string): Element | undefined {
  const found = element.children.filter((it) => it.name === name);
  if (found.length > 1) throw new XmlError(`more than one ${name}`);
  return found[0];
}

const named = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescaped(text: string, at: number): string {
  return text.replace(/&([^&;]*;?)/g, (_, reference: string) => {
    const [, decimal, hexadecimal] = /^#(?:(\d{1,7})|x([\da-fA-F]{1,6}));$/.exec(reference) ?? [];
    const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal ?? "", 16);
    const character = Number.isNaN(code)
      ? reference.endsWith(";") && named.get(reference.slice(0, -1))
      : code > 0 && code <= 0x10ffff && String.fromCodePoint(code);
    if (!character) throw new XmlError(`an entity that is none, after ${at}`);
    return character;
  });
}
