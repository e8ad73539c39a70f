/** The tarballs of a folder: each is read, and unpacked only when packages/NAME does not tell of its bytes. */
import { sameBytes, sha256 } from "../../hex/checksum.ts";
import type { ReleaseResource } from "../../hex/registry.ts";
import { atOnce } from "../at-once.ts";
import type { Folder, Listed } from "../folder.ts";
import { parseFileName, type ReleaseName } from "../layout.ts";
import { readTarball, type TarballFacts } from "../tarball.ts";
import type { Before } from "./before.ts";
import { BuildError, type Problem } from "./refusals.ts";

export interface Tarball extends ReleaseName, Pick<Listed, "modifiedSeconds"> {
  /** What packages/NAME says of these very bytes. */
  known: ReleaseResource | undefined;
  /** What the tarball says, when packages/NAME does not do. */
  facts: TarballFacts | undefined;
}

interface TarballsRequest {
  folder: Folder;
  onTarball?: (done: number, total: number) => void;
}

const tarballsAtOnce = 8;

/** All are read before anything is written, and all that is wrong is said at once. */
export async function readTarballs(
  { folder, onTarball }: TarballsRequest,
  listed: readonly Listed[],
  before: Before,
): Promise<Tarball[]> {
  const files = listed.filter(({ name }) => name.endsWith(".tar"));
  const moved = movedPackages(files, before);
  const problems: Problem[] = [];
  let done = 0;
  const read = await atOnce(files, tarballsAtOnce, async ({ name: file, modifiedSeconds }) => {
    const tarball = await readOne(folder, file, before, moved);
    onTarball?.(++done, files.length);
    if (!("why" in tarball)) return { ...tarball, modifiedSeconds };
    problems.push(tarball);
    return undefined;
  });
  const tarballs = read.filter((it) => it !== undefined);
  if (problems.length === 0) return tarballs;
  problems.sort((one, other) => (one.file < other.file ? -1 : 1));
  throw new BuildError({ reason: "bad_tarballs", problems });
}

async function readOne(
  folder: Folder,
  file: string,
  before: Before,
  moved: ReadonlySet<string>,
): Promise<Omit<Tarball, "modifiedSeconds"> | Problem> {
  const release = parseFileName(file, ".tar");
  const bytes = await folder.read(`tarballs/${file}`);
  if (!bytes) return { file, why: "it went away while it was to be read" };
  if (release) {
    const known = before
      .package(release.name)
      ?.releases.find((it) => it.version === release.version);
    // Whose a dependency is may have changed with what is here.
    const isMoved = known?.dependencies.some((it) => moved.has(it.package));
    if (known?.outerChecksum && !isMoved && sameBytes(await sha256(bytes), known.outerChecksum)) {
      return { ...release, known, facts: undefined };
    }
  }
  const facts = await readTarball(bytes);
  if ("refused" in facts) return { file, why: facts.refused };
  const { name, version } = facts;
  if (!release || name !== release.name || version !== release.version) {
    const due = `${name}-${version}.tar`;
    const why = (await folder.read(`tarballs/${due}`))
      ? `it is ${name} ${version}, as is ${due}: keep one of them`
      : `it is ${name} ${version}, so its name has to be ${due}`;
    return { file, why };
  }
  return { ...release, known: undefined, facts };
}

/** Packages of which there is a tarball now and was none before, or the reverse. */
function movedPackages(files: readonly Listed[], before: Before): ReadonlySet<string> {
  const now = new Set(files.flatMap(({ name }) => parseFileName(name, ".tar")?.name ?? []));
  const then = new Set(before.names());
  return new Set([...now, ...then].filter((name) => now.has(name) !== then.has(name)));
}
