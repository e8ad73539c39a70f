/** The parts of a package's page. */
import type { ShownPackage, ShownRelease } from "../../http/shown-package.ts";
import type { DependencyRecord, PublicationRecord } from "../../repository/types.ts";
import { Badge, countText, Day, Moment, sizeText } from "../parts.tsx";

/** What nobody should miss: a retired release, advisories, and that there is something newer. */
export function Warnings(props: {
  package: ShownPackage;
  release: ShownRelease;
  isLatest: boolean;
}) {
  const { release, isLatest } = props;
  const { retirement, advisories, version } = release;
  const path = `/packages/${props.package.repository}/${props.package.name}`;
  return (
    <>
      {retirement ? (
        <p class="warning" role="alert">
          <strong>Version {version} is retired</strong> ({retirement.reason})
          {retirement.message ? `: ${retirement.message}` : ""}
        </p>
      ) : null}
      {advisories.map((advisory) => (
        <p class="warning" role="alert">
          <strong>Security advisory</strong> <SafeLink url={advisory.url}>{advisory.id}</SafeLink>
          {advisory.severity ? ` (${advisory.severity})` : ""}: {advisory.summary}
        </p>
      ))}
      {isLatest ? null : (
        <p class="note">
          This is not the latest version. <a href={path}>See the latest</a>
        </p>
      )}
    </>
  );
}

export function Facts(props: {
  package: ShownPackage;
  release: ShownRelease;
  publication: PublicationRecord | undefined;
}) {
  const { release, publication } = props;
  const { meta, owners, downloads } = props.package;
  const links = Object.entries(meta?.links ?? {});
  return (
    <dl class="facts">
      {release.publishedAt ? (
        <>
          <dt>Published</dt>
          <dd>
            <Day at={release.publishedAt} />
            {release.publisher ? ` by ${release.publisher}` : ""}
            {publication ? (
              <span class="quiet">
                {" "}
                with {publication.credential}, <Moment at={publication.at} />
              </span>
            ) : null}
          </dd>
        </>
      ) : null}
      {meta && meta.licenses.length > 0 ? (
        <>
          <dt>Licence</dt>
          <dd>{meta.licenses.join(", ")}</dd>
        </>
      ) : null}
      {links.length > 0 ? (
        <>
          <dt>Links</dt>
          {links.map(([label, url]) => (
            <dd>
              <SafeLink url={url}>{label}</SafeLink>
            </dd>
          ))}
        </>
      ) : null}
      {owners.length > 0 ? (
        <>
          <dt>Owners</dt>
          <dd>{owners.map(({ username }) => username).join(", ")}</dd>
        </>
      ) : null}
      {release.buildTools.length > 0 ? (
        <>
          <dt>Build tools</dt>
          <dd>
            {release.buildTools.join(", ")}
            {release.elixir ? `, Elixir ${release.elixir}` : ""}
          </dd>
        </>
      ) : null}
      {release.sizeBytes === null ? null : (
        <>
          <dt>Size</dt>
          <dd>{sizeText(release.sizeBytes)}</dd>
        </>
      )}
      {downloads ? (
        <>
          <dt>Downloads</dt>
          <dd>
            {downloads.all.toLocaleString("en")} in all, {downloads.recent.toLocaleString("en")} in
            90 days
          </dd>
        </>
      ) : null}
      <dt>Checksum, SHA-256</dt>
      <dd>
        <code class="hash">{release.outerChecksum}</code>
      </dd>
      <dt>Inner checksum</dt>
      <dd>
        <code class="hash">{release.innerChecksum}</code>
      </dd>
    </dl>
  );
}

export function Dependencies(props: {
  repository: string;
  /** Where packages of another repository can be looked at: a mirror of it. */
  mirrorOf: (repository: string) => string | undefined;
  requirements: readonly DependencyRecord[];
}) {
  const { repository, mirrorOf, requirements } = props;
  return (
    <section>
      <h2>Dependencies</h2>
      {requirements.length === 0 ? <p class="quiet">None</p> : null}
      <ul class="bare">
        {requirements.map((it) => (
          <li>
            <DependencyLink
              dependency={it}
              within={it.repository === null ? repository : mirrorOf(it.repository)}
            />{" "}
            <code>{it.requirement || "any"}</code>
            {it.optional ? <span class="quiet"> optional</span> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Dependants({
  repository,
  names,
}: {
  repository: string;
  names: readonly string[];
}) {
  if (names.length === 0) return null;
  return (
    <section>
      <h2>Needed by</h2>
      <ul class="bare">
        {names.slice(0, dependantsMax).map((name) => (
          <li>
            <a href={`/packages/${repository}/${name}`}>{name}</a>
          </li>
        ))}
      </ul>
      {names.length > dependantsMax ? (
        <p class="quiet">and {countText(names.length - dependantsMax, "other")}</p>
      ) : null}
    </section>
  );
}

const dependantsMax = 20;
/** More are a click away, for the page to stay small. */
const versionsMax = 40;

export function Versions({ package: it, shown }: { package: ShownPackage; shown: string }) {
  const path = `/packages/${it.repository}/${it.name}`;
  return (
    <section id="versions">
      <h2>Versions</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Published</th>
            <th scope="col" class="number">
              Downloads
            </th>
            <th scope="col">
              <span class="hidden">Documentation</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {it.releases.slice(0, versionsMax).map((release) => (
            <tr aria-current={release.version === shown ? "true" : undefined}>
              <td>
                <a href={`${path}/${release.version}`}>{release.version}</a>{" "}
                {release.retirement ? <Badge kind="bad">retired</Badge> : null}{" "}
                {release.advisories.length > 0 ? <Badge kind="bad">advisory</Badge> : null}
              </td>
              <td>{release.publishedAt ? <Day at={release.publishedAt} /> : "–"}</td>
              <td class="number">{release.downloads?.toLocaleString("en") ?? "–"}</td>
              <td>
                {release.hasPages ? (
                  <a href={`/docs/${it.repository}/${it.name}/${release.version}/`}>docs</a>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {it.releases.length > versionsMax ? (
        <p class="quiet">
          and {countText(it.releases.length - versionsMax, "older version")}:{" "}
          <code>mix hex.info {it.name}</code> lists all
        </p>
      ) : null}
    </section>
  );
}

/** @param within the repository that has a page of it, if one has. */
function DependencyLink(props: { dependency: DependencyRecord; within: string | undefined }) {
  const { dependency, within } = props;
  const { package: name, repository } = dependency;
  const label = repository === null ? null : <span class="where">{repository}</span>;
  return within === undefined ? (
    <span>
      {name} {label}
    </span>
  ) : (
    <>
      <a href={`/packages/${within}/${name}`}>{name}</a> {label}
    </>
  );
}

/** A link that a package chose: only to where a browser may go without harm. */
export function SafeLink({ url, children }: { url: string; children: string }) {
  const isSafe = /^https?:\/\//i.test(url);
  return isSafe ? (
    <a href={url} rel="nofollow noopener noreferrer">
      {children}
    </a>
  ) : (
    <span>
      {children}: {url}
    </span>
  );
}
