/** `GET /packages/REPOSITORY/NAME/diff` and `…/diff/A..B`: which files differ between two versions, and how. */
import type { Context } from "hono";
import type { App } from "../../http/app-type.ts";
import { type ComparedFile, compareReleases } from "../../preview/compare.ts";
import { Parts } from "../files/files.tsx";
import { askedNumber, pickPart } from "../files/page-parts.ts";
import { fetchablePackage, notOpened } from "../files/shown-release.ts";
import { refusePage, renderPage } from "../page.tsx";
import { countText, Empty, withQuery } from "../parts.tsx";
import { diffPath, packagePath } from "../paths.ts";
import { ComparedFiles, DiffsOfFiles } from "./compared-files.tsx";
import { inlineDiffs, type ListedFile, listedFiles } from "./inline-diffs.ts";
import { type Compared, comparedReleases, withBoth } from "./versions-compared.ts";

/** Of the list of files, which leaves the larger part of a page for what differs in them. */
const listBytesMax = 9_000;
/** A long list of versions would fill the page; each has an address all the same. */
const versionsOfferedMax = 60;

/** Leads the form's choice, or without one the latest two versions, to the page about them. */
export async function chooseDiff(c: Context<App>): Promise<Response> {
  const shown = await fetchablePackage(c);
  if ("refused" in shown) return refusePage(c, shown.refused);
  const [latest, before] = shown.releases.map(({ version }) => version);
  const from = c.req.query("from") ?? before;
  const to = c.req.query("to") ?? latest;
  if (from === undefined || to === undefined) {
    return renderPage(
      c,
      200,
      `Compare versions of ${shown.name}`,
      <Empty title="Nothing to compare">
        <p>
          <a href={packagePath(shown)}>{shown.name}</a> has only one version.
        </p>
      </Empty>,
    );
  }
  for (const version of [from, to]) {
    if (shown.releases.some((release) => release.version === version)) continue;
    return refusePage(c, { reason: "release_not_found", package: shown.name, version });
  }
  return c.redirect(diffPath(shown, from, to), 303);
}

export async function compareVersions(c: Context<App>): Promise<Response> {
  const compared = await comparedReleases(c);
  if ("refused" in compared) return refusePage(c, compared.refused);
  const { left, right } = compared;
  const page = await withBoth(c, compared, async (before, after) => {
    const files = await compareReleases(before, after);
    if ("damaged" in files) return { refused: notOpened(c, right, files) };
    const changed = files.filter(({ status }) => status !== "same");
    const wanted = { part: askedNumber(c.req.query("page")) };
    const part = pickPart(listedFiles(right, changed), wanted, listBytesMax);
    const diffs = await inlineDiffs(before, after, part.items);
    return "damaged" in diffs ? { refused: notOpened(c, right, diffs) } : { changed, part, diffs };
  });
  if ("refused" in page) return refusePage(c, page.refused);
  const { changed, part, diffs } = page;
  const here = diffPath(right, left.version, right.version);
  return renderPage(
    c,
    200,
    `${right.name} ${left.version} → ${right.version}`,
    <>
      <Heading compared={compared} />
      {changed.length === 0 ? (
        <p>All files are the same in both.</p>
      ) : (
        <>
          <p class="count">{statusCounts(changed)}</p>
          <ComparedFiles
            compared={compared}
            files={part.items.map(({ file }: ListedFile) => file)}
            diffs={diffs}
          />
          <Parts part={part} hrefOf={(number) => withQuery(here, { page: number })} />
          <DiffsOfFiles compared={compared} diffs={diffs} />
        </>
      )}
    </>,
  );
}

function statusCounts(changed: readonly ComparedFile[]): string {
  const count = (status: ComparedFile["status"]) =>
    changed.filter((file) => file.status === status).length.toLocaleString("en");
  const files = countText(changed.length, "file");
  return `${files}: ${count("changed")} changed, ${count("added")} added, ${count("removed")} removed`;
}

function Heading({ compared }: { compared: Compared }) {
  const { shown, left, right } = compared;
  const versions = shown.releases.map(({ version }) => version);
  const offered = versions.filter(
    (version, at) =>
      at < versionsOfferedMax || version === left.version || version === right.version,
  );
  return (
    <>
      <p class="path">
        <a href={`/repositories/${right.repository}`}>{right.repository}</a> /{" "}
        <a href={packagePath(right)}>{right.name}</a>
      </p>
      <h1>
        <span class="version">{left.version} →</span> {right.version}
      </h1>
      <form class="inline compare" action={`${packagePath(right)}/diff`}>
        <label for="from">From</label>
        <VersionSelect id="from" versions={offered} selected={left.version} />
        <label for="to">to</label>
        <VersionSelect id="to" versions={offered} selected={right.version} />
        <button type="submit" class="small">
          Compare
        </button>
      </form>
    </>
  );
}

function VersionSelect(props: { id: string; versions: readonly string[]; selected: string }) {
  return (
    <select id={props.id} name={props.id}>
      {props.versions.map((version) => (
        <option selected={version === props.selected}>{version}</option>
      ))}
    </select>
  );
}
