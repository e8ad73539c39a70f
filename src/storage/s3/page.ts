/** A page of a list: the answer to ListObjectsV2. */
import { child, parseXml, XmlError } from "./xml.ts";

export interface Page {
  keys: string[];
  /** With which the next page is asked for; undefined when this is the last. */
  next: string | undefined;
}

/** @throws XmlError when it is no list, or one with an end that is none. */
export function readPage(body: string): Page {
  const root = parseXml(body);
  if (root.name !== "ListBucketResult") throw new XmlError(`a ${root.name} is no list`);
  const keys = root.children
    .filter(({ name }) => name === "Contents")
    .map((object) => {
      const key = child(object, "Key")?.text;
      if (!key) throw new XmlError("an object without a key");
      return key;
    });
  const truncated = child(root, "IsTruncated")?.text;
  const next = child(root, "NextContinuationToken")?.text;
  // To take half a list for all of it would lose files.
  if (truncated === "false") return { keys, next: undefined };
  if (truncated === "true" && next) return { keys, next };
  throw new XmlError("a list that does not say whether it is all");
}
