/** What an upload may be refused for, before anyone looks at the repository it is meant for. */
export type UploadRefusal =
  | { reason: "tarball_too_big"; sizeBytesMax: number }
  /** The archive is not a Hex tarball, or is not safe to unpack. */
  | { reason: "bad_tarball"; message: string }
  /** metadata.config says something that the rules do not allow; `errors` says where. */
  | { reason: "bad_metadata"; errors: FieldErrors };

/** Field → what is wrong with it, nested as the fields are. */
export interface FieldErrors {
  [field: string]: string | FieldErrors;
}
