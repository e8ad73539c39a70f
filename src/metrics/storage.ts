import type { Storage } from "../storage/storage.ts";
import { count, seriesOf } from "./tally.ts";

/** The same storage; what fails is counted, and fails. */
export function countErrors(storage: Storage, repository: string): Storage {
  const counted = <T>(operation: string, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      countStorageError(repository, operation);
      throw error;
    });
  return {
    head: (key) => counted("head", storage.head(key)),
    get: (key, range) => counted("get", storage.get(key, range)),
    put: (key, bytes, condition) => counted("put", storage.put(key, bytes, condition)),
    delete: (key) => counted("delete", storage.delete(key)),
    list: (prefix, after) => countedList(storage.list(prefix, after), repository),
  };
}

async function* countedList(keys: AsyncIterable<string>, repository: string) {
  try {
    yield* keys;
  } catch (error) {
    countStorageError(repository, "list");
    throw error;
  }
}

export function countStorageError(repository: string, operation: string): void {
  count(seriesOf("hexedge_storage_errors_total", { repository, operation }));
}
