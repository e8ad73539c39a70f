import type { Deliveries } from "../webhooks/deliveries.ts";
import type { Permission } from "./permission.ts";

/** What the verbs of the Accounts object work with. None of them awaits between question and answer. */
export interface World {
  sql: SqlStorage;
  /** What webhooks are to hear. */
  deliveries: Deliveries;
  /** All or nothing. */
  step<T>(work: () => T): T;
  now(): number;
  /** ACCOUNTS_SECRET: under it keys are hashed and tokens signed. */
  secret: string;
  /** Every declared repository is an organization of the same name; is it public? */
  organizations: ReadonlyMap<string, { public: boolean }>;
  /** Under it the cookies of pages are signed: with another admin key all of them are void. */
  pageSecret: string;
  /** In 15 minutes, of an address or an account; 0 for any number. */
  failuresMax: number;
}

/** No user has this number: a login under it is of whoever showed the admin key. */
export const adminUserId = 0;

/** The one row that a query finds. */
export function first<T extends Record<string, SqlStorageValue>>(
  { sql }: Pick<World, "sql">,
  query: string,
  ...bindings: SqlStorageValue[]
): T | undefined {
  return sql.exec<T>(query, ...bindings).toArray()[0];
}

export function all<T extends Record<string, SqlStorageValue>>(
  { sql }: Pick<World, "sql">,
  query: string,
  ...bindings: SqlStorageValue[]
): T[] {
  return sql.exec<T>(query, ...bindings).toArray();
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function parsePermissions(json: SqlStorageValue | undefined): Permission[] {
  // Written by us, from checked permissions.
  return JSON.parse(String(json)) as Permission[];
}
