/** The border to protobuf.js: its buffers and its errors end here. */
import { RegistryError } from "./error.ts";

/** What the generated classes of ../pb have in common. */
interface Encoder<T> {
  encode(message: T): { finish(shared: boolean): Uint8Array };
}

interface Decoder<T> {
  decode(bytes: Uint8Array): T;
}

/** @returns bytes of their own: protobuf.js hands out views of a pool, and `.slice()` of a Node Buffer is one more. */
export function encodeMessage<T>(type: Encoder<T>, message: T): Uint8Array {
  return new Uint8Array(type.encode(message).finish(true));
}

/**
 * @param what begins the sentence of the error.
 * @returns the message; its `bytes` fields are views of the argument.
 * @throws RegistryError "bad_message" when it is damaged, or a required field is not there.
 */
export function decodeMessage<T>(type: Decoder<T>, bytes: Uint8Array, what: string): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RegistryError("bad_message", `${what} cannot be read: ${why}`);
  }
}
