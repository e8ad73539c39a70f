/** The border to protobuf.js: its buffers and its errors end here. */
import protobuf from "protobufjs/minimal.js";
import { RegistryError } from "./error.ts";

/** What the generated classes of ../pb have in common. */
interface Encoder<T> {
  encode(message: T, writer: protobuf.Writer): protobuf.Writer;
}

interface Decoder<T> {
  decode(bytes: Uint8Array): T;
}

/**
 * Not with the writer that protobuf.js chooses where there are Node's buffers: it writes a string of 40
 * characters or more with a `utf8Write` that workerd has, and that throws there without a length.
 * @returns bytes of their own.
 */
export function encodeMessage<T>(type: Encoder<T>, message: T): Uint8Array {
  return new Uint8Array(type.encode(message, new protobuf.Writer()).finish(true));
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
