import * as v from "valibot";

/** Which of the things that implement Storage, as wrangler.toml says it. */
export const storageKind = v.picklist(["r2", "folder", "s3"], 'must be "r2", "folder" or "s3"');

export type StorageKind = v.InferOutput<typeof storageKind>;
