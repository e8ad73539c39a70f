// Generated from proto/versions.proto by "npm run proto". Do not edit.
import * as $protobuf from "protobufjs/minimal.js";

/**
 * Properties of a Versions.
 * @deprecated Use Versions.$Properties instead.
 */
export interface IVersions extends Versions.$Properties {
}

/** Represents a Versions. */
export class Versions {

    /**
     * Constructs a new Versions.
     * @param [properties] Properties to set
     */
    constructor(properties?: Versions.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Versions packages. */
    packages: Package.$Properties[];

    /** Versions repository. */
    repository: string;

    /**
     * Encodes the specified Versions message. Does not implicitly {@link Versions.verify|verify} messages.
     * @param message Versions message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Versions.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Versions message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Versions & Versions.$Shape} Versions
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Versions & Versions.$Shape;
}

export namespace Versions {

    /** Properties of a Versions. */
    interface $Properties {

        /** Versions packages */
        packages?: (Package.$Properties[]|null);

        /** Versions repository */
        repository: string;

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Versions. */
    type $Shape = Versions.$Properties;
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

    /** Package versions. */
    versions: string[];

    /** Package retired. */
    retired: number[];

    /** Package withAdvisories. */
    withAdvisories: number[];

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

        /** Package versions */
        versions?: (string[]|null);

        /** Package retired */
        retired?: (number[]|null);

        /** Package withAdvisories */
        withAdvisories?: (number[]|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Package. */
    type $Shape = Package.$Properties;
}
