// Generated from proto/names.proto by "npm run proto". Do not edit.
import * as $protobuf from "protobufjs/minimal.js";
import type Long from "long";

/**
 * Properties of a Names.
 * @deprecated Use Names.$Properties instead.
 */
export interface INames extends Names.$Properties {
}

/** Represents a Names. */
export class Names {

    /**
     * Constructs a new Names.
     * @param [properties] Properties to set
     */
    constructor(properties?: Names.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Names packages. */
    packages: Package.$Properties[];

    /** Names repository. */
    repository: string;

    /**
     * Encodes the specified Names message. Does not implicitly {@link Names.verify|verify} messages.
     * @param message Names message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Names.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Names message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Names & Names.$Shape} Names
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Names & Names.$Shape;
}

export namespace Names {

    /** Properties of a Names. */
    interface $Properties {

        /** Names packages */
        packages?: (Package.$Properties[]|null);

        /** Names repository */
        repository: string;

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Names. */
    type $Shape = Names.$Properties;
}

/**
 * Properties of a Package.
 * @deprecated Use Package.$Properties instead.
 */
export interface IPackage extends Package.$Properties {
}

/** Represents a Package. */
export class Package {

    /**
     * Constructs a new Package.
     * @param [properties] Properties to set
     */
    constructor(properties?: Package.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Package name. */
    name: string;

    /** Package updatedAt. */
    updatedAt?: (Timestamp.$Properties|null);

    /**
     * Encodes the specified Package message. Does not implicitly {@link Package.verify|verify} messages.
     * @param message Package message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Package.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Package message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Package & Package.$Shape} Package
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Package & Package.$Shape;
}

export namespace Package {

    /** Properties of a Package. */
    interface $Properties {

        /** Package name */
        name: string;

        /** Package updatedAt */
        updatedAt?: (Timestamp.$Properties|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Package. */
    type $Shape = Package.$Properties;
}

/**
 * Properties of a Timestamp.
 * @deprecated Use Timestamp.$Properties instead.
 */
export interface ITimestamp extends Timestamp.$Properties {
}

/** Represents a Timestamp. */
export class Timestamp {

    /**
     * Constructs a new Timestamp.
     * @param [properties] Properties to set
     */
    constructor(properties?: Timestamp.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Timestamp seconds. */
    seconds: (number|Long);

    /** Timestamp nanos. */
    nanos: number;

    /**
     * Encodes the specified Timestamp message. Does not implicitly {@link Timestamp.verify|verify} messages.
     * @param message Timestamp message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Timestamp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Timestamp message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Timestamp & Timestamp.$Shape} Timestamp
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Timestamp & Timestamp.$Shape;
}

export namespace Timestamp {

    /** Properties of a Timestamp. */
    interface $Properties {

        /** Timestamp seconds */
        seconds: (number|Long);

        /** Timestamp nanos */
        nanos: number;

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Timestamp. */
    type $Shape = Timestamp.$Properties;
}
