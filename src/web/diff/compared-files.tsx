/** The files that differ between two versions, and below them what differs. */
import type { ComparedFile, Side } from "../../preview/compare.ts";
import { HiddenWarning } from "../files/hidden-warning.tsx";
import { Name, plainText } from "../files/visible.tsx";
import { sizeText } from "../parts.tsx";
import { diffPath } from "../paths.ts";
import { LinesChanged } from "./diff.tsx";
import { DiffTable } from "./diff-table.tsx";
import { shownText } from "./file-difference.ts";
import type { InlineDiff } from "./inline-diffs.ts";
import type { Compared } from "./versions-compared.ts";

interface Props {
  compared: Compared;
  files: readonly ComparedFile[];
  diffs: readonly InlineDiff[];
}

export function ComparedFiles({ compared, files, diffs }: Props) {
  const { left, right } = compared;
  const numbers = new Map(diffs.map(({ path }, at) => [path, at + 1]));
  return (
    <div class="scroll">
      <table class="files">
        <caption class="hidden">Files that differ</caption>
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {files.map((file) => {
            const number = numbers.get(file.path);
            const href =
              number === undefined
                ? diffPath(right, left.version, right.version, file.path)
                : `#diff-${number}`;
            return (
              <tr>
                <td>
                  <a href={href}>
                    <Name>{file.path}</Name>
                  </a>
                </td>
                <td class={`is-${file.status}`}>{file.status}</td>
                <td class="number">{sizes(file)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function sizes({ left, right }: ComparedFile): string {
  return [left, right].flatMap((side) => (side ? sizeOf(side) : [])).join(" → ");
}

function sizeOf(side: Side): string {
  return side.type === "symlink" ? "link" : sizeText(side.sizeBytes);
}

export function DiffsOfFiles({ compared, diffs }: Omit<Props, "files">) {
  const { left, right } = compared;
  return (
    <>
      {diffs.map(({ path, difference, rows }, at) => (
        <>
          <h2 id={`diff-${at + 1}`}>
            <a href={diffPath(right, left.version, right.version, path)}>
              <Name>{path}</Name>
            </a>
          </h2>
          <HiddenWarning text={shownText(difference)} />
          <p class="count">
            <LinesChanged difference={difference} />
          </p>
          {rows.length === 0 ? (
            <p>The file is empty.</p>
          ) : (
            <DiffTable rows={rows} label={plainText(path, 200)} />
          )}
        </>
      ))}
    </>
  );
}
