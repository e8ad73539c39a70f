// The tags of the external term format that we read or write, by the names that Erlang's manual
// gives them (ERTS, "External Term Format"), with what follows each. Numbers are big-endian.
// What is missing here is refused: functions, ports, pids, references, exports, bit strings, and
// compressed terms (80), which Hex refuses because a few bytes would grow into gigabytes.

/** The first byte of every term that crosses the network. */
export const VERSION = 131;

/** 1 byte, unsigned. */
export const SMALL_INTEGER_EXT = 97;
/** 4 bytes, signed. */
export const INTEGER_EXT = 98;
/** 1 byte: how many bytes; 1 byte: 0 for plus, 1 for minus; then the magnitude, little-endian. */
export const SMALL_BIG_EXT = 110;
/** The same with 4 bytes for how many. */
export const LARGE_BIG_EXT = 111;
/** 31 bytes of text as C prints it with "%.20e", filled up with zero bytes. */
export const FLOAT_EXT = 99;
/** 8 bytes, IEEE 754. */
export const NEW_FLOAT_EXT = 70;

/** 2 bytes: how many; then Latin-1. */
export const ATOM_EXT = 100;
/** 1 byte: how many; then Latin-1. */
export const SMALL_ATOM_EXT = 115;
/** 2 bytes: how many; then UTF-8. */
export const ATOM_UTF8_EXT = 118;
/** 1 byte: how many; then UTF-8. */
export const SMALL_ATOM_UTF8_EXT = 119;

/** 4 bytes: how many; then the bytes. */
export const BINARY_EXT = 109;
/** 2 bytes: how many; then that many elements of a list, each an integer of one byte. */
export const STRING_EXT = 107;
/** The empty list; also the tail that ends every proper list. */
export const NIL_EXT = 106;
/** 4 bytes: how many; then the elements; then the tail. */
export const LIST_EXT = 108;
/** 1 byte: how many; then the elements. */
export const SMALL_TUPLE_EXT = 104;
/** 4 bytes: how many; then the elements. */
export const LARGE_TUPLE_EXT = 105;
/** 4 bytes: how many pairs; then key, value, key, value … */
export const MAP_EXT = 116;
