/** What all parts of one export share. */
import type { DocsState } from "../docs-state.ts";
import type { ExportRequest, PinnedRelease } from "./request.ts";
import type { Fetcher } from "./source.ts";
import type { WrittenFolder } from "./written-folder.ts";

export interface Work {
  request: ExportRequest;
  source: Fetcher;
  folder: WrittenFolder;
  docsState: DocsState;
  /** With which the repository's files are signed. */
  key: CryptoKey;
  /** Undefined for all there are. */
  pinned: readonly PinnedRelease[] | undefined;
}
