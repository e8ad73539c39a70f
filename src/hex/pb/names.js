// Generated from proto/names.proto by "npm run proto". Do not edit.
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["names"] || ($protobuf.roots["names"] = {});

export const Names = $root.Names = (() => {

    /**
     * Properties of a Names.
     * @typedef {Object} Names.$Properties
     * @property {Array.<Package.$Properties>|null} [packages] Names packages
     * @property {string} repository Names repository
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Names.
     * @exports INames
     * @interface INames
     * @augments Names.$Properties
     * @deprecated Use Names.$Properties instead.
     */

    /**
     * Shape of a Names.
     * @typedef {Names.$Properties} Names.$Shape
     */

    /**
     * Constructs a new Names.
     * @exports Names
     * @classdesc Represents a Names.
     * @constructor
     * @param {Names.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Names = function (properties) {
        this.packages = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Names packages.
     * @member {Array.<Package.$Properties>} packages
     * @memberof Names
     * @instance
     */
    Names.prototype.packages = $util.emptyArray;

    /**
     * Names repository.
     * @member {string} repository
     * @memberof Names
     * @instance
     */
    Names.prototype.repository = "";

    /**
     * Encodes the specified Names message. Does not implicitly {@link Names.verify|verify} messages.
     * @function encode
     * @memberof Names
     * @static
     * @param {Names.$Properties} message Names message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Names.encode = function (message, writer, _depth) {
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
     * Decodes a Names message from the specified reader or buffer.
     * @function decode
     * @memberof Names
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Names & Names.$Shape} Names
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Names.decode = function (reader, length, _end, _depth, _target) {
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
        message = _target || new $root.Names();
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

    return Names;
})();

export const Package = $root.Package = (() => {

    /**
     * Properties of a Package.
     * @typedef {Object} Package.$Properties
     * @property {string} name Package name
     * @property {Timestamp.$Properties|null} [updatedAt] Package updatedAt
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
     * Package updatedAt.
     * @member {Timestamp.$Properties|null|undefined} updatedAt
     * @memberof Package
     * @instance
     */
    Package.prototype.updatedAt = null;

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
        if (message.updatedAt != null && $Object.hasOwnProperty.call(message, "updatedAt"))
            $root.Timestamp.encode(message.updatedAt, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
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
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.updatedAt = $root.Timestamp.decode(reader, reader.size(), $undefined, _depth + 1, message.updatedAt);
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
