// Generated from proto/policy.proto by "npm run proto". Do not edit.
import * as $protobuf from "protobufjs/minimal.js";

/**
 * Properties of a Policy.
 * @deprecated Use Policy.$Properties instead.
 */
export interface IPolicy extends Policy.$Properties {
}

/** Represents a Policy. */
export class Policy {

    /**
     * Constructs a new Policy.
     * @param [properties] Properties to set
     */
    constructor(properties?: Policy.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Policy repository. */
    repository: string;

    /** Policy name. */
    name: string;

    /** Policy description. */
    description?: (string|null);

    /** Policy visibility. */
    visibility: Visibility;

    /** Policy repositories. */
    repositories: RepositoryPolicy.$Properties[];

    /**
     * Encodes the specified Policy message. Does not implicitly {@link Policy.verify|verify} messages.
     * @param message Policy message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Policy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Policy message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Policy & Policy.$Shape} Policy
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Policy & Policy.$Shape;
}

export namespace Policy {

    /** Properties of a Policy. */
    interface $Properties {

        /** Policy repository */
        repository: string;

        /** Policy name */
        name: string;

        /** Policy description */
        description?: (string|null);

        /** Policy visibility */
        visibility: Visibility;

        /** Policy repositories */
        repositories?: (RepositoryPolicy.$Properties[]|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Policy. */
    type $Shape = Policy.$Properties;
}

/** Visibility enum. */
export enum Visibility {

    /** VISIBILITY_PRIVATE value */
    VISIBILITY_PRIVATE = 0,

    /** VISIBILITY_PUBLIC value */
    VISIBILITY_PUBLIC = 1
}

/**
 * Properties of a RepositoryPolicy.
 * @deprecated Use RepositoryPolicy.$Properties instead.
 */
export interface IRepositoryPolicy extends RepositoryPolicy.$Properties {
}

/** Represents a RepositoryPolicy. */
export class RepositoryPolicy {

    /**
     * Constructs a new RepositoryPolicy.
     * @param [properties] Properties to set
     */
    constructor(properties?: RepositoryPolicy.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** RepositoryPolicy repository. */
    repository: string;

    /** RepositoryPolicy restriction. */
    restriction?: (Restriction.$Properties|null);

    /** RepositoryPolicy overrides. */
    overrides: Override.$Properties[];

    /**
     * Encodes the specified RepositoryPolicy message. Does not implicitly {@link RepositoryPolicy.verify|verify} messages.
     * @param message RepositoryPolicy message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: RepositoryPolicy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a RepositoryPolicy message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {RepositoryPolicy & RepositoryPolicy.$Shape} RepositoryPolicy
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): RepositoryPolicy & RepositoryPolicy.$Shape;
}

export namespace RepositoryPolicy {

    /** Properties of a RepositoryPolicy. */
    interface $Properties {

        /** RepositoryPolicy repository */
        repository: string;

        /** RepositoryPolicy restriction */
        restriction?: (Restriction.$Properties|null);

        /** RepositoryPolicy overrides */
        overrides?: (Override.$Properties[]|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a RepositoryPolicy. */
    type $Shape = RepositoryPolicy.$Properties;
}

/**
 * Properties of a Restriction.
 * @deprecated Use Restriction.$Properties instead.
 */
export interface IRestriction extends Restriction.$Properties {
}

/** Represents a Restriction. */
export class Restriction {

    /**
     * Constructs a new Restriction.
     * @param [properties] Properties to set
     */
    constructor(properties?: Restriction.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Restriction advisoryMinSeverity. */
    advisoryMinSeverity?: (AdvisorySeverity|null);

    /** Restriction retirementReasons. */
    retirementReasons: RetirementReason[];

    /** Restriction cooldown. */
    cooldown?: (string|null);

    /**
     * Encodes the specified Restriction message. Does not implicitly {@link Restriction.verify|verify} messages.
     * @param message Restriction message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Restriction.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Restriction message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Restriction & Restriction.$Shape} Restriction
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Restriction & Restriction.$Shape;
}

export namespace Restriction {

    /** Properties of a Restriction. */
    interface $Properties {

        /** Restriction advisoryMinSeverity */
        advisoryMinSeverity?: (AdvisorySeverity|null);

        /** Restriction retirementReasons */
        retirementReasons?: (RetirementReason[]|null);

        /** Restriction cooldown */
        cooldown?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Restriction. */
    type $Shape = Restriction.$Properties;
}

/**
 * Properties of an Override.
 * @deprecated Use Override.$Properties instead.
 */
export interface IOverride extends Override.$Properties {
}

/** Represents an Override. */
export class Override {

    /**
     * Constructs a new Override.
     * @param [properties] Properties to set
     */
    constructor(properties?: Override.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Override action. */
    action: OverrideAction;

    /** Override ref. */
    ref: PackageRef.$Properties;

    /** Override advisoryId. */
    advisoryId?: (string|null);

    /** Override retirementReason. */
    retirementReason?: (RetirementReason|null);

    /** Override comment. */
    comment?: (string|null);

    /**
     * Encodes the specified Override message. Does not implicitly {@link Override.verify|verify} messages.
     * @param message Override message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Override.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes an Override message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Override & Override.$Shape} Override
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Override & Override.$Shape;
}

export namespace Override {

    /** Properties of an Override. */
    interface $Properties {

        /** Override action */
        action: OverrideAction;

        /** Override ref */
        ref: PackageRef.$Properties;

        /** Override advisoryId */
        advisoryId?: (string|null);

        /** Override retirementReason */
        retirementReason?: (RetirementReason|null);

        /** Override comment */
        comment?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of an Override. */
    type $Shape = Override.$Properties;
}

/** OverrideAction enum. */
export enum OverrideAction {

    /** OVERRIDE_ACTION_ALLOW value */
    OVERRIDE_ACTION_ALLOW = 0,

    /** OVERRIDE_ACTION_DENY value */
    OVERRIDE_ACTION_DENY = 1,

    /** OVERRIDE_ACTION_ADVISORY value */
    OVERRIDE_ACTION_ADVISORY = 2,

    /** OVERRIDE_ACTION_RETIREMENT value */
    OVERRIDE_ACTION_RETIREMENT = 3,

    /** OVERRIDE_ACTION_COOLDOWN value */
    OVERRIDE_ACTION_COOLDOWN = 4
}

/**
 * Properties of a PackageRef.
 * @deprecated Use PackageRef.$Properties instead.
 */
export interface IPackageRef extends PackageRef.$Properties {
}

/** Represents a PackageRef. */
export class PackageRef {

    /**
     * Constructs a new PackageRef.
     * @param [properties] Properties to set
     */
    constructor(properties?: PackageRef.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** PackageRef package. */
    package: string;

    /** PackageRef requirement. */
    requirement?: (string|null);

    /**
     * Encodes the specified PackageRef message. Does not implicitly {@link PackageRef.verify|verify} messages.
     * @param message PackageRef message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: PackageRef.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a PackageRef message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {PackageRef & PackageRef.$Shape} PackageRef
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): PackageRef & PackageRef.$Shape;
}

export namespace PackageRef {

    /** Properties of a PackageRef. */
    interface $Properties {

        /** PackageRef package */
        "package": string;

        /** PackageRef requirement */
        requirement?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a PackageRef. */
    type $Shape = PackageRef.$Properties;
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
