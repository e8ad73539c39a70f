/** Where the files of a repository are, below its folder or its URL. */
import { isPackageName } from "../hex/name.ts";
import { parseVersion } from "../hex/version.ts";

export interface ReleaseName {
  name: string;
  version: string;
}

/** What is being done, for whoever goes on after a crash; no client asks for it. */
export const journalPath = ".hexedge/building";
export const docsStatePath = ".hexedge/docs.json";

export const packagePath = (name: string) => `packages/${name}`;
export const tarballPath = ({ name, version }: ReleaseName) => `tarballs/${name}-${version}.tar`;
export const docsPath = ({ name, version }: ReleaseName) => `docs/${name}-${version}.tar.gz`;

/** A signed file may say anything; what is in a path must not lead out of the folder. */
export function isReleaseName({ name, version }: ReleaseName): boolean {
  return isPackageName(name) && parseVersion(version) !== undefined;
}

/** `NAME-VERSION` before `ending`. A package's name has no `-`, so there is one way to read it. */
export function parseFileName(file: string, ending: ".tar" | ".tar.gz"): ReleaseName | undefined {
  if (!file.endsWith(ending)) return undefined;
  const [, name = "", version = ""] = /^([^-]*)-(.*)$/s.exec(file.slice(0, -ending.length)) ?? [];
  return isReleaseName({ name, version }) ? { name, version } : undefined;
}

/** Byte order, as the specification wants it of names; they are ASCII. */
export function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : Number(one.name > other.name);
}
