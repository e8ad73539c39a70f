/** Packages that depend on each other in every way that build has to write down. */
import { packageTarball, type Requirement } from "../support/tarball.ts";

const versions = ["0.9.0-rc.1", "0.9.0", "1.0.0", "1.2.0", "1.10.0"];

export interface MadeTarball {
  file: string;
  bytes: Uint8Array;
  modifiedSeconds: number;
}

export async function makeTarballs(
  packages: number,
  releases: number,
  repository = "acme",
): Promise<MadeTarball[]> {
  const made: MadeTarball[] = [];
  for (let at = 0; at < packages; at++) {
    for (const [nth, version] of versions.slice(0, releases).entries()) {
      const name = `pack_${at}`;
      const [rebar3, requirements] = [at % 2 === 0, at > 2 ? requirementsOf(at, repository) : []];
      const bytes = await packageTarball({
        ...{ name, version, requirements, rebar3, salt: `${at} ${nth}` },
      });
      const modifiedSeconds = 1_700_000_000 + at * 10 + nth;
      made.push({ file: `${name}-${version}.tar`, bytes, modifiedSeconds });
    }
  }
  return made;
}

function requirementsOf(at: number, repository: string): Requirement[] {
  return [
    { name: `pack_${at - 1}`, requirement: "~> 0.9", repository },
    { name: "jason", requirement: "~> 1.4", repository: "hexpm", optional: true },
    { name: `pack_${at - 2}`, app: "another_app", requirement: ">= 0.0.0 and < 3.0.0" },
  ];
}
