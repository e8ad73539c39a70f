/** `GET /packages/REPOSITORY/NAME/diff/A..B/PATH`: what differs in one file. */
import type { Context } from "hono";
import type { App } from "../../http/app-type.ts";
import type { FileDiff } from "../../preview/diff.ts";
import { type FileText, readFile } from "../../preview/read.ts";
import { Parts } from "../files/files.tsx";
import { HiddenWarning } from "../files/hidden-warning.tsx";
import { askedNumber, contentBytesMax, pickPart } from "../files/page-parts.ts";
import { fileNotFound, notOpened, pathInRelease } from "../files/shown-release.ts";
import { Name, plainText } from "../files/visible.tsx";
import { bytesOfWhere } from "../files/where.tsx";
import { refusePage, renderPage } from "../page.tsx";
import { countText, withQuery } from "../parts.tsx";
import { diffPath, filePath, packagePath, rawPath } from "../paths.ts";
import { DiffTable } from "./diff-table.tsx";
import { differenceOf, rowsOf, shownText, stepsMax } from "./file-difference.ts";
import { type Compared, comparedReleases, withBoth } from "./versions-compared.ts";

/** Each line of both is held several times over while they are compared. */
const readLimits = { bytesMax: 256 * 1024 };

type Sides = { left: FileText | undefined; right: FileText | undefined };

export async function showDiff(c: Context<App>): Promise<Response> {
  const compared = await comparedReleases(c);
  if ("refused" in compared) return refusePage(c, compared.refused);
  const { left: from, right: to } = compared;
  const path = pathInRelease(c);
  if (path === undefined) return refusePage(c, fileNotFound(to));
  const sides = await withBoth(c, compared, async (left, right) => {
    const before = await readFile(left, path, readLimits);
    if (before && "damaged" in before) return { refused: notOpened(c, from, before) };
    const after = await readFile(right, path, readLimits);
    if (after && "damaged" in after) return { refused: notOpened(c, to, after) };
    return { left: before, right: after };
  });
  if ("refused" in sides) return refusePage(c, sides.refused);
  if (!sides.left && !sides.right) return refusePage(c, fileNotFound(to, path));
  const title = `${plainText(path, 100)} · ${to.name} ${from.version} → ${to.version}`;
  const difference = differenceOf(sides.left, sides.right, stepsMax.ofOne);
  return renderPage(
    c,
    200,
    title,
    <>
      <Heading compared={compared} path={path} sides={sides} />
      {"why" in difference ? (
        <p>{difference.why}</p>
      ) : (
        <DiffPart
          compared={compared}
          path={path}
          difference={difference}
          number={askedNumber(c.req.query("part"))}
        />
      )}
    </>,
  );
}

function Heading({ compared, path, sides }: { compared: Compared; path: string; sides: Sides }) {
  const { left, right } = compared;
  const status = !sides.left ? "Added in" : sides.right ? "Changed in" : "Removed in";
  return (
    <>
      <p class="path">
        <a href={`/repositories/${right.repository}`}>{right.repository}</a> /{" "}
        <a href={packagePath(right)}>{right.name}</a> /{" "}
        <a href={diffPath(right, left.version, right.version)}>
          {left.version} → {right.version}
        </a>
      </p>
      <h1>
        <Name>{path}</Name>
      </h1>
      <p class="count">
        {status} {right.version}
        {sides.left ? <SideLinks place={left} path={path} /> : null}
        {sides.right ? <SideLinks place={right} path={path} /> : null}
      </p>
    </>
  );
}

function SideLinks({ place, path }: { place: Compared["left"]; path: string }) {
  return (
    <>
      {` · ${place.version}: `}
      <a href={filePath(place, path)}>view</a>,{" "}
      <a href={rawPath(place, path)} download>
        download
      </a>
    </>
  );
}

function DiffPart(props: {
  compared: Compared;
  path: string;
  difference: FileDiff;
  number: number;
}) {
  const { compared, path, difference, number } = props;
  const { left, right } = compared;
  if (difference.hunks.length === 0) return <p>The text is the same in both.</p>;
  const bytesMax = contentBytesMax - bytesOfWhere(right, path);
  const part = pickPart(rowsOf(difference), { part: number }, bytesMax);
  const here = diffPath(right, left.version, right.version, path);
  return (
    <>
      <HiddenWarning text={shownText(difference)} />
      <p class="count">
        <LinesChanged difference={difference} />
      </p>
      <DiffTable rows={part.items} label="What differs" />
      <Parts part={part} hrefOf={(page) => withQuery(here, { part: page })} />
    </>
  );
}

export function LinesChanged(props: { difference: FileDiff }) {
  const { linesAdded, linesRemoved } = props.difference;
  return (
    <>
      {countText(linesAdded, "line")} added, {linesRemoved.toLocaleString("en")} removed
    </>
  );
}
