// Generated from proto/versions.proto by "npm run proto". Do not edit.
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["versions"] || ($protobuf.roots["versions"] = {});

export const Versions = $root.Versions = (() => {

    /**
     * Properties of a Versions.
     * @typedef {Object} Versions.$Properties
     * @property {Array.<Package.$Properties>|null} [packages] Versions packages
     * @property {string} repository Versions repository
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Versions.
     * @exports IVersions
     * @interface IVersions
     * @augments Versions.$Properties
     * @deprecated Use Versions.$Properties instead.
     */

    /**
     * Shape of a Versions.
     * @typedef {Versions.$Properties} Versions.$Shape
     */

    /**
     * Constructs a new Versions.
     * @exports Versions
     * @classdesc Represents a Versions.
     * @constructor
     * @param {Versions.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Versions = function (properties) {
        this.packages = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Versions packages.
     * @member {Array.<Package.$Properties>} packages
     * @memberof Versions
     * @instance
     */
    Versions.prototype.packages = $util.emptyArray;

    /**
     * Versions repository.
     * @member {string} repository
     * @memberof Versions
     * @instance
     */
    Versions.prototype.repository = "";

    /**
     * Encodes the specified Versions message. Does not implicitly {@link Versions.verify|verify} messages.
     * @function encode
     * @memberof Versions
     * @static
     * @param {Versions.$Properties} message Versions message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Versions.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.packages != null && message.packages.length)
            for (let i = 0; i < message.packages.length; ++i)
                $root.Package.encode(message.packages[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
        writer.uint32(/* id 2, wireType 2 =*/18).string(message.repository);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Versions message from the specified reader or buffer.
     * @function decode
     * @memberof Versions
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Versions & Versions.$Shape} Versions
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Versions.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.Versions();
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
                    if (!(message.packages && message.packages.length))
                        message.packages = [];
                    message.packages.push($root.Package.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            case 2: {
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
        if (!$Object.hasOwnProperty.call(message, "repository"))
            throw $util.ProtocolError("missing required 'repository'", { instance: message });
        return message;
    };

    return Versions;
})();

export const Package = $root.Package = (() => {

    /**
     * Properties of a Package.
     * @typedef {Object} Package.$Properties
     * @property {string} name Package name
     * @property {Array.<string>|null} [versions] Package versions
     * @property {Array.<number>|null} [retired] Package retired
     * @property {Array.<number>|null} [withAdvisories] Package withAdvisories
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
        this.versions = [];
        this.retired = [];
        this.withAdvisories = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Package name.
     * @member {string} name
     * @memberof Package
     * @instance
     */
    Package.prototype.name = "";

    /**
     * Package versions.
     * @member {Array.<string>} versions
     * @memberof Package
     * @instance
     */
    Package.prototype.versions = $util.emptyArray;

    /**
     * Package retired.
     * @member {Array.<number>} retired
     * @memberof Package
     * @instance
     */
    Package.prototype.retired = $util.emptyArray;

    /**
     * Package withAdvisories.
     * @member {Array.<number>} withAdvisories
     * @memberof Package
     * @instance
     */
    Package.prototype.withAdvisories = $util.emptyArray;

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
        writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
        if (message.versions != null && message.versions.length)
            for (let i = 0; i < message.versions.length; ++i)
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.versions[i]);
        if (message.retired != null && message.retired.length)
            writer.uint32(/* id 3, wireType 2 =*/26).int32s(message.retired);
        if (message.withAdvisories != null && message.withAdvisories.length)
            writer.uint32(/* id 5, wireType 2 =*/42).int32s(message.withAdvisories);
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
                    message.name = reader.stringVerify();
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    if (!(message.versions && message.versions.length))
                        message.versions = [];
                    message.versions.push(reader.stringVerify());
                    continue;
                }
            case 3: {
                    if (wireType === 2) {
                        if (!(message.retired && message.retired.length))
                            message.retired = [];
                        reader.int32s(message.retired);
                        continue;
                    }
                    if (wireType !== 0)
                        break;
                    if (!(message.retired && message.retired.length))
                        message.retired = [];
                    message.retired.push(reader.int32());
                    continue;
                }
            case 5: {
                    if (wireType === 2) {
                        if (!(message.withAdvisories && message.withAdvisories.length))
                            message.withAdvisories = [];
                        reader.int32s(message.withAdvisories);
                        continue;
                    }
                    if (wireType !== 0)
                        break;
                    if (!(message.withAdvisories && message.withAdvisories.length))
                        message.withAdvisories = [];
                    message.withAdvisories.push(reader.int32());
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
        return message;
    };

    return Package;
})();

export {
  $root as default
};
