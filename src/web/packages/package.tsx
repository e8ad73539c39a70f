/** `GET /packages/REPOSITORY/NAME`, and `…/VERSION`: everything there is to know about a package. */
import type { Context } from "hono";
import { latestVersion } from "../../hex/version.ts";
import type { App } from "../../http/app-type.ts";
import { repositoryOf } from "../../http/context.ts";
import {
  findShownPackage,
  type ShownPackage,
  type ShownRelease,
} from "../../http/shown-package.ts";
import type { PackageDetails } from "../../repository/types.ts";
import { refusePage, renderPage } from "../page.tsx";
import { Badge, countText } from "../parts.tsx";
import { readablePackage, readableRepository } from "../readable.ts";
import { DependencyHelp } from "../usage.tsx";
import { DownloadChart } from "./chart.tsx";
import { Dependants, Dependencies, Facts, Versions, Warnings } from "./package-parts.tsx";
import { Readme } from "./readme.tsx";
import { releaseTexts } from "./release-texts.ts";

export async function showPackagePage(c: Context<App>): Promise<Response> {
  const name = c.req.param("name") ?? "";
  const refused = await readablePackage(c, name, "read");
  if (refused) return refusePage(c, refused);
  const found = await findShownPackage(c, name);
  if ("refused" in found) return refusePage(c, found.refused);
  const asked = c.req.param("version");
  const release = findRelease(found, asked);
  if (!release) {
    return refusePage(c, { reason: "release_not_found", package: name, version: asked ?? "" });
  }
  const { kind, public: isPublic } = c.get("repository");
  const asking = kind === "hosted" ? repositoryOf(c).details(found.name) : nothing;
  const place = { repository: found.repository, name: found.name, version: release.version };
  // The README is a file of the release: for whoever may fetch it.
  const isFetched = !(await readablePackage(c, name, "fetch"));
  const texts = isFetched ? await releaseTexts(c, place, release.outerChecksum) : undefined;
  const details = await asking;
  // Of other packages a key for this one learns nothing.
  const dependants = (await readableRepository(c, "read")) ? [] : details.dependants;
  // What registry files do not say, the tarball does.
  const metadata = texts === "busy" ? null : (texts?.metadata ?? null);
  const shown = { ...found, meta: found.meta ?? metadata };
  const isLatest = release === findRelease(found, undefined);
  const path = `/packages/${shown.repository}/${shown.name}`;
  const isNobody = c.get("identity").actor.kind === "anonymous";
  return renderPage(
    c,
    200,
    `${shown.name} ${release.version}`,
    <>
      <p class="path">
        <a href={`/repositories/${shown.repository}`}>{shown.repository}</a> /
      </p>
      <h1>
        {shown.name} <span class="version">{release.version}</span>{" "}
        {isPublic ? null : <Badge kind="plain">private</Badge>}
      </h1>
      {shown.meta?.description ? <p class="lead">{shown.meta.description}</p> : null}
      <Warnings package={shown} release={release} isLatest={isLatest} />
      <div class="columns">
        <div class="wide">
          <nav class="tabs" aria-label="This release">
            {release.hasPages ? (
              <a href={`/docs/${shown.repository}/${shown.name}/${release.version}/`}>
                Documentation
              </a>
            ) : null}
            <a href={`${path}/${release.version}/files`}>Files</a>
            {shown.releases.length > 1 ? <a href={`${path}/diff`}>Compare versions</a> : null}
            <a href="#versions">{countText(shown.releases.length, "version")}</a>
          </nav>
          <DependencyHelp
            repository={kind === "mirror" ? null : shown.repository}
            isPublic={isPublic}
            name={shown.name}
            version={release.version}
            app={metadata?.app ?? release.app}
          />
          <Readme place={place} texts={texts} />
        </div>
        <aside>
          <Facts
            package={shown}
            release={release}
            publication={isNobody ? undefined : details.publications[release.version]}
          />
          <Dependencies
            repository={shown.repository}
            mirrorOf={(name) => mirrorOf(c, name)}
            requirements={release.requirements}
          />
          <Dependants repository={shown.repository} names={dependants} />
          <DownloadChart days={details.downloadsByDay} />
        </aside>
      </div>
      <Versions package={shown} shown={release.version} />
    </>,
    {
      isPublic,
      ...(shown.meta?.description ? { description: shown.meta.description } : {}),
      ...(kind === "hosted" ? { feed: `${path}/feed.atom` } : {}),
    },
  );
}

/** Of a mirrored package nobody here knows more than upstream says. */
const nothing: PackageDetails = { dependants: [], downloadsByDay: [], publications: {} };

/** A mirror of the repository that everybody may see, unless `only` leaves most of it out. */
function mirrorOf(c: Context<App>, repository: string): string | undefined {
  for (const it of c.get("config").repositories.values()) {
    const isMirror = it.kind === "mirror" && it.declaration.upstream_name === repository;
    if (isMirror && it.public && !it.declaration.only) return it.name;
  }
  return undefined;
}

/** @param version undefined for the latest stable one, or the latest when none is stable. */
function findRelease(
  { releases }: ShownPackage,
  version: string | undefined,
): ShownRelease | undefined {
  const versions = releases.map((release) => release.version);
  const wanted =
    version ?? latestVersion(versions, { stableOnly: true }) ?? latestVersion(versions);
  return releases.find((release) => release.version === wanted);
}
