/**
 * docs_config.js: which versions there are, for the menu that ExDoc puts on every page. It runs before ExDoc's own
 * scripts, whose sidebar does not come up where they may not store anything, so a sandbox gets a memory here.
 */
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
  return `var versionNodes = ${JSON.stringify(nodes)};\n${storage}`;
}

/** As much of Storage as ExDoc uses; until the page is left. */
const storage = `for (const name of ["localStorage", "sessionStorage"]) {
  try {
    window[name];
  } catch {
    const kept = new Map();
    const value = {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, text) => void kept.set(String(key), String(text)),
      removeItem: (key) => void kept.delete(String(key)),
      clear: () => kept.clear(),
      key: (at) => [...kept.keys()][at] ?? null,
      get length() { return kept.size; },
    };
    Object.defineProperty(window, name, { value });
  }
}
`;
