/** What is too long for one page, cut into parts: always the same ones, so that a link stays right. */

/**
 * A page and the style sheet are less than 50 KB together: 18 for the sheet, 5 for the frame, the way to where
 * one is, and links to other parts; the rest is for what the page is about.
 */
export const contentBytesMax = 26_000;

export interface Part<T> {
  items: T[];
  /** From 1. */
  number: number;
  /** Which one the first item is, from 0. */
  first: number;
  /** How many parts there are. */
  count: number;
  /** Of all parts together. */
  itemCount: number;
  /** Which are the first items of the parts before and after. */
  previous: number | undefined;
  next: number | undefined;
}

/**
 * The part with that number, or with that item in it; behind the end it is the last. Items of all others are let go.
 * @param items with the bytes of HTML that each takes; one at least is in each part.
 */
export function pickPart<T extends { bytes: number }>(
  items: Iterable<T>,
  wanted: { part: number } | { item: number },
  bytesMax: number = contentBytesMax,
): Part<T> {
  let picked: Part<T> | undefined;
  let current: T[] = [];
  let [number, first, bytes, at] = [1, 0, 0, 0];
  let previous: number | undefined;
  const isWanted = () => ("part" in wanted ? wanted.part <= number : wanted.item < at);
  const close = () => ({ items: current, number, first, previous, next: undefined });
  for (const item of items) {
    if (current.length > 0 && bytes + item.bytes > bytesMax) {
      if (!picked && isWanted()) picked = { ...close(), next: at, count: 0, itemCount: 0 };
      [previous, number, first, bytes, current] = [first, number + 1, at, 0, []];
    }
    bytes += item.bytes;
    current.push(item);
    at++;
  }
  return { ...(picked ?? close()), count: number, itemCount: at };
}

/** A number out of a query, as far as it is one. */
export function askedNumber(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 1;
}
