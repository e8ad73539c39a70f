/**
 * Licences, which are in a package's tarball and nowhere else. They are remembered by the tarball's
 * checksum, so a release whose bytes were replaced is looked at again.
 */
import { sameBytes, sha256, toHex } from "../../hex/checksum.ts";
import { type Term, Tuple } from "../../hex/erlang/term.ts";
import type { PackageResource, ReleaseResource } from "../../hex/registry.ts";
import { unpackTarball } from "../../hex/tarball.ts";
import { verdictsOf } from "../rules.ts";
import type { World } from "../world.ts";
import type { Curation } from "./types.ts";

/** Tarballs that one question about a package may fetch; the next one goes on. */
const learnedAtOnceMax = 10;
/** Each may have 16 MiB, the isolate has 128. */
const fetchedAtOnceMax = 2;

/** Whether licences that decide are still unknown, and whether there is any progress. */
export type Unknown = "none" | "some" | "failing";

type Licenses = readonly string[] | null | undefined;

/** What is known of a package's releases: undefined when nobody has looked. */
export function knownLicenses(
  world: Pick<World, "sql">,
  { releases }: PackageResource,
): (version: string) => Licenses {
  const byVersion = new Map(releases.map((release) => [release.version, release.outerChecksum]));
  return (version) => {
    const checksum = byVersion.get(version);
    return checksum && licensesOf(world, toHex(checksum));
  };
}

/** Looks into the newest of those tarballs whose licences decide. */
export async function learnLicenses(
  curation: Curation,
  resource: PackageResource,
): Promise<Unknown> {
  const { world, rules, failed } = curation;
  if (!rules.licenses) return "none";
  const licenses = knownLicenses(world, resource);
  const verdicts = verdictsOf(resource, rules, { now: world.now(), licenses });
  const unknown = resource.releases.filter(({ version, outerChecksum }, at) => {
    return outerChecksum && verdicts[at]?.rule === "license" && licenses(version) === undefined;
  });
  const hasFailed = ({ outerChecksum }: ReleaseResource) =>
    outerChecksum && failed.has(toHex(outerChecksum)) ? 1 : 0;
  const wanted = unknown.toReversed().toSorted((a, b) => hasFailed(a) - hasFailed(b));
  const chosen = wanted.slice(0, learnedAtOnceMax);
  let learned = 0;
  for (let at = 0; at < chosen.length; at += fetchedAtOnceMax) {
    const batch = chosen.slice(at, at + fetchedAtOnceMax);
    const done = await Promise.all(batch.map((it) => learn(curation, resource.name, it)));
    learned += done.filter((isLearned) => isLearned).length;
    // One more would wait as long for the same answer.
    if (!done.includes(true)) break;
  }
  if (learned === unknown.length) return "none";
  return learned > 0 ? "some" : "failing";
}

async function learn(
  { world, failed, hold }: Curation,
  name: string,
  { version, outerChecksum }: ReleaseResource,
): Promise<boolean> {
  if (!outerChecksum) return false;
  const checksum = toHex(outerChecksum);
  const held = await hold(name, version);
  const found =
    held.kind === "kept" &&
    (await world.storage.get(`repos/${world.repository}/tarballs/${name}-${version}.tar`));
  const bytes = found && new Uint8Array(await new Response(found.body as BodyInit).arrayBuffer());
  // It may be kept from before its bytes were replaced upstream.
  if (!bytes || !sameBytes(await sha256(bytes), outerChecksum)) {
    failed.add(checksum);
    return false;
  }
  const tarball = await unpackTarball(bytes);
  const licenses = "refused" in tarball ? null : licensesIn(tarball.terms);
  world.sql.exec(
    "INSERT OR REPLACE INTO licenses VALUES (?, ?)",
    ...[checksum, JSON.stringify(licenses)],
  );
  failed.delete(checksum);
  return true;
}

function licensesOf({ sql }: Pick<World, "sql">, checksum: string): Licenses {
  const [row] = sql
    .exec<{ licenses: string }>("SELECT licenses FROM licenses WHERE checksum = ?", checksum)
    .toArray();
  // Only `learn` writes it.
  return row && (JSON.parse(row.licenses) as string[] | null);
}

/** Only this field: whatever else is odd in old metadata is not the question. The last one counts. */
function licensesIn(terms: readonly Term[]): string[] | null {
  const pairs = terms.flatMap((term) => (term instanceof Tuple ? [term.elements] : []));
  const value = pairs.findLast(([key]) => key === "licenses")?.[1];
  if (!Array.isArray(value) || !value.every((it) => typeof it === "string")) return null;
  return value;
}
