/** docs_config.js: which versions there are, for the menu that ExDoc puts on every page. */
import { latestVersion } from "../../hex/version.ts";
import type { PackageRecord } from "../../repository/types.ts";
import { type DocsPlace, docsUrl } from "./place.ts";

/** The newest stable release with docs; the newest of all when none is stable. */
export function latestWithDocs(record: PackageRecord): string | undefined {
  const versions = record.releases.filter((it) => it.hasPages).map(({ version }) => version);
  return latestVersion(versions, { stableOnly: true }) ?? latestVersion(versions);
}

/** As ExDoc reads it, newest first; addresses keep the pass of whoever is reading. */
export function docsConfig(origin: string, place: DocsPlace, record: PackageRecord): string {
  const latest = latestWithDocs(record);
  const nodes = record.releases
    .filter((it) => it.hasPages)
    .map(({ version, retirement }) => ({
      version: `v${version}`,
      url: docsUrl(origin, { ...place, version, path: "" }).replace(/\/$/, ""),
      ...(version === latest ? { latest: true } : {}),
      ...(retirement ? { retired: true } : {}),
    }));
  return `var versionNodes = ${JSON.stringify(nodes)};\n`;
}
