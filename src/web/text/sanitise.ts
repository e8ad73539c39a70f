/**
 * The one gate for HTML of packages: what is not on these lists does not pass, whether Markdown made it or an author
 * wrote it. sanitize-html parses and writes anew, so that what passes is balanced, quoted and escaped.
 */
import sanitizeHtml from "sanitize-html";
import { idOf, targetOf } from "./links.ts";

export type LinkOptions = {
  /** Where the text lies in the release: addresses in it are relative to that. */
  path: string;
  /** The address of a file of the release; undefined where there is none. */
  linkOf: (path: string) => string | undefined;
  /** The same for a picture, whose address must be on this site. */
  pictureOf: (path: string) => string | undefined;
  /** The page has headings of its own above these. */
  headingOffset: number;
};

type Attributes = Record<string, string>;
type Tag = { tagName: string; attribs: Attributes; text?: string };

/** Their text is code, or not meant to be read. Of other unknown elements the text stays. */
const droppedWithText = [
  ...["script", "style", "template", "title", "textarea", "option", "xmp", "iframe", "svg", "math"],
  ...["noscript", "noembed", "noframes"],
];

const allowedTags = [
  ...["p", "div", "span", "br", "hr", "blockquote", "pre", "code", "details", "summary"],
  ...[
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "figure",
    "figcaption",
  ],
  ...["table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"],
  ...["a", "img", "em", "strong", "b", "i", "u", "s", "del", "ins", "mark", "small", "sub", "sup"],
  ...["kbd", "samp", "var", "abbr", "cite", "q"],
];

const headings = ["h1", "h2", "h3", "h4", "h5", "h6"];
const aligned = ["p", "div", "th", "td", ...headings];

const allowedAttributes = {
  ...Object.fromEntries(aligned.map((name) => [name, ["align"]])),
  ...Object.fromEntries(headings.map((name) => [name, ["align", "id"]])),
  ...{ th: ["align", "colspan", "rowspan"], td: ["align", "colspan", "rowspan"] },
  ...{ a: ["href", "id", "rel", "title"], img: ["src", "alt", "title", "width", "height"] },
  ...{ ol: ["start"], details: ["open"], abbr: ["title"] },
};

export function sanitise(html: string, options: LinkOptions): string {
  let linksOpen = 0;
  return sanitizeHtml(html, {
    ...{ allowedTags, allowedAttributes, nonTextTags: droppedWithText },
    // Deeper elements go, their text stays: 40 is more than anybody writes, and browsers have limits too.
    ...{ disallowedTagsMode: "discard", nestingLimit: 40, parseStyleAttributes: false },
    ...{ allowedSchemes: ["http", "https", "mailto"], allowProtocolRelative: false },
    allowedClasses: { span: [/^hljs-[a-z_-]+$/, "unseen"] },
    onOpenTag: (name) => {
      if (name === "a") linksOpen += 1;
    },
    onCloseTag: (name) => {
      if (name === "a") linksOpen -= 1;
    },
    transformTags: {
      ...Object.fromEntries(headings.map((name) => [name, moveHeading(options.headingOffset)])),
      ...{ th: alignCell, td: alignCell, center: () => plain("div", { align: "center" }) },
      a: (_, attributes) => (linksOpen > 1 ? plain("span") : link(attributes, options)),
      img: (_, attributes) => picture(attributes, options, linksOpen > 0),
      "*": (tagName, attributes) => ({ tagName, attribs: withSafeValues(attributes) }),
    },
  });
}

function moveHeading(offset: number) {
  return (name: string, { id, align }: Attributes): Tag => {
    const level = Math.min(6, Number(name.slice(1)) + offset);
    return plain(`h${level}`, { ...(align ? { align } : {}), ...(id ? { id: idOf(id) } : {}) });
  };
}

function link({ href, title, id, name }: Attributes, options: LinkOptions): Tag {
  const to = href === undefined ? undefined : addressOf(href, options);
  // Anchors of old: <a name="usage"></a>
  const anchor = id ?? name;
  if (to === undefined && !anchor) return plain("span");
  return plain("a", {
    ...to,
    ...(title ? { title } : {}),
    ...(anchor ? { id: idOf(anchor) } : {}),
  });
}

function addressOf(address: string, options: LinkOptions): Attributes | undefined {
  const target = targetOf(address, options.path);
  switch (target?.kind) {
    case undefined:
      return undefined;
    case "fragment":
      return { href: `#${encodeURIComponent(idOf(target.id))}` };
    case "outside":
      return { href: target.address, rel: "nofollow noopener noreferrer" };
    case "file": {
      const href = options.linkOf(target.path);
      return href === undefined ? undefined : { href };
    }
  }
}

/** Pictures from elsewhere are not shown, as pages ask nobody else for anything: a link, or their words. */
function picture(attributes: Attributes, options: LinkOptions, isInLink: boolean): Tag {
  const { src = "", alt = "", title, width, height } = attributes;
  const target = targetOf(src, options.path);
  const shown = target?.kind === "file" ? options.pictureOf(target.path) : undefined;
  if (shown !== undefined) {
    const size = { ...(width ? { width } : {}), ...(height ? { height } : {}) };
    return plain("img", { src: shown, alt, ...(title ? { title } : {}), ...size });
  }
  if (target?.kind !== "outside" || isInLink || alt === "") return { ...plain("span"), text: alt };
  return { ...plain("a", { ...addressOf(src, options) }), text: alt };
}

/** Markdown's tables say it with `style`, which does not pass. */
function alignCell(tagName: string, { style, ...attributes }: Attributes): Tag {
  const align = /^text-align:(\w+)$/.exec(style ?? "")?.[1];
  return plain(tagName, align === undefined ? attributes : { ...attributes, align });
}

function withSafeValues(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => {
      if (name === "align") return /^(left|center|right)$/.test(value);
      if (["width", "height"].includes(name)) return /^\d{1,4}(px|%)?$/.test(value);
      if (["start", "colspan", "rowspan"].includes(name)) return /^\d{1,3}$/.test(value);
      return true;
    }),
  );
}

function plain(tagName: string, attribs: Attributes = {}): Tag {
  return { tagName, attribs };
}
