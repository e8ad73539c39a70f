/** How things look in the API: server.md 1.4 and 1.5. Pure. */
import type { Json, JsonObject } from "../hex/erlang/term.ts";
import { latestVersion, parseVersion } from "../hex/version.ts";
import type { PackageRecord, ReleaseRecord } from "../repository/types.ts";

/** Where clients reach us. */
export interface Urls {
  /** `https://host` */
  origin: string;
}

export const apiUrl = ({ origin }: Urls, repository: string) => `${origin}/api/repos/${repository}`;
export const repositoryUrl = ({ origin }: Urls, repository: string) =>
  `${origin}/repos/${repository}`;
export const packageUrl = (urls: Urls, repository: string, name: string) =>
  `${apiUrl(urls, repository)}/packages/${name}`;
export const releaseUrl = (urls: Urls, repository: string, name: string, version: string) =>
  `${packageUrl(urls, repository, name)}/releases/${version}`;
export const docsPageUrl = ({ origin }: Urls, repository: string, name: string, version?: string) =>
  `${origin}/docs/${repository}/${name}/${version === undefined ? "" : `${version}/`}`;
export const docsTarballUrl = (urls: Urls, repository: string, name: string, version: string) =>
  `${repositoryUrl(urls, repository)}/docs/${name}-${version}.tar.gz`;

/** Pages for people. */
export const packagePageUrl = ({ origin }: Urls, repository: string, name: string) =>
  `${origin}/packages/${repository}/${name}`;
export const releasePageUrl = (urls: Urls, repository: string, name: string, version: string) =>
  `${packagePageUrl(urls, repository, name)}/${version}`;

export function packageView(urls: Urls, record: PackageRecord): JsonObject {
  const { repository, name, meta, releases } = record;
  const versions = releases.map((release) => release.version);
  const hasPages = releases.some((release) => release.hasPages);
  return {
    repository,
    name,
    inserted_at: record.insertedAt,
    updated_at: record.updatedAt,
    url: packageUrl(urls, repository, name),
    html_url: packagePageUrl(urls, repository, name),
    docs_html_url: hasPages ? docsPageUrl(urls, repository, name) : null,
    latest_version: latestVersion(versions) ?? null,
    latest_stable_version: latestVersion(versions, { stableOnly: true }) ?? null,
    configs: configs(record),
    meta: {
      description: meta.description,
      licenses: meta.licenses,
      links: meta.links,
      maintainers: meta.maintainers,
    },
    releases: releases.map((release) => ({
      version: release.version,
      url: releaseUrl(urls, repository, name, release.version),
      has_docs: release.hasDocs,
      inserted_at: release.insertedAt,
    })),
    retirements: Object.fromEntries(
      releases.flatMap(({ version, retirement }) =>
        retirement ? [[version, { ...retirement }]] : [],
      ),
    ),
    downloads: { ...record.downloads },
    // Without e-mail, which is not for everybody; `…/owners` tells those who may know.
    owners: record.owners.map(({ username, level }) => ({
      ...{ username, level, email: null },
      url: `${urls.origin}/api/users/${username}`,
    })),
  };
}

export function releaseView(
  urls: Urls,
  repository: string,
  name: string,
  release: ReleaseRecord,
): JsonObject {
  const { version, retirement } = release;
  return {
    version,
    checksum: release.outerChecksum,
    has_docs: release.hasDocs,
    inserted_at: release.insertedAt,
    updated_at: release.updatedAt,
    // The key is always there: mix crashes without it.
    retirement: retirement && { ...retirement },
    package_url: packageUrl(urls, repository, name),
    url: releaseUrl(urls, repository, name, version),
    html_url: releasePageUrl(urls, repository, name, version),
    docs_html_url: release.hasPages ? docsPageUrl(urls, repository, name, version) : null,
    requirements: Object.fromEntries(
      release.requirements.map(({ package: dependency, app, requirement, optional }) => [
        dependency,
        { app, requirement, optional },
      ]),
    ),
    configs: configsFor(repository, name, release),
    meta: { app: release.app, build_tools: release.buildTools, elixir: release.elixir },
    downloads: release.downloads,
    publisher: {
      username: release.publisher,
      url: `${urls.origin}/api/users/${release.publisher}`,
    },
  };
}

function configs(record: PackageRecord): Json {
  const versions = record.releases.map((release) => release.version);
  const newest = latestVersion(versions, { stableOnly: true }) ?? latestVersion(versions);
  const release = record.releases.find(({ version }) => version === newest);
  return release ? configsFor(record.repository, record.name, release) : {};
}

/**
 * What to paste to depend on the release.
 * @param repository as clients call it; null where it is the one that they have anyway.
 */
export function configsFor(
  repository: string | null,
  name: string,
  { version, app }: Pick<ReleaseRecord, "version" | "app">,
) {
  const sameApp = app === name;
  const where = repository === null ? "" : `, repo: "${repository}"`;
  const options = `${sameApp ? "" : `, hex: :${name}`}${where}`;
  return {
    "mix.exs": `{:${app}, "${mixRequirement(version)}"${options}}`,
    "rebar.config": sameApp ? `{${name}, "${version}"}` : `{${app}, "${version}", {pkg, ${name}}}`,
    "erlang.mk": `dep_${name} = hex ${version}`,
  };
}

function mixRequirement(version: string): string {
  const parsed = parseVersion(version);
  if (!parsed || parsed.pre.length > 0) return `~> ${version}`;
  const { major, minor, patch } = parsed;
  return major === 0 ? `~> ${major}.${minor}.${patch}` : `~> ${major}.${minor}`;
}
