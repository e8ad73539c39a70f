/** One release, into a target that has it not, or not all of it: tarball, date, retirement, docs. */
import { sameBytes } from "../../hex/checksum.ts";
import type { ReleaseResource, RetirementStatus } from "../../hex/registry.ts";
import { docsPath, type ReleaseName, tarballPath } from "../layout.ts";
import type { SurveyedSource } from "../survey.ts";
import { hasChecksum } from "../tarball.ts";
import type { Target } from "./target.ts";

export interface Due {
  name: string;
  release: ReleaseResource;
}

/** Why it is not there now as it is in the source. */
export interface Problem {
  outcome: "conflict" | "refused" | "missing" | "broken";
  why: string;
}

interface ReleasesRequest {
  source: Pick<SurveyedSource, "read">;
  target: Target;
  docs: boolean;
}

export class Releases {
  readonly #request: ReleasesRequest;
  retired = 0;
  docs = 0;
  /** Why → how many new ones have today's date although the source knows theirs. */
  readonly undated = new Map<string, number>();
  /** Why the target takes no date at all. */
  #takesNoDate: string | undefined;

  constructor(request: ReleasesRequest) {
    this.#request = request;
  }

  /** @param there what the target has of the package. */
  async import(
    due: Due,
    there: readonly ReleaseResource[],
  ): Promise<{ isThere: boolean; problem: Problem | undefined }> {
    const { name, release } = due;
    const { version } = release;
    const before = there.find((it) => it.version === version);
    if (before && !isSame(before, release)) {
      const why = "the target has another tarball of this version";
      return { isThere: false, problem: { outcome: "conflict", why } };
    }
    const unpublished = before ? undefined : await this.#publish(due);
    if (unpublished) return { isThere: false, problem: unpublished };
    const problem =
      (await this.#retire(due, before?.retired)) ?? (await this.#publishDocs({ name, version }));
    return { isThere: true, problem };
  }

  async #publish({ name, release }: Due): Promise<Problem | undefined> {
    const { source, target } = this.#request;
    const { version } = release;
    const path = tarballPath({ name, version });
    const tarball = await source.read(path);
    if (!tarball) return { outcome: "missing", why: `there is no ${path}` };
    if (!(await hasChecksum(tarball, release))) {
      const why = `${path} does not have the checksum that packages/${name} tells`;
      return { outcome: "broken", why };
    }
    const { refused, undated } = await this.#send(tarball, dateOf(release));
    if (refused !== undefined) {
      // An answer that got lost looks like this when it is asked for again.
      const there = (await target.releases(name)).find((it) => it.version === version);
      if (!there || !isSame(there, release)) return { outcome: "refused", why: refused };
    }
    if (undated !== undefined) this.undated.set(undated, (this.undated.get(undated) ?? 0) + 1);
    return undefined;
  }

  /** With its date. Where that is refused, without: a release of today is better than none. */
  async #send(
    tarball: Uint8Array,
    date: Date | undefined,
  ): Promise<{ refused?: string; undated?: string }> {
    const { target } = this.#request;
    if (!date) return (await target.publish(tarball)) ?? {};
    let undated = this.#takesNoDate;
    if (undated === undefined) {
      const answer = await target.publishAs(tarball, date);
      if (!answer || "refused" in answer) return answer ?? {};
      undated = answer.dateRefused;
      if (answer.always) this.#takesNoDate = undated;
    }
    return { ...(await target.publish(tarball)), undated };
  }

  async #retire(
    { name, release: { version, retired } }: Due,
    before: RetirementStatus | undefined,
  ): Promise<Problem | undefined> {
    const isSaid = before?.reason === retired?.reason && before?.message === retired?.message;
    // What is retired there and not here was decided there.
    if (!retired || isSaid) return undefined;
    const answer = await this.#request.target.retire({ name, version }, retired);
    if (answer) return { outcome: "refused", why: `it is there, not retired: ${answer.refused}` };
    this.retired++;
    return undefined;
  }

  async #publishDocs(release: ReleaseName): Promise<Problem | undefined> {
    const { source, target } = this.#request;
    const docs = this.#request.docs ? await source.read(docsPath(release)) : undefined;
    if (!docs) return undefined;
    const there = await target.docs(release);
    if (there && sameBytes(there, docs)) return undefined;
    if (there) return { outcome: "conflict", why: "the target has other docs of this version" };
    const answer = await target.publishDocs(release, docs);
    if (answer) return { outcome: "refused", why: `it is there, without docs: ${answer.refused}` };
    this.docs++;
    return undefined;
  }
}

/** When the source says that it was published; MiniRepo and static folders of Hex do not. */
function dateOf({ publishedAt }: ReleaseResource): Date | undefined {
  if (!publishedAt) return undefined;
  const date = new Date(publishedAt.seconds * 1000 + Math.floor(publishedAt.nanos / 1_000_000));
  // A signed file may say any number.
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function isSame(one: ReleaseResource, other: ReleaseResource): boolean {
  if (one.outerChecksum && other.outerChecksum) {
    return sameBytes(one.outerChecksum, other.outerChecksum);
  }
  return sameBytes(one.innerChecksum, other.innerChecksum);
}
