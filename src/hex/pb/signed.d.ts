// Generated from proto/signed.proto by "npm run proto". Do not edit.
import * as $protobuf from "protobufjs/minimal.js";

/**
 * Properties of a Signed.
 * @deprecated Use Signed.$Properties instead.
 */
export interface ISigned extends Signed.$Properties {
}

/** Represents a Signed. */
export class Signed {

    /**
     * Constructs a new Signed.
     * @param [properties] Properties to set
     */
    constructor(properties?: Signed.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Signed payload. */
    payload: Uint8Array;

    /** Signed signature. */
    signature?: (Uint8Array|null);

    /**
     * Encodes the specified Signed message. Does not implicitly {@link Signed.verify|verify} messages.
     * @param message Signed message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Signed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Signed message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Signed & Signed.$Shape} Signed
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Signed & Signed.$Shape;
}

export namespace Signed {

    /** Properties of a Signed. */
    interface $Properties {

        /** Signed payload */
        payload: Uint8Array;

        /** Signed signature */
        signature?: (Uint8Array|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Signed. */
    type $Shape = Signed.$Properties;
}
