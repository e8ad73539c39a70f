// Asks real Erlang what it makes of our terms, hundreds at once because its start is what takes time.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { encodeTerm } from "../../../src/hex/erlang/encode.ts";
import type { Term } from "../../../src/hex/erlang/term.ts";
import { print } from "./random-terms.ts";
import { bytesOf } from "./vectors.ts";

export const erlangIsMissing = !(process.env.PATH ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "escript")));

/** What to add to the title of a test that needs Erlang. */
export const whySkipped = erlangIsMissing ? " (skipped: there is no escript on the PATH)" : "";

interface Judgement {
  text: string;
  /** Whether Erlang reads from our bytes what it reads from the text. */
  verdict: string;
  encodedByErlang: Uint8Array;
  printedByHexCore: Uint8Array;
}

export function judge(terms: readonly Term[]): Judgement[] {
  const folder = mkdtempSync(join(tmpdir(), "hexedge-judge-"));
  try {
    const texts = terms.map((term) => `${print(term)}.`);
    const lines = terms.map((term, at) => `${hex(texts[at] ?? "")} ${hex(encodeTerm(term))}\n`);
    writeFileSync(join(folder, "in"), lines.join(""));
    const script = join(import.meta.dirname, "judge.escript");
    execFileSync("escript", [script, join(folder, "in"), join(folder, "out")]);
    const answers = readFileSync(join(folder, "out"), "utf8").trimEnd().split("\n");
    return answers.map((answer, at) => {
      const [verdict = "", encoded = "", printed = ""] = answer.split(" ");
      return {
        text: texts[at] ?? "",
        verdict,
        encodedByErlang: bytesOf(encoded),
        printedByHexCore: bytesOf(printed),
      };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hex(data: string | Uint8Array): string {
  return Buffer.from(data).toString("hex");
}
