/** Shortens HTML of ours to what a page has room for. */

const blocks = new Set([
  ...["p", "pre", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "div", "details", "figure"],
  ...["table", "tr", "h1", "h2", "h3", "h4", "h5", "h6"],
]);
const voids = new Set(["br", "hr", "img"]);

const encoder = new TextEncoder();

/**
 * Cuts after the last whole block that fits, and closes what is open there.
 * @param html must be balanced, with `>` escaped in attributes, as the sanitiser writes it.
 */
export function cutHtml(html: string, bytesMax: number): { html: string; isCut: boolean } {
  // What fits, in characters: never half of one.
  const { read } = encoder.encodeInto(html, new Uint8Array(bytesMax));
  if (read === html.length) return { html, isCut: false };
  const cut = boundaries(html.slice(0, read)).findLast(
    ({ at, closing }) => encoder.encode(html.slice(0, at) + closing).length <= bytesMax,
  );
  return { html: cut ? html.slice(0, cut.at) + cut.closing : "", isCut: true };
}

/** Every end of a block, and of a line of code, with the end tags of what is open there. */
function boundaries(html: string): { at: number; closing: string }[] {
  const open: string[] = [];
  const found: { at: number; closing: string }[] = [];
  const keep = (at: number) => {
    const closing = open.toReversed().map((name) => `</${name}>`);
    found.push({ at, closing: closing.join("") });
  };
  for (const { 0: tag, 1: slash, 2: name, index } of html.matchAll(/<(\/?)(\w+)[^>]*>|\n/g)) {
    const end = index + tag.length;
    if (name === undefined) {
      if (open.includes("pre")) keep(end);
    } else if (slash === "") {
      if (!voids.has(name)) open.push(name);
    } else {
      open.pop();
      if (blocks.has(name)) keep(end);
    }
  }
  return found;
}
