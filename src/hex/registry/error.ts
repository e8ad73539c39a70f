/** Why a registry file is not believed. */
export type RegistryErrorReason =
  /** Not exactly one whole gzip file. */
  | "not_gzip"
  /** Inflates to more than the limit. */
  | "too_big"
  /** Not the protobuf message that it should be. */
  | "bad_message"
  /** Not signed, or not with the expected key. */
  | "bad_signature"
  /** Signed well, but speaks for another repository. */
  | "bad_repository"
  /** Signed well, but about another package, or another policy. */
  | "bad_name";

/** What every `unpack` and `decode` throws for bytes that it does not accept; the message is a sentence. */
export class RegistryError extends Error {
  override name = "RegistryError";
  readonly reason: RegistryErrorReason;

  constructor(reason: RegistryErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
