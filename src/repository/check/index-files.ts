/** names, versions and public_key, against the ledger; and the lists, which are in no file. */
import { RegistryError, unpackNames, unpackVersions } from "../../hex/registry.ts";
import { parsePublicKey } from "../../hex/sign.ts";
import { sortVersions } from "../../hex/version.ts";
import { namesKey, publicKeyKey, versionsKey } from "../keys.ts";
import type { Facts, IndexFacts } from "./facts.ts";
import type { Problem } from "./problem.ts";
import { type Reader, Unreadable } from "./reader.ts";

/** All pages of the facts. */
export type Index = Pick<IndexFacts, "packages" | "listed">;

/** So many are said in full; of more, where they begin to differ. */
const saidMax = 20;

/** Kept in the same step as every change, so they are never behind. */
export function checkLists({ listed, packages }: Index): Problem[] {
  const due = packages.map(({ name }) => name);
  const says = differenceOf("lists know of", "of ", listed, due);
  return says.map((it) => ({ says: it, cure: { do: "write lists" } }));
}

export async function checkIndexFiles(
  reader: Reader,
  { repository, publicKeyPem }: Pick<Facts, "repository" | "publicKeyPem">,
  { packages }: Index,
): Promise<Problem[]> {
  const publicKey = await parsePublicKey(publicKeyPem);
  const says: string[] = [];
  const read = async <T>(path: string, key: string, unpack: (file: Uint8Array) => Promise<T>) => {
    try {
      const file = await reader.read(key);
      if (file) return await unpack(file);
      says.push(`${path} is missing`);
    } catch (error) {
      if (error instanceof Unreadable) says.push(error.message);
      else if (error instanceof RegistryError) says.push(`${path}: ${error.message}`);
      else throw error;
    }
    return undefined;
  };
  const names = await read("names", namesKey(repository), (file) =>
    unpackNames(file, publicKey, { repository }),
  );
  const versions = await read("versions", versionsKey(repository), (file) =>
    unpackVersions(file, publicKey, { repository }),
  );
  if (names) {
    const told = names.packages.map(({ name }) => name);
    const due = packages.map(({ name }) => name);
    says.push(...differenceOf("names says", "", told, due));
  }
  if (versions) {
    const told = versions.packages.map(
      ({ name, versions: list, retired }) => `${name} ${list} retired ${retired}`,
    );
    says.push(...differenceOf("versions says", "", told, packages.map(versionsText), ";"));
  }
  const isOurs = async (file: Uint8Array) => new TextDecoder().decode(file) === publicKeyPem;
  const isSame = await read("public_key", publicKeyKey(repository), isOurs);
  if (isSame === false) says.push("public_key is not the key that signs");
  return says.map((it) => ({ says: it, cure: { do: "write index" } }));
}

function versionsText({ name, versions, retired }: IndexFacts["packages"][number]): string {
  const sorted = sortVersions(versions);
  const indexes = [...sorted.keys()].filter((at) => retired.includes(sorted[at] ?? ""));
  return `${name} ${sorted} retired ${indexes}`;
}

/** A sentence, or none. */
function differenceOf(
  says: string,
  of: string,
  told: readonly string[],
  due: readonly string[],
  between = ",",
): string[] {
  if (told.join(between) === due.join(between)) return [];
  if (Math.max(told.length, due.length) <= saidMax) {
    return [`${says} ${told.join(between)}, the ledger ${of}${due.join(between)}`];
  }
  const at = firstDifference(told, due);
  const [is, should] = [told[at] ?? "nothing", due[at] ?? "nothing"];
  const counts = `${told.length} packages, the ledger ${of}${due.length}`;
  return [`${says} ${counts}; number ${at + 1} is ${is}, in the ledger ${should}`];
}

function firstDifference(told: readonly string[], due: readonly string[]): number {
  const at = due.findIndex((it, index) => it !== told[index]);
  return at < 0 ? due.length : at;
}
