// Generated from proto/package.proto by "npm run proto". Do not edit.
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["package"] || ($protobuf.roots["package"] = {});

export const Package = $root.Package = (() => {

    /**
     * Properties of a Package.
     * @typedef {Object} Package.$Properties
     * @property {Array.<Release.$Properties>|null} [releases] Package releases
     * @property {string} name Package name
     * @property {string} repository Package repository
     * @property {Array.<SecurityAdvisory.$Properties>|null} [advisories] Package advisories
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Package.
     * @exports IPackage
     * @interface IPackage
     * @augments Package.$Properties
     * @deprecated Use Package.$Properties instead.
     */

    /**
     * Shape of a Package.
     * @typedef {Package.$Properties} Package.$Shape
     */

    /**
     * Constructs a new Package.
     * @exports Package
     * @classdesc Represents a Package.
     * @constructor
     * @param {Package.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Package = function (properties) {
        this.releases = [];
        this.advisories = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Package releases.
     * @member {Array.<Release.$Properties>} releases
     * @memberof Package
     * @instance
     */
    Package.prototype.releases = $util.emptyArray;

    /**
     * Package name.
     * @member {string} name
     * @memberof Package
     * @instance
     */
    Package.prototype.name = "";

    /**
     * Package repository.
     * @member {string} repository
     * @memberof Package
     * @instance
     */
    Package.prototype.repository = "";

    /**
     * Package advisories.
     * @member {Array.<SecurityAdvisory.$Properties>} advisories
     * @memberof Package
     * @instance
     */
    Package.prototype.advisories = $util.emptyArray;

    /**
     * Encodes the specified Package message. Does not implicitly {@link Package.verify|verify} messages.
     * @function encode
     * @memberof Package
     * @static
     * @param {Package.$Properties} message Package message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Package.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.releases != null && message.releases.length)
            for (let i = 0; i < message.releases.length; ++i)
                $root.Release.encode(message.releases[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
        writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
        writer.uint32(/* id 3, wireType 2 =*/26).string(message.repository);
        if (message.advisories != null && message.advisories.length)
            for (let i = 0; i < message.advisories.length; ++i)
                $root.SecurityAdvisory.encode(message.advisories[i], writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Package message from the specified reader or buffer.
     * @function decode
     * @memberof Package
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Package & Package.$Shape} Package
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Package.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.Package();
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
                    if (!(message.releases && message.releases.length))
                        message.releases = [];
                    message.releases.push($root.Release.decode(reader, reader.size(), $undefined, _depth + 1));
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
                    message.repository = reader.stringVerify();
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    if (!(message.advisories && message.advisories.length))
                        message.advisories = [];
                    message.advisories.push($root.SecurityAdvisory.decode(reader, reader.size(), $undefined, _depth + 1));
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
        if (!$Object.hasOwnProperty.call(message, "name"))
            throw $util.ProtocolError("missing required 'name'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "repository"))
            throw $util.ProtocolError("missing required 'repository'", { instance: message });
        return message;
    };

    return Package;
})();

export const Release = $root.Release = (() => {

    /**
     * Properties of a Release.
     * @typedef {Object} Release.$Properties
     * @property {string} version Release version
     * @property {Uint8Array} innerChecksum Release innerChecksum
     * @property {Array.<Dependency.$Properties>|null} [dependencies] Release dependencies
     * @property {RetirementStatus.$Properties|null} [retired] Release retired
     * @property {Uint8Array|null} [outerChecksum] Release outerChecksum
     * @property {Array.<number>|null} [advisoryIndexes] Release advisoryIndexes
     * @property {Timestamp.$Properties|null} [publishedAt] Release publishedAt
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Release.
     * @exports IRelease
     * @interface IRelease
     * @augments Release.$Properties
     * @deprecated Use Release.$Properties instead.
     */

    /**
     * Shape of a Release.
     * @typedef {Release.$Properties} Release.$Shape
     */

    /**
     * Constructs a new Release.
     * @exports Release
     * @classdesc Represents a Release.
     * @constructor
     * @param {Release.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Release = function (properties) {
        this.dependencies = [];
        this.advisoryIndexes = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Release version.
     * @member {string} version
     * @memberof Release
     * @instance
     */
    Release.prototype.version = "";

    /**
     * Release innerChecksum.
     * @member {Uint8Array} innerChecksum
     * @memberof Release
     * @instance
     */
    Release.prototype.innerChecksum = $util.newBuffer([]);

    /**
     * Release dependencies.
     * @member {Array.<Dependency.$Properties>} dependencies
     * @memberof Release
     * @instance
     */
    Release.prototype.dependencies = $util.emptyArray;

    /**
     * Release retired.
     * @member {RetirementStatus.$Properties|null|undefined} retired
     * @memberof Release
     * @instance
     */
    Release.prototype.retired = null;

    /**
     * Release outerChecksum.
     * @member {Uint8Array|null|undefined} outerChecksum
     * @memberof Release
     * @instance
     */
    Release.prototype.outerChecksum = null;

    /**
     * Release advisoryIndexes.
     * @member {Array.<number>} advisoryIndexes
     * @memberof Release
     * @instance
     */
    Release.prototype.advisoryIndexes = $util.emptyArray;

    /**
     * Release publishedAt.
     * @member {Timestamp.$Properties|null|undefined} publishedAt
     * @memberof Release
     * @instance
     */
    Release.prototype.publishedAt = null;

    /**
     * Encodes the specified Release message. Does not implicitly {@link Release.verify|verify} messages.
     * @function encode
     * @memberof Release
     * @static
     * @param {Release.$Properties} message Release message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Release.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 2 =*/10).string(message.version);
        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.innerChecksum);
        if (message.dependencies != null && message.dependencies.length)
            for (let i = 0; i < message.dependencies.length; ++i)
                $root.Dependency.encode(message.dependencies[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
        if (message.retired != null && $Object.hasOwnProperty.call(message, "retired"))
            $root.RetirementStatus.encode(message.retired, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
        if (message.outerChecksum != null && $Object.hasOwnProperty.call(message, "outerChecksum"))
            writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.outerChecksum);
        if (message.advisoryIndexes != null && message.advisoryIndexes.length)
            for (let i = 0; i < message.advisoryIndexes.length; ++i)
                writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.advisoryIndexes[i]);
        if (message.publishedAt != null && $Object.hasOwnProperty.call(message, "publishedAt"))
            $root.Timestamp.encode(message.publishedAt, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Release message from the specified reader or buffer.
     * @function decode
     * @memberof Release
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Release & Release.$Shape} Release
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Release.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.Release();
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
                    message.version = reader.stringVerify();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.innerChecksum = reader.bytes();
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    if (!(message.dependencies && message.dependencies.length))
                        message.dependencies = [];
                    message.dependencies.push($root.Dependency.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    message.retired = $root.RetirementStatus.decode(reader, reader.size(), $undefined, _depth + 1, message.retired);
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    message.outerChecksum = reader.bytes();
                    continue;
                }
            case 6: {
                    if (wireType === 2) {
                        if (!(message.advisoryIndexes && message.advisoryIndexes.length))
                            message.advisoryIndexes = [];
                        reader.uint32s(message.advisoryIndexes);
                        continue;
                    }
                    if (wireType !== 0)
                        break;
                    if (!(message.advisoryIndexes && message.advisoryIndexes.length))
                        message.advisoryIndexes = [];
                    message.advisoryIndexes.push(reader.uint32());
                    continue;
                }
            case 7: {
                    if (wireType !== 2)
                        break;
                    message.publishedAt = $root.Timestamp.decode(reader, reader.size(), $undefined, _depth + 1, message.publishedAt);
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
        if (!$Object.hasOwnProperty.call(message, "version"))
            throw $util.ProtocolError("missing required 'version'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "innerChecksum"))
            throw $util.ProtocolError("missing required 'innerChecksum'", { instance: message });
        return message;
    };

    return Release;
})();

export const RetirementStatus = $root.RetirementStatus = (() => {

    /**
     * Properties of a RetirementStatus.
     * @typedef {Object} RetirementStatus.$Properties
     * @property {RetirementReason} reason RetirementStatus reason
     * @property {string|null} [message] RetirementStatus message
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a RetirementStatus.
     * @exports IRetirementStatus
     * @interface IRetirementStatus
     * @augments RetirementStatus.$Properties
     * @deprecated Use RetirementStatus.$Properties instead.
     */

    /**
     * Shape of a RetirementStatus.
     * @typedef {RetirementStatus.$Properties} RetirementStatus.$Shape
     */

    /**
     * Constructs a new RetirementStatus.
     * @exports RetirementStatus
     * @classdesc Represents a RetirementStatus.
     * @constructor
     * @param {RetirementStatus.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const RetirementStatus = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * RetirementStatus reason.
     * @member {RetirementReason} reason
     * @memberof RetirementStatus
     * @instance
     */
    RetirementStatus.prototype.reason = 0;

    /**
     * RetirementStatus message.
     * @member {string|null|undefined} message
     * @memberof RetirementStatus
     * @instance
     */
    RetirementStatus.prototype.message = null;

    /**
     * Encodes the specified RetirementStatus message. Does not implicitly {@link RetirementStatus.verify|verify} messages.
     * @function encode
     * @memberof RetirementStatus
     * @static
     * @param {RetirementStatus.$Properties} message RetirementStatus message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    RetirementStatus.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 0 =*/8).int32(message.reason);
        if (message.message != null && $Object.hasOwnProperty.call(message, "message"))
            writer.uint32(/* id 2, wireType 2 =*/18).string(message.message);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a RetirementStatus message from the specified reader or buffer.
     * @function decode
     * @memberof RetirementStatus
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {RetirementStatus & RetirementStatus.$Shape} RetirementStatus
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    RetirementStatus.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.RetirementStatus();
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
                    message.reason = reader.int32();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.message = reader.stringVerify();
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
        if (!$Object.hasOwnProperty.call(message, "reason"))
            throw $util.ProtocolError("missing required 'reason'", { instance: message });
        return message;
    };

    return RetirementStatus;
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

export const SecurityAdvisory = $root.SecurityAdvisory = (() => {

    /**
     * Properties of a SecurityAdvisory.
     * @typedef {Object} SecurityAdvisory.$Properties
     * @property {string} id SecurityAdvisory id
     * @property {string} summary SecurityAdvisory summary
     * @property {string} htmlUrl SecurityAdvisory htmlUrl
     * @property {AdvisorySeverity|null} [severity] SecurityAdvisory severity
     * @property {number|null} [cvssScore] SecurityAdvisory cvssScore
     * @property {string} apiUrl SecurityAdvisory apiUrl
     * @property {Array.<string>|null} [aliases] SecurityAdvisory aliases
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a SecurityAdvisory.
     * @exports ISecurityAdvisory
     * @interface ISecurityAdvisory
     * @augments SecurityAdvisory.$Properties
     * @deprecated Use SecurityAdvisory.$Properties instead.
     */

    /**
     * Shape of a SecurityAdvisory.
     * @typedef {SecurityAdvisory.$Properties} SecurityAdvisory.$Shape
     */

    /**
     * Constructs a new SecurityAdvisory.
     * @exports SecurityAdvisory
     * @classdesc Represents a SecurityAdvisory.
     * @constructor
     * @param {SecurityAdvisory.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const SecurityAdvisory = function (properties) {
        this.aliases = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * SecurityAdvisory id.
     * @member {string} id
     * @memberof SecurityAdvisory
     * @instance
     */
    SecurityAdvisory.prototype.id = "";

    /**
     * SecurityAdvisory summary.
     * @member {string} summary
     * @memberof SecurityAdvisory
     * @instance
     */
    SecurityAdvisory.prototype.summary = "";

    /**
     * SecurityAdvisory htmlUrl.
     * @member {string} htmlUrl
     * @memberof SecurityAdvisory
     * @instance
     */
    SecurityAdvisory.prototype.htmlUrl = "";

    /**
     * SecurityAdvisory severity.
     * @member {AdvisorySeverity|null|undefined} severity
     * @memberof SecurityAdvisory
     * @instance
     */
    SecurityAdvisory.prototype.severity = null;

    /**
     * SecurityAdvisory cvssScore.
     * @member {number|null|undefined} cvssScore
     * @memberof SecurityAdvisory
     * @instance
     */
    SecurityAdvisory.prototype.cvssScore = null;

    /**
     * SecurityAdvisory apiUrl.
     * @member {string} apiUrl
     * @memberof SecurityAdvisory
     * @instance
     */
    SecurityAdvisory.prototype.apiUrl = "";

    /**
     * SecurityAdvisory aliases.
     * @member {Array.<string>} aliases
     * @memberof SecurityAdvisory
     * @instance
     */
    SecurityAdvisory.prototype.aliases = $util.emptyArray;

    /**
     * Encodes the specified SecurityAdvisory message. Does not implicitly {@link SecurityAdvisory.verify|verify} messages.
     * @function encode
     * @memberof SecurityAdvisory
     * @static
     * @param {SecurityAdvisory.$Properties} message SecurityAdvisory message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    SecurityAdvisory.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 2 =*/10).string(message.id);
        writer.uint32(/* id 2, wireType 2 =*/18).string(message.summary);
        writer.uint32(/* id 3, wireType 2 =*/26).string(message.htmlUrl);
        if (message.severity != null && $Object.hasOwnProperty.call(message, "severity"))
            writer.uint32(/* id 4, wireType 0 =*/32).int32(message.severity);
        if (message.cvssScore != null && $Object.hasOwnProperty.call(message, "cvssScore"))
            writer.uint32(/* id 5, wireType 5 =*/45).float(message.cvssScore);
        writer.uint32(/* id 6, wireType 2 =*/50).string(message.apiUrl);
        if (message.aliases != null && message.aliases.length)
            for (let i = 0; i < message.aliases.length; ++i)
                writer.uint32(/* id 7, wireType 2 =*/58).string(message.aliases[i]);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a SecurityAdvisory message from the specified reader or buffer.
     * @function decode
     * @memberof SecurityAdvisory
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {SecurityAdvisory & SecurityAdvisory.$Shape} SecurityAdvisory
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    SecurityAdvisory.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.SecurityAdvisory();
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
                    message.id = reader.stringVerify();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.summary = reader.stringVerify();
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.htmlUrl = reader.stringVerify();
                    continue;
                }
            case 4: {
                    if (wireType !== 0)
                        break;
                    message.severity = reader.int32();
                    continue;
                }
            case 5: {
                    if (wireType !== 5)
                        break;
                    message.cvssScore = reader.float();
                    continue;
                }
            case 6: {
                    if (wireType !== 2)
                        break;
                    message.apiUrl = reader.stringVerify();
                    continue;
                }
            case 7: {
                    if (wireType !== 2)
                        break;
                    if (!(message.aliases && message.aliases.length))
                        message.aliases = [];
                    message.aliases.push(reader.stringVerify());
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
        if (!$Object.hasOwnProperty.call(message, "id"))
            throw $util.ProtocolError("missing required 'id'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "summary"))
            throw $util.ProtocolError("missing required 'summary'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "htmlUrl"))
            throw $util.ProtocolError("missing required 'htmlUrl'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "apiUrl"))
            throw $util.ProtocolError("missing required 'apiUrl'", { instance: message });
        return message;
    };

    return SecurityAdvisory;
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

export const Dependency = $root.Dependency = (() => {

    /**
     * Properties of a Dependency.
     * @typedef {Object} Dependency.$Properties
     * @property {string} "package" Dependency package
     * @property {string} requirement Dependency requirement
     * @property {boolean|null} [optional] Dependency optional
     * @property {string|null} [app] Dependency app
     * @property {string|null} [repository] Dependency repository
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Dependency.
     * @exports IDependency
     * @interface IDependency
     * @augments Dependency.$Properties
     * @deprecated Use Dependency.$Properties instead.
     */

    /**
     * Shape of a Dependency.
     * @typedef {Dependency.$Properties} Dependency.$Shape
     */

    /**
     * Constructs a new Dependency.
     * @exports Dependency
     * @classdesc Represents a Dependency.
     * @constructor
     * @param {Dependency.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Dependency = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Dependency package.
     * @member {string} package
     * @memberof Dependency
     * @instance
     */
    Dependency.prototype["package"] = "";

    /**
     * Dependency requirement.
     * @member {string} requirement
     * @memberof Dependency
     * @instance
     */
    Dependency.prototype.requirement = "";

    /**
     * Dependency optional.
     * @member {boolean|null|undefined} optional
     * @memberof Dependency
     * @instance
     */
    Dependency.prototype.optional = null;

    /**
     * Dependency app.
     * @member {string|null|undefined} app
     * @memberof Dependency
     * @instance
     */
    Dependency.prototype.app = null;

    /**
     * Dependency repository.
     * @member {string|null|undefined} repository
     * @memberof Dependency
     * @instance
     */
    Dependency.prototype.repository = null;

    /**
     * Encodes the specified Dependency message. Does not implicitly {@link Dependency.verify|verify} messages.
     * @function encode
     * @memberof Dependency
     * @static
     * @param {Dependency.$Properties} message Dependency message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Dependency.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 2 =*/10).string(message["package"]);
        writer.uint32(/* id 2, wireType 2 =*/18).string(message.requirement);
        if (message.optional != null && $Object.hasOwnProperty.call(message, "optional"))
            writer.uint32(/* id 3, wireType 0 =*/24).bool(message.optional);
        if (message.app != null && $Object.hasOwnProperty.call(message, "app"))
            writer.uint32(/* id 4, wireType 2 =*/34).string(message.app);
        if (message.repository != null && $Object.hasOwnProperty.call(message, "repository"))
            writer.uint32(/* id 5, wireType 2 =*/42).string(message.repository);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Dependency message from the specified reader or buffer.
     * @function decode
     * @memberof Dependency
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Dependency & Dependency.$Shape} Dependency
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Dependency.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.Dependency();
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
            case 3: {
                    if (wireType !== 0)
                        break;
                    message.optional = reader.bool();
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    message.app = reader.stringVerify();
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    message.repository = reader.stringVerify();
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
        if (!$Object.hasOwnProperty.call(message, "requirement"))
            throw $util.ProtocolError("missing required 'requirement'", { instance: message });
        return message;
    };

    return Dependency;
})();

export const Timestamp = $root.Timestamp = (() => {

    /**
     * Properties of a Timestamp.
     * @typedef {Object} Timestamp.$Properties
     * @property {number|Long} seconds Timestamp seconds
     * @property {number} nanos Timestamp nanos
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Timestamp.
     * @exports ITimestamp
     * @interface ITimestamp
     * @augments Timestamp.$Properties
     * @deprecated Use Timestamp.$Properties instead.
     */

    /**
     * Shape of a Timestamp.
     * @typedef {Timestamp.$Properties} Timestamp.$Shape
     */

    /**
     * Constructs a new Timestamp.
     * @exports Timestamp
     * @classdesc Represents a Timestamp.
     * @constructor
     * @param {Timestamp.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Timestamp = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Timestamp seconds.
     * @member {number|Long} seconds
     * @memberof Timestamp
     * @instance
     */
    Timestamp.prototype.seconds = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

    /**
     * Timestamp nanos.
     * @member {number} nanos
     * @memberof Timestamp
     * @instance
     */
    Timestamp.prototype.nanos = 0;

    /**
     * Encodes the specified Timestamp message. Does not implicitly {@link Timestamp.verify|verify} messages.
     * @function encode
     * @memberof Timestamp
     * @static
     * @param {Timestamp.$Properties} message Timestamp message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Timestamp.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        writer.uint32(/* id 1, wireType 0 =*/8).int64(message.seconds);
        writer.uint32(/* id 2, wireType 0 =*/16).int32(message.nanos);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Timestamp message from the specified reader or buffer.
     * @function decode
     * @memberof Timestamp
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Timestamp & Timestamp.$Shape} Timestamp
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Timestamp.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.Timestamp();
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
                    message.seconds = reader.int64();
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    message.nanos = reader.int32();
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
        if (!$Object.hasOwnProperty.call(message, "seconds"))
            throw $util.ProtocolError("missing required 'seconds'", { instance: message });
        if (!$Object.hasOwnProperty.call(message, "nanos"))
            throw $util.ProtocolError("missing required 'nanos'", { instance: message });
        return message;
    };

    return Timestamp;
})();

export {
  $root as default
};
