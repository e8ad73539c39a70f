// Generated from proto/package.proto by "npm run proto". Do not edit.
import * as $protobuf from "protobufjs/minimal.js";
import type Long from "long";

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

    /** Package releases. */
    releases: Release.$Properties[];

    /** Package name. */
    name: string;

    /** Package repository. */
    repository: string;

    /** Package advisories. */
    advisories: SecurityAdvisory.$Properties[];

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

        /** Package releases */
        releases?: (Release.$Properties[]|null);

        /** Package name */
        name: string;

        /** Package repository */
        repository: string;

        /** Package advisories */
        advisories?: (SecurityAdvisory.$Properties[]|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Package. */
    type $Shape = Package.$Properties;
}

/**
 * Properties of a Release.
 * @deprecated Use Release.$Properties instead.
 */
export interface IRelease extends Release.$Properties {
}

/** Represents a Release. */
export class Release {

    /**
     * Constructs a new Release.
     * @param [properties] Properties to set
     */
    constructor(properties?: Release.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Release version. */
    version: string;

    /** Release innerChecksum. */
    innerChecksum: Uint8Array;

    /** Release dependencies. */
    dependencies: Dependency.$Properties[];

    /** Release retired. */
    retired?: (RetirementStatus.$Properties|null);

    /** Release outerChecksum. */
    outerChecksum?: (Uint8Array|null);

    /** Release advisoryIndexes. */
    advisoryIndexes: number[];

    /** Release publishedAt. */
    publishedAt?: (Timestamp.$Properties|null);

    /**
     * Encodes the specified Release message. Does not implicitly {@link Release.verify|verify} messages.
     * @param message Release message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Release.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Release message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Release & Release.$Shape} Release
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Release & Release.$Shape;
}

export namespace Release {

    /** Properties of a Release. */
    interface $Properties {

        /** Release version */
        version: string;

        /** Release innerChecksum */
        innerChecksum: Uint8Array;

        /** Release dependencies */
        dependencies?: (Dependency.$Properties[]|null);

        /** Release retired */
        retired?: (RetirementStatus.$Properties|null);

        /** Release outerChecksum */
        outerChecksum?: (Uint8Array|null);

        /** Release advisoryIndexes */
        advisoryIndexes?: (number[]|null);

        /** Release publishedAt */
        publishedAt?: (Timestamp.$Properties|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Release. */
    type $Shape = Release.$Properties;
}

/**
 * Properties of a RetirementStatus.
 * @deprecated Use RetirementStatus.$Properties instead.
 */
export interface IRetirementStatus extends RetirementStatus.$Properties {
}

/** Represents a RetirementStatus. */
export class RetirementStatus {

    /**
     * Constructs a new RetirementStatus.
     * @param [properties] Properties to set
     */
    constructor(properties?: RetirementStatus.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** RetirementStatus reason. */
    reason: RetirementReason;

    /** RetirementStatus message. */
    message?: (string|null);

    /**
     * Encodes the specified RetirementStatus message. Does not implicitly {@link RetirementStatus.verify|verify} messages.
     * @param message RetirementStatus message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: RetirementStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a RetirementStatus message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {RetirementStatus & RetirementStatus.$Shape} RetirementStatus
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): RetirementStatus & RetirementStatus.$Shape;
}

export namespace RetirementStatus {

    /** Properties of a RetirementStatus. */
    interface $Properties {

        /** RetirementStatus reason */
        reason: RetirementReason;

        /** RetirementStatus message */
        message?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a RetirementStatus. */
    type $Shape = RetirementStatus.$Properties;
}

/** RetirementReason enum. */
export enum RetirementReason {

    /** RETIRED_OTHER value */
    RETIRED_OTHER = 0,

    /** RETIRED_INVALID value */
    RETIRED_INVALID = 1,

    /** RETIRED_SECURITY value */
    RETIRED_SECURITY = 2,

    /** RETIRED_DEPRECATED value */
    RETIRED_DEPRECATED = 3,

    /** RETIRED_RENAMED value */
    RETIRED_RENAMED = 4
}

/**
 * Properties of a SecurityAdvisory.
 * @deprecated Use SecurityAdvisory.$Properties instead.
 */
export interface ISecurityAdvisory extends SecurityAdvisory.$Properties {
}

/** Represents a SecurityAdvisory. */
export class SecurityAdvisory {

    /**
     * Constructs a new SecurityAdvisory.
     * @param [properties] Properties to set
     */
    constructor(properties?: SecurityAdvisory.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** SecurityAdvisory id. */
    id: string;

    /** SecurityAdvisory summary. */
    summary: string;

    /** SecurityAdvisory htmlUrl. */
    htmlUrl: string;

    /** SecurityAdvisory severity. */
    severity?: (AdvisorySeverity|null);

    /** SecurityAdvisory cvssScore. */
    cvssScore?: (number|null);

    /** SecurityAdvisory apiUrl. */
    apiUrl: string;

    /** SecurityAdvisory aliases. */
    aliases: string[];

    /**
     * Encodes the specified SecurityAdvisory message. Does not implicitly {@link SecurityAdvisory.verify|verify} messages.
     * @param message SecurityAdvisory message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: SecurityAdvisory.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a SecurityAdvisory message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {SecurityAdvisory & SecurityAdvisory.$Shape} SecurityAdvisory
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): SecurityAdvisory & SecurityAdvisory.$Shape;
}

export namespace SecurityAdvisory {

    /** Properties of a SecurityAdvisory. */
    interface $Properties {

        /** SecurityAdvisory id */
        id: string;

        /** SecurityAdvisory summary */
        summary: string;

        /** SecurityAdvisory htmlUrl */
        htmlUrl: string;

        /** SecurityAdvisory severity */
        severity?: (AdvisorySeverity|null);

        /** SecurityAdvisory cvssScore */
        cvssScore?: (number|null);

        /** SecurityAdvisory apiUrl */
        apiUrl: string;

        /** SecurityAdvisory aliases */
        aliases?: (string[]|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a SecurityAdvisory. */
    type $Shape = SecurityAdvisory.$Properties;
}

/** AdvisorySeverity enum. */
export enum AdvisorySeverity {

    /** SEVERITY_NONE value */
    SEVERITY_NONE = 0,

    /** SEVERITY_LOW value */
    SEVERITY_LOW = 1,

    /** SEVERITY_MEDIUM value */
    SEVERITY_MEDIUM = 2,

    /** SEVERITY_HIGH value */
    SEVERITY_HIGH = 3,

    /** SEVERITY_CRITICAL value */
    SEVERITY_CRITICAL = 4
}

/**
 * Properties of a Dependency.
 * @deprecated Use Dependency.$Properties instead.
 */
export interface IDependency extends Dependency.$Properties {
}

/** Represents a Dependency. */
export class Dependency {

    /**
     * Constructs a new Dependency.
     * @param [properties] Properties to set
     */
    constructor(properties?: Dependency.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Dependency package. */
    package: string;

    /** Dependency requirement. */
    requirement: string;

    /** Dependency optional. */
    optional?: (boolean|null);

    /** Dependency app. */
    app?: (string|null);

    /** Dependency repository. */
    repository?: (string|null);

    /**
     * Encodes the specified Dependency message. Does not implicitly {@link Dependency.verify|verify} messages.
     * @param message Dependency message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Dependency.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Dependency message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Dependency & Dependency.$Shape} Dependency
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Dependency & Dependency.$Shape;
}

export namespace Dependency {

    /** Properties of a Dependency. */
    interface $Properties {

        /** Dependency package */
        "package": string;

        /** Dependency requirement */
        requirement: string;

        /** Dependency optional */
        optional?: (boolean|null);

        /** Dependency app */
        app?: (string|null);

        /** Dependency repository */
        repository?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Dependency. */
    type $Shape = Dependency.$Properties;
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
