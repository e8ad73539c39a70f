/** Lines that were added and removed, with their numbers on both sides. */

import { Visible } from "../files/visible.tsx";
import type { DiffRow } from "./file-difference.ts";

const signs = { same: " ", added: "+", removed: "-" };

export function DiffTable({ rows, label }: { rows: readonly DiffRow[]; label: string }) {
  return (
    <section class="code-box" aria-label={label} tabindex={0}>
      <table class="diff">
        <thead class="hidden">
          <tr>
            <th scope="col">Line before</th>
            <th scope="col">Line after</th>
            <th scope="col">Text</th>
          </tr>
        </thead>
        {hunksOf(rows).map(({ hunk, rows }) => (
          <tbody>
            <tr>
              <th colspan={3} scope="rowgroup">
                {hunk}
              </th>
            </tr>
            {rows.map((row) => (
              <Row row={row} />
            ))}
          </tbody>
        ))}
      </table>
    </section>
  );
}

function Row({ row }: { row: DiffRow }) {
  return (
    <tr class={row.kind === "same" ? undefined : row.kind}>
      <td>{row.left}</td>
      <td>{row.right}</td>
      <td>
        {signs[row.kind]}
        <Visible line={row.line} />
        {row.isReturned ? (
          <span class="hidden-char" title="ends with a carriage return">
            CR
          </span>
        ) : null}
        {row.hasNewline ? null : <span class="cut">no newline at the end</span>}
      </td>
    </tr>
  );
}

/** A part of a difference may begin in the middle of one. */
function hunksOf(rows: readonly DiffRow[]): { hunk: string; rows: DiffRow[] }[] {
  const hunks: { hunk: string; rows: DiffRow[] }[] = [];
  for (const row of rows) {
    const last = hunks.at(-1);
    if (last?.hunk === row.hunk) last.rows.push(row);
    else hunks.push({ hunk: row.hunk, rows: [row] });
  }
  return hunks;
}
