// Generated from proto/policy.proto by "npm run proto". Do not edit.
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["policy"] || ($protobuf.roots["policy"] = {});

export const Policy = $root.Policy = (() => {

    /**
     * Properties of a Policy.
     * @typedef {Object} Policy.$Properties
     * @property {string} repository Policy repository
     * @property {string} name Policy name
     * @property {string|null} [description] Policy description
     * @property {Visibility} visibility Policy visibility
     * @property {Array.<RepositoryPolicy.$Properties>|null} [repositories] Policy repositories
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Policy.
     * @exports IPolicy
     * @interface IPolicy
     * @augments Policy.$Properties
     * @deprecated Use Policy.$Properties instead.
     */

    /**
     * Shape of a Policy.
     * @typedef {Policy.$Properties} Policy.$Shape
     */

    /**
     * Constructs a new Policy.
     * @exports Policy
     * @classdesc Represents a Policy.
     * @constructor
     * @param {Policy.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Policy = function (properties) {
        this.repositories = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Policy repository.
     * @member {string} repository
     * @memberof Policy
     * @instance
     */
    Policy.prototype.repository = "";

    /**
     * Policy name.
     * @member {string} name
     * @memberof Policy
     * @instance
     */
    Policy.prototype.name = "";

    /**
     * Policy description.
     * @member {string|null|undefined} description
     * @memberof Policy
     * @instance
     */
    Policy.prototype.description = null;

    /**
     * Policy visibility.
     * @member {Visibility} visibility
     * @memberof Policy
     * @instance
     */
    Policy.prototype.visibility = 0;

    /**
     * Policy repositories.
     * @member {Array.<RepositoryPolicy.$Properties>} repositories
     * @memberof Policy
     * @instance
     */
    Policy.prototype.repositories = $util.emptyArray;

    /**
     * Encodes the specified Policy message. Does not implicitly {@link Policy.verify|verify} messages.
     * @function encode
     * @memberof Policy
     * @static
     * @param {Policy.$Properties} message Policy message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Policy.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 2 =*/10).string(message.repository);
        writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
        if (message.description != null && $Object.hasOwnProperty.call(message, "description"))
            writer.uint32(/* id 3, wireType 2 =*/26).string(message.description);
        writer.uint32(/* id 4, wireType 0 =*/32).int32(message.visibility);
        if (message.repositories != null && message.repositories.length)
            for (let i = 0; i < message.repositories.length; ++i)
                $root.RepositoryPolicy.encode(message.repositories[i], writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Policy message from the specified reader or buffer.
     * @function decode
     * @memberof Policy
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Policy & Policy.$Shape} Policy
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Policy.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Policy();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    message.repository = reader.stringVerify();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.name = reader.stringVerify();
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.description = reader.stringVerify();
                    continue;
                }
            case 4: {
                    if (wireType !== 0)
                        break;
                    message.visibility = reader.int32();
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    if (!(message.repositories && message.repositories.length))
                        message.repositories = [];
                    message.repositories.push($root.RepositoryPolicy.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        if (!$Object.hasOwnProperty.call(message, "repository"))
            throw $util.ProtocolError("missing required 'repository'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "name"))
            throw $util.ProtocolError("missing required 'name'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "visibility"))
            throw $util.ProtocolError("missing required 'visibility'", { instance: message });
        return message;
    };

    return Policy;
})();

/**
 * Visibility enum.
 * @name Visibility
 * @enum {number}
 * @property {number} VISIBILITY_PRIVATE=0 VISIBILITY_PRIVATE value
 * @property {number} VISIBILITY_PUBLIC=1 VISIBILITY_PUBLIC value
 */
export const Visibility = $root.Visibility = (() => {
    const valuesById = $Object.create(null), values = $Object.create(valuesById);
    values[valuesById[0] = "VISIBILITY_PRIVATE"] = 0;
    values[valuesById[1] = "VISIBILITY_PUBLIC"] = 1;
    return values;
})();

export const RepositoryPolicy = $root.RepositoryPolicy = (() => {

    /**
     * Properties of a RepositoryPolicy.
     * @typedef {Object} RepositoryPolicy.$Properties
     * @property {string} repository RepositoryPolicy repository
     * @property {Restriction.$Properties|null} [restriction] RepositoryPolicy restriction
     * @property {Array.<Override.$Properties>|null} [overrides] RepositoryPolicy overrides
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a RepositoryPolicy.
     * @exports IRepositoryPolicy
     * @interface IRepositoryPolicy
     * @augments RepositoryPolicy.$Properties
     * @deprecated Use RepositoryPolicy.$Properties instead.
     */

    /**
     * Shape of a RepositoryPolicy.
     * @typedef {RepositoryPolicy.$Properties} RepositoryPolicy.$Shape
     */

    /**
     * Constructs a new RepositoryPolicy.
     * @exports RepositoryPolicy
     * @classdesc Represents a RepositoryPolicy.
     * @constructor
     * @param {RepositoryPolicy.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const RepositoryPolicy = function (properties) {
        this.overrides = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * RepositoryPolicy repository.
     * @member {string} repository
     * @memberof RepositoryPolicy
     * @instance
     */
    RepositoryPolicy.prototype.repository = "";

    /**
     * RepositoryPolicy restriction.
     * @member {Restriction.$Properties|null|undefined} restriction
     * @memberof RepositoryPolicy
     * @instance
     */
    RepositoryPolicy.prototype.restriction = null;

    /**
     * RepositoryPolicy overrides.
     * @member {Array.<Override.$Properties>} overrides
     * @memberof RepositoryPolicy
     * @instance
     */
    RepositoryPolicy.prototype.overrides = $util.emptyArray;

    /**
     * Encodes the specified RepositoryPolicy message. Does not implicitly {@link RepositoryPolicy.verify|verify} messages.
     * @function encode
     * @memberof RepositoryPolicy
     * @static
     * @param {RepositoryPolicy.$Properties} message RepositoryPolicy message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    RepositoryPolicy.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 2 =*/10).string(message.repository);
        if (message.restriction != null && $Object.hasOwnProperty.call(message, "restriction"))
            $root.Restriction.encode(message.restriction, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
        if (message.overrides != null && message.overrides.length)
            for (let i = 0; i < message.overrides.length; ++i)
                $root.Override.encode(message.overrides[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a RepositoryPolicy message from the specified reader or buffer.
     * @function decode
     * @memberof RepositoryPolicy
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {RepositoryPolicy & RepositoryPolicy.$Shape} RepositoryPolicy
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    RepositoryPolicy.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.RepositoryPolicy();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    message.repository = reader.stringVerify();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.restriction = $root.Restriction.decode(reader, reader.size(), $undefined, _depth + 1, message.restriction);
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    if (!(message.overrides && message.overrides.length))
                        message.overrides = [];
                    message.overrides.push($root.Override.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        if (!$Object.hasOwnProperty.call(message, "repository"))
            throw $util.ProtocolError("missing required 'repository'", { instance: message });
        return message;
    };

    return RepositoryPolicy;
})();

export const Restriction = $root.Restriction = (() => {

    /**
     * Properties of a Restriction.
     * @typedef {Object} Restriction.$Properties
     * @property {AdvisorySeverity|null} [advisoryMinSeverity] Restriction advisoryMinSeverity
     * @property {Array.<RetirementReason>|null} [retirementReasons] Restriction retirementReasons
     * @property {string|null} [cooldown] Restriction cooldown
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Restriction.
     * @exports IRestriction
     * @interface IRestriction
     * @augments Restriction.$Properties
     * @deprecated Use Restriction.$Properties instead.
     */

    /**
     * Shape of a Restriction.
     * @typedef {Restriction.$Properties} Restriction.$Shape
     */

    /**
     * Constructs a new Restriction.
     * @exports Restriction
     * @classdesc Represents a Restriction.
     * @constructor
     * @param {Restriction.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Restriction = function (properties) {
        this.retirementReasons = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Restriction advisoryMinSeverity.
     * @member {AdvisorySeverity|null|undefined} advisoryMinSeverity
     * @memberof Restriction
     * @instance
     */
    Restriction.prototype.advisoryMinSeverity = null;

    /**
     * Restriction retirementReasons.
     * @member {Array.<RetirementReason>} retirementReasons
     * @memberof Restriction
     * @instance
     */
    Restriction.prototype.retirementReasons = $util.emptyArray;

    /**
     * Restriction cooldown.
     * @member {string|null|undefined} cooldown
     * @memberof Restriction
     * @instance
     */
    Restriction.prototype.cooldown = null;

    /**
     * Encodes the specified Restriction message. Does not implicitly {@link Restriction.verify|verify} messages.
     * @function encode
     * @memberof Restriction
     * @static
     * @param {Restriction.$Properties} message Restriction message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Restriction.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.advisoryMinSeverity != null && $Object.hasOwnProperty.call(message, "advisoryMinSeverity"))
            writer.uint32(/* id 1, wireType 0 =*/8).int32(message.advisoryMinSeverity);
        if (message.retirementReasons != null && message.retirementReasons.length)
            writer.uint32(/* id 2, wireType 2 =*/18).int32s(message.retirementReasons);
        if (message.cooldown != null && $Object.hasOwnProperty.call(message, "cooldown"))
            writer.uint32(/* id 3, wireType 2 =*/26).string(message.cooldown);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Restriction message from the specified reader or buffer.
     * @function decode
     * @memberof Restriction
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Restriction & Restriction.$Shape} Restriction
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Restriction.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Restriction();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 0)
                        break;
                    message.advisoryMinSeverity = reader.int32();
                    continue;
                }
            case 2: {
                    if (wireType === 2) {
                        if (!(message.retirementReasons && message.retirementReasons.length))
                            message.retirementReasons = [];
                        reader.int32s(message.retirementReasons);
                        continue;
                    }
                    if (wireType !== 0)
                        break;
                    if (!(message.retirementReasons && message.retirementReasons.length))
                        message.retirementReasons = [];
                    message.retirementReasons.push(reader.int32());
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.cooldown = reader.stringVerify();
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Restriction;
})();

export const Override = $root.Override = (() => {

    /**
     * Properties of an Override.
     * @typedef {Object} Override.$Properties
     * @property {OverrideAction} action Override action
     * @property {PackageRef.$Properties} ref Override ref
     * @property {string|null} [advisoryId] Override advisoryId
     * @property {RetirementReason|null} [retirementReason] Override retirementReason
     * @property {string|null} [comment] Override comment
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of an Override.
     * @exports IOverride
     * @interface IOverride
     * @augments Override.$Properties
     * @deprecated Use Override.$Properties instead.
     */

    /**
     * Shape of an Override.
     * @typedef {Override.$Properties} Override.$Shape
     */

    /**
     * Constructs a new Override.
     * @exports Override
     * @classdesc Represents an Override.
     * @constructor
     * @param {Override.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Override = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Override action.
     * @member {OverrideAction} action
     * @memberof Override
     * @instance
     */
    Override.prototype.action = 0;

    /**
     * Override ref.
     * @member {PackageRef.$Properties} ref
     * @memberof Override
     * @instance
     */
    Override.prototype.ref = null;

    /**
     * Override advisoryId.
     * @member {string|null|undefined} advisoryId
     * @memberof Override
     * @instance
     */
    Override.prototype.advisoryId = null;

    /**
     * Override retirementReason.
     * @member {RetirementReason|null|undefined} retirementReason
     * @memberof Override
     * @instance
     */
    Override.prototype.retirementReason = null;

    /**
     * Override comment.
     * @member {string|null|undefined} comment
     * @memberof Override
     * @instance
     */
    Override.prototype.comment = null;

    /**
     * Encodes the specified Override message. Does not implicitly {@link Override.verify|verify} messages.
     * @function encode
     * @memberof Override
     * @static
     * @param {Override.$Properties} message Override message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Override.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 0 =*/8).int32(message.action);
        $root.PackageRef.encode(message.ref, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
        if (message.advisoryId != null && $Object.hasOwnProperty.call(message, "advisoryId"))
            writer.uint32(/* id 3, wireType 2 =*/26).string(message.advisoryId);
        if (message.retirementReason != null && $Object.hasOwnProperty.call(message, "retirementReason"))
            writer.uint32(/* id 4, wireType 0 =*/32).int32(message.retirementReason);
        if (message.comment != null && $Object.hasOwnProperty.call(message, "comment"))
            writer.uint32(/* id 5, wireType 2 =*/42).string(message.comment);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes an Override message from the specified reader or buffer.
     * @function decode
     * @memberof Override
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Override & Override.$Shape} Override
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Override.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Override();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 0)
                        break;
                    message.action = reader.int32();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.ref = $root.PackageRef.decode(reader, reader.size(), $undefined, _depth + 1, message.ref);
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.advisoryId = reader.stringVerify();
                    continue;
                }
            case 4: {
                    if (wireType !== 0)
                        break;
                    message.retirementReason = reader.int32();
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    message.comment = reader.stringVerify();
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        if (!$Object.hasOwnProperty.call(message, "action"))
            throw $util.ProtocolError("missing required 'action'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "ref"))
            throw $util.ProtocolError("missing required 'ref'", { instance: message });
        return message;
    };

    return Override;
})();

/**
 * OverrideAction enum.
 * @name OverrideAction
 * @enum {number}
 * @property {number} OVERRIDE_ACTION_ALLOW=0 OVERRIDE_ACTION_ALLOW value
 * @property {number} OVERRIDE_ACTION_DENY=1 OVERRIDE_ACTION_DENY value
 * @property {number} OVERRIDE_ACTION_ADVISORY=2 OVERRIDE_ACTION_ADVISORY value
 * @property {number} OVERRIDE_ACTION_RETIREMENT=3 OVERRIDE_ACTION_RETIREMENT value
 * @property {number} OVERRIDE_ACTION_COOLDOWN=4 OVERRIDE_ACTION_COOLDOWN value
 */
export const OverrideAction = $root.OverrideAction = (() => {
    const valuesById = $Object.create(null), values = $Object.create(valuesById);
    values[valuesById[0] = "OVERRIDE_ACTION_ALLOW"] = 0;
    values[valuesById[1] = "OVERRIDE_ACTION_DENY"] = 1;
    values[valuesById[2] = "OVERRIDE_ACTION_ADVISORY"] = 2;
    values[valuesById[3] = "OVERRIDE_ACTION_RETIREMENT"] = 3;
    values[valuesById[4] = "OVERRIDE_ACTION_COOLDOWN"] = 4;
    return values;
})();

export const PackageRef = $root.PackageRef = (() => {

    /**
     * Properties of a PackageRef.
     * @typedef {Object} PackageRef.$Properties
     * @property {string} "package" PackageRef package
     * @property {string|null} [requirement] PackageRef requirement
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a PackageRef.
     * @exports IPackageRef
     * @interface IPackageRef
     * @augments PackageRef.$Properties
     * @deprecated Use PackageRef.$Properties instead.
     */

    /**
     * Shape of a PackageRef.
     * @typedef {PackageRef.$Properties} PackageRef.$Shape
     */

    /**
     * Constructs a new PackageRef.
     * @exports PackageRef
     * @classdesc Represents a PackageRef.
     * @constructor
     * @param {PackageRef.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const PackageRef = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * PackageRef package.
     * @member {string} package
     * @memberof PackageRef
     * @instance
     */
    PackageRef.prototype["package"] = "";

    /**
     * PackageRef requirement.
     * @member {string|null|undefined} requirement
     * @memberof PackageRef
     * @instance
     */
    PackageRef.prototype.requirement = null;

    /**
     * Encodes the specified PackageRef message. Does not implicitly {@link PackageRef.verify|verify} messages.
     * @function encode
     * @memberof PackageRef
     * @static
     * @param {PackageRef.$Properties} message PackageRef message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    PackageRef.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 2 =*/10).string(message["package"]);
        if (message.requirement != null && $Object.hasOwnProperty.call(message, "requirement"))
            writer.uint32(/* id 2, wireType 2 =*/18).string(message.requirement);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a PackageRef message from the specified reader or buffer.
     * @function decode
     * @memberof PackageRef
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {PackageRef & PackageRef.$Shape} PackageRef
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    PackageRef.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.PackageRef();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    message["package"] = reader.stringVerify();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.requirement = reader.stringVerify();
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        if (!$Object.hasOwnProperty.call(message, "package"))
            throw $util.ProtocolError("missing required 'package'", { instance: message });
        return message;
    };

    return PackageRef;
})();

/**
 * RetirementReason enum.
 * @name RetirementReason
 * @enum {number}
 * @property {number} RETIRED_OTHER=0 RETIRED_OTHER value
 * @property {number} RETIRED_INVALID=1 RETIRED_INVALID value
 * @property {number} RETIRED_SECURITY=2 RETIRED_SECURITY value
 * @property {number} RETIRED_DEPRECATED=3 RETIRED_DEPRECATED value
 * @property {number} RETIRED_RENAMED=4 RETIRED_RENAMED value
 */
export const RetirementReason = $root.RetirementReason = (() => {
    const valuesById = $Object.create(null), values = $Object.create(valuesById);
    values[valuesById[0] = "RETIRED_OTHER"] = 0;
    values[valuesById[1] = "RETIRED_INVALID"] = 1;
    values[valuesById[2] = "RETIRED_SECURITY"] = 2;
    values[valuesById[3] = "RETIRED_DEPRECATED"] = 3;
    values[valuesById[4] = "RETIRED_RENAMED"] = 4;
    return values;
})();

/**
 * AdvisorySeverity enum.
 * @name AdvisorySeverity
 * @enum {number}
 * @property {number} SEVERITY_NONE=0 SEVERITY_NONE value
 * @property {number} SEVERITY_LOW=1 SEVERITY_LOW value
 * @property {number} SEVERITY_MEDIUM=2 SEVERITY_MEDIUM value
 * @property {number} SEVERITY_HIGH=3 SEVERITY_HIGH value
 * @property {number} SEVERITY_CRITICAL=4 SEVERITY_CRITICAL value
 */
export const AdvisorySeverity = $root.AdvisorySeverity = (() => {
    const valuesById = $Object.create(null), values = $Object.create(valuesById);
    values[valuesById[0] = "SEVERITY_NONE"] = 0;
    values[valuesById[1] = "SEVERITY_LOW"] = 1;
    values[valuesById[2] = "SEVERITY_MEDIUM"] = 2;
    values[valuesById[3] = "SEVERITY_HIGH"] = 3;
    values[valuesById[4] = "SEVERITY_CRITICAL"] = 4;
    return values;
})();

export {
  $root as default
};
