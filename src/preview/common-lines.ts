/** Takes off the lines that two texts have in common at both ends, but for some around the difference. */
export function trimCommonLines(left: string, right: string, linesKept: number) {
  const from = linesBack(left, commonPrefixLength(left, right), linesKept);
  const common = commonSuffixLength(left, right, from);
  const leftEnd = linesOn(left, left.length - common, linesKept);
  return {
    left: left.slice(from, leftEnd),
    right: right.slice(from, right.length - (left.length - leftEnd)),
    /** How many were taken off in front. */
    linesBefore: left.slice(0, from).split("\n").length - 1,
    /** The first of those that were taken off at the end. */
    behind: left.slice(leftEnd, linesOn(left, leftEnd, linesKept - 1)),
  };
}

function commonPrefixLength(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  return at;
}

/** Of what is behind `from`, so that no line is taken off twice. */
function commonSuffixLength(left: string, right: string, from: number): number {
  const length = Math.min(left.length, right.length) - from;
  let common = 0;
  while (
    common < length &&
    left.charCodeAt(left.length - 1 - common) === right.charCodeAt(right.length - 1 - common)
  ) {
    common++;
  }
  return common;
}

/** The beginning of the line that holds `at`, and then so many lines further up. */
function linesBack(text: string, at: number, lines: number): number {
  let start = lineStart(text, at);
  for (let left = lines; left > 0 && start > 0; left--) start = lineStart(text, start - 1);
  return start;
}

function lineStart(text: string, at: number): number {
  // From -1 on, lastIndexOf would look at 0.
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** The end of the line that holds `at`, and then so many lines further down. */
function linesOn(text: string, at: number, lines: number): number {
  let end = at;
  for (let left = lines + 1; left > 0 && end < text.length; left--) {
    const newline = text.indexOf("\n", end);
    end = newline < 0 ? text.length : newline + 1;
  }
  return end;
}
