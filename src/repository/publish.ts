import { tarballKey } from "./keys.ts";
import { releaseRecord } from "./resources.ts";
import type { Author, Publication, Refused, ReleaseRecord } from "./types.ts";
import type { World } from "./world.ts";

export type Published = { release: ReleaseRecord; replaced: boolean };

/**
 * Publishes a checked tarball: reserve → put → commit → flush. Answers when packages/NAME in the
 * bucket names the release, so that whoever hears of it can resolve it.
 *
 * A crash after reserve leaves an upload, one after commit a package to flush; the alarm, which was
 * set together with the reservation, finishes either. names and versions follow with the alarm.
 */
export async function publish(
  world: World,
  publication: Publication,
  tarball: Uint8Array,
  author: Author,
): Promise<Published | Refused> {
  const { repository, ledger, uploads, flush } = world;
  const { package: name, version } = publication;
  const key = tarballKey(repository, name, version);
  return uploads.admit(
    key,
    name,
    version,
    tarball.length,
    async (): Promise<Published | Refused> => {
      const replaced = ledger.release(name, version) !== undefined;
      const refused = ledger.reserve(publication, author);
      if (refused) return refused;
      world.wake();
      await uploads.store(key, tarball);
      await flush.package(name);
      const release = ledger.release(name, version);
      // Somebody reverted it between our commit and the end of the flush: it was published all the same.
      if (!release) return { refused: { reason: "release_not_found", package: name, version } };
      const downloads = ledger.totalDownloads(name).get(version) ?? 0;
      return { release: releaseRecord(release, downloads), replaced };
    },
  );
}
