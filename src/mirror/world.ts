import type { Storage } from "../storage/storage.ts";
import type { Deliveries } from "../webhooks/deliveries.ts";
import type { MirrorDeclaration } from "./declaration.ts";
import type { SyncLimits } from "./sync/slice.ts";
import type { Upstream, UpstreamOptions } from "./upstream.ts";

/** What a mirror works with. */
export interface World extends Pick<UpstreamOptions, "fetch" | "now"> {
  /** The mirror's own name: where it is served and kept. */
  repository: string;
  declaration: MirrorDeclaration;
  upstream: Upstream;
  storage: Storage;
  sql: SqlStorage;
  /** What webhooks are to hear. */
  deliveries: Deliveries;
  /** Of a curated mirror: who signs what it serves. */
  signer: Signer | null;
  syncLimits: SyncLimits;
}

export interface Signer {
  key: CryptoKey;
  publicKeyPem: string;
  fingerprint: string;
}
