/**
 * A repeated field of protobuf is a sequence of its occurrences, so the list of packages in `names` and
 * `versions` can be joined from pieces that were encoded one at a time. The ledger keeps a piece per
 * package: joining 20,000 takes 3 ms, where reading all their releases and encoding them anew would
 * cost each publish more the more had been published before it.
 */
import { concatBytes } from "../checksum.ts";
import { Names } from "../pb/names.js";
import { requiredName } from "./fields.ts";
import { encodeMessage } from "./message.ts";

/** What follows the packages when the repository's name, field 2, is empty: its tag and its length. */
const emptyRepositoryBytes = 2;

/**
 * @param entries pieces from encodeNamesEntry, or from encodeVersionsEntry, in byte order of the names.
 * @returns the payload, byte for byte what encodeNames or encodeVersions would have made.
 */
export function concatEntries(entries: Iterable<Uint8Array>, repository: string): Uint8Array {
  // Names and Versions have the same field 2, so this end fits both.
  const end = { packages: [], repository: requiredName(repository, "repository") };
  return concatBytes([...entries, encodeMessage(Names, end)]);
}

/** The piece of one package: `payload` lists it alone, in a repository with an empty name. */
export function entryOf(payload: Uint8Array): Uint8Array {
  return payload.slice(0, payload.length - emptyRepositoryBytes);
}
