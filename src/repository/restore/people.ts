/** The last piece of a restore: what the backup says of packages that are here again, line after line. */
import { GzipError, inflate } from "../../hex/gunzip.ts";
import { type Reader, Unreadable } from "../check/reader.ts";
import { backupKey } from "../keys.ts";
import { BackupError, type BackupLine, readLine } from "./backup.ts";

/** The repository's Durable Object is asked with so many at once. */
const linesAtOnce = 100;
/** In one step: a line is half a millisecond of the object's time. */
const linesMax = 5000;

export interface People {
  /** Lines that were remembered. */
  lines: number;
  /** How many lines of the backup are done; null when all are. */
  next: number | null;
  /** Why it cannot be read, which is no reason to do without what it says. */
  broken: string | null;
}

/**
 * Goes on behind so many lines.
 * @param stays whoever is no user any more owns nothing again.
 */
export async function restorePeople(
  reader: Reader,
  repository: string,
  done: number,
  stays: (userId: number) => boolean,
  remember: (lines: BackupLine[]) => Promise<void>,
): Promise<People> {
  let number = 0;
  let lines = 0;
  let some: BackupLine[] = [];
  const send = async () => {
    if (some.length > 0) await remember(some);
    lines += some.length;
    some = [];
  };
  try {
    const bytes = await reader.read(backupKey(repository));
    for await (const text of bytes ? linesOf(bytes) : []) {
      number++;
      if (number <= done) continue;
      const line = readLine(text);
      some.push({ ...line, owners: line.owners.filter(([userId]) => stays(userId)) });
      if (some.length < linesAtOnce) continue;
      await send();
      if (lines >= linesMax || reader.isSpent) return { lines, next: number, broken: null };
    }
    await send();
    return { lines, next: null, broken: null };
  } catch (error) {
    if (error instanceof Unreadable) return { lines, next: null, broken: error.message };
    if (!(error instanceof BackupError)) throw error;
    const broken = `${backupKey(repository)} is damaged: ${error.message}`;
    return { lines, next: null, broken };
  }
}

async function* linesOf(gzip: Uint8Array): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const piece of inflate(gzip)) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    if (error instanceof GzipError) throw new BackupError(error.message);
    throw error;
  }
}
