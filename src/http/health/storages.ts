/** Writes something small to each storage, reads it, and removes it. */
import type { Config } from "../../config/config.ts";
import { openStorage } from "../../config/storage.ts";
import type { Env } from "../../env.ts";
import { sameBytes } from "../../hex/checksum.ts";
import type { Storage } from "../../storage/storage.ts";
import { faultOf } from "./fault.ts";

export interface TriedStorage {
  /** `r2`, `folder`, `s3` or `kv`. */
  storage: string;
  ok: boolean;
  /** Of what was done. */
  put_ms?: number;
  get_ms?: number;
  delete_ms?: number;
  error?: string;
}

type Times = Omit<TriedStorage, "storage" | "ok" | "error">;

interface Slot {
  put(bytes: Uint8Array): Promise<void>;
  get(): Promise<Uint8Array | undefined>;
  delete(): Promise<void>;
}

export function tryStorages(env: Env, config: Config): Promise<TriedStorage[]> {
  const key = `health/${crypto.randomUUID()}`;
  const opened = new Map<string, () => Slot>([["kv", () => inKv(env.INDEX, key)]]);
  for (const { name, storage } of config.repositories.values()) {
    const kind = storage ?? config.storage ?? (env.FOLDER ? "folder" : "r2");
    opened.set(kind, () => inStorage(openStorage(env, name), key));
  }
  return Promise.all([...opened].map(([storage, open]) => tryOne(storage, open)));
}

async function tryOne(storage: string, open: () => Slot): Promise<TriedStorage> {
  const times: Times = {};
  try {
    const slot = open();
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    let isSame = false;
    times.put_ms = await time(() => slot.put(bytes));
    try {
      times.get_ms = await time(async () => {
        const read = await slot.get();
        isSame = read !== undefined && sameBytes(read, bytes);
      });
    } finally {
      times.delete_ms = await time(() => slot.delete());
    }
    if (!isSame) throw new Error("what was written was not there a moment later");
    return { storage, ok: true, ...times };
  } catch (error) {
    return { storage, ok: false, ...times, ...faultOf(error) };
  }
}

async function time(work: () => Promise<void>): Promise<number> {
  const began = Date.now();
  await work();
  return Date.now() - began;
}

function inStorage(storage: Storage, key: string): Slot {
  return {
    put: async (bytes) => {
      const stored = await storage.put(key, bytes, { kind: "create" });
      if (!stored) throw new Error("something is there already");
    },
    get: async () => {
      const found = await storage.get(key);
      return found && new Uint8Array(await new Response(found.body).arrayBuffer());
    },
    delete: () => storage.delete(key),
  };
}

function inKv(index: KVNamespace, key: string): Slot {
  return {
    // Should the deletion fail, KV forgets it by itself.
    put: (bytes) => index.put(key, bytes, { expirationTtl: 60 }),
    get: async () => {
      const found = await index.get(key, "arrayBuffer");
      return found === null ? undefined : new Uint8Array(found);
    },
    delete: () => index.delete(key),
  };
}
