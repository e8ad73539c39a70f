/**
 * A running repository, as a folder that any web server can serve. Nothing is written that is not what
 * the repository's key has signed, or has not the checksum that such a file says.
 *
 * A package's tarballs and docs come first, then packages/NAME, and versions and names when all of those
 * are there; what is gone is removed behind them. So the folder works at every moment, also the one in
 * which somebody kills us, and the next run fetches only what is not there yet.
 */
import { publicKeyFingerprint, publicKeyPem } from "../hex/sign.ts";
import { DocsState } from "./docs-state.ts";
import { readPublicKey, refuseOtherKey, refuseOtherRepository } from "./export/keys.ts";
import { type Brought, bringPackages } from "./export/packages.ts";
import { type Index, missing, readIndex, writeIndex } from "./export/registry-index.ts";
import {
  ExportError,
  type ExportRefusal,
  type ExportReport,
  type ExportRequest,
} from "./export/request.ts";
import { removeRest } from "./export/rest.ts";
import { Fetcher } from "./export/source.ts";
import type { Work } from "./export/work.ts";
import { WrittenFolder } from "./export/written-folder.ts";

export type {
  ExportRefusal,
  ExportReport,
  ExportRequest,
  PinnedRelease,
} from "./export/request.ts";
export type { Got, Source } from "./export/source.ts";

const rounds = 3;

/** @returns what is there now; or why not all of it is: what the folder tells of is there all the same. */
export async function exportRepository(
  request: ExportRequest,
): Promise<ExportReport | { refused: ExportRefusal }> {
  return ExportError.caught(() => run(request));
}

async function run(request: ExportRequest): Promise<ExportReport> {
  const { folder, privateKey, force } = request;
  const source = new Fetcher(request.source);
  const { pem, key } = await readPublicKey(request.source, request.publicKeyPem);
  const ownPem = privateKey ? await publicKeyPem(privateKey) : pem;
  if (!force) await refuseOtherKey(folder, ownPem);
  const docsState = new DocsState(folder);
  await docsState.read();
  const written = new WrittenFolder(folder);
  await written.write("public_key", new TextEncoder().encode(ownPem));
  const work: Work = { request, source, folder: written, docsState, key, pinned: undefined };
  const { index, brought } = await bringAll(work);
  await writeIndex(written, index, brought.packages, key, privateKey);
  const removed = await removeRest(folder, brought.packages, brought.releases);
  docsState.forget(removed);
  await docsState.write();
  return {
    ...{ repository: index.versions.resource.repository, removed },
    fingerprint: await publicKeyFingerprint(ownPem),
    ...{ packages: brought.packages.length, releases: brought.releases.length },
    docs: brought.releases.filter(({ hasDocs }) => hasDocs).length,
    ...{ fetchedBytes: source.bytes, written: [...written.paths] },
  };
}

/** Looks again when something does not fit: its files are written one after the other there as well. */
async function bringAll(work: Work): Promise<{ index: Index; brought: Brought }> {
  const { request, source, docsState, key } = work;
  for (let round = 1; ; round++) {
    const index = await readIndex(source, key);
    const { repository } = index.versions.resource;
    if (!request.force) await refuseOtherRepository(request.folder, repository);
    work.pinned ??= request.pinned?.(repository);
    const brought = await bringPackages(work, index.versions.resource);
    const problems = [...brought.problems, ...missing(index, brought.packages, work.pinned)];
    if (problems.length === 0) return { index, brought };
    await docsState.write();
    if (round === rounds) throw new ExportError({ reason: "bad_files", problems });
    await new Promise((resolve) => setTimeout(resolve, request.pauseMs ?? 1500));
  }
}
