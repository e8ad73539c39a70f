import type { Storage } from "../storage/storage.ts";
import type { Flush } from "./flush.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Signer } from "./signer.ts";
import type { Uploads } from "./upload.ts";

/** What the verbs work with. */
export interface World {
  /** The repository's name. */
  repository: string;
  ledger: Ledger;
  storage: Storage;
  uploads: Uploads;
  flush: Flush;
  signer: Signer;
  /** Sees to it that the alarm comes soon: whatever happens next, it finishes what is begun. */
  wake(): void;
}
