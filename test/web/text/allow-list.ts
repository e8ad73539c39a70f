/**
 * What may stand in a page, written anew here and judged with workerd's own parser (lol-html), so that neither the
 * sanitiser's lists nor its parser judge themselves.
 */
const attributesOf: Record<string, string[]> = {
  ...{ a: ["href", "rel", "id", "title"], img: ["src", "alt", "title", "width", "height"] },
  ...{ th: ["align", "colspan", "rowspan"], td: ["align", "colspan", "rowspan"] },
  ...{ p: ["align"], div: ["align"], ol: ["start"], details: ["open"], abbr: ["title"] },
  ...{ span: ["class"], h3: ["id", "align"], h4: ["id", "align"] },
  ...{ h5: ["id", "align"], h6: ["id", "align"] },
};

const elements = new Set(
  `a abbr b blockquote br caption cite code dd del details div dl dt em figcaption figure h3 h4 h5
   h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td
   tfoot th thead tr u ul var`.split(/\s+/),
);

/** @returns what is wrong with it, nothing if it may be shown. */
export async function offences(html: string): Promise<string[]> {
  const found: string[] = [];
  const walked = new HTMLRewriter().on("*", {
    element({ tagName, attributes }) {
      if (!elements.has(tagName)) found.push(`<${tagName}>`);
      for (const [name = "", value = ""] of attributes) {
        if (!isFine(tagName, name, value)) found.push(`<${tagName} ${name}="${value}">`);
      }
    },
    comments() {
      found.push("a comment");
    },
  });
  await walked.transform(new Response(html)).text();
  if (/\0|<[!?]/.test(html)) found.push("NUL or a declaration");
  return found;
}

function isFine(tagName: string, name: string, value: string): boolean {
  if (!attributesOf[tagName]?.includes(name)) return false;
  switch (name) {
    case "href":
      return /^(https?:\/\/[^\s<>\\]+|mailto:\S+|#readme-\S+|\/files\/\S*)$/.test(decoded(value));
    case "src":
      return /^\/pictures\/[^\s<>\\]+$/.test(value);
    case "id":
      return value.startsWith("readme-");
    case "class":
      return /^(hljs-[a-z_-]+|unseen)( (hljs-)?[a-z_-]+)*$/.test(value);
    case "align":
      return /^(left|center|right)$/.test(value);
    case "rel":
      return value === "nofollow noopener noreferrer";
    case "title":
    case "alt":
    case "open":
      return true;
    default:
      return /^\d{1,4}(px|%)?$/.test(value);
  }
}

/** lol-html hands attributes over as they are written. */
function decoded(value: string): string {
  return value.replaceAll("&amp;", "&").replaceAll("&quot;", '"');
}
