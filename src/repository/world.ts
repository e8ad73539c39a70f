import type { Storage } from "../storage/storage.ts";
import type { Flush } from "./flush.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Pages } from "./pages.ts";
import type { Signer } from "./signer.ts";
import type { Uploads } from "./upload.ts";

export interface Index {
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What the verbs work with. */
export interface World {
  /** The repository's name. */
  repository: string;
  ledger: Ledger;
  storage: Storage;
  /** KV, as far as we write it. */
  index: Index;
  signer: Signer;
  uploads: Uploads;
  pages: Pages;
  flush: Flush;
  /** Before a put that failed is tried again: as many tries more as there are delays. */
  retryDelaysMs: readonly number[];
  /** Sees to it that the alarm comes soon: whatever happens next, it finishes what is begun. */
  wake(): void;
}
