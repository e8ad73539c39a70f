/** Which packages a search finds, and in what order. Only the catalog and its words are read. */
import { contains } from "../search/contains.ts";
import {
  type Extra,
  type FreeText,
  matches,
  type Pattern,
  parseSearch,
  type QualifiedName,
  type Search,
} from "../search/grammar.ts";
import { ftsQuery } from "../search/words.ts";
import type { ListQuery, Sort } from "../types.ts";
import { line } from "./catalog.ts";

export interface Found {
  /** The names of one page. */
  packages: { name: string; sortKey: string | number }[];
  /** Of all pages. */
  count: number;
  sort: Sort;
  descending: boolean;
}

/** Finds packages. Whatever is asked for is answered, be it with nothing. */
export function findPackages(sql: SqlStorage, repository: string, query: ListQuery): Found {
  const search = parseSearch(query.search ?? "");
  const order = orderOf(query.sort, search);
  const conditions = new Conditions(sql, repository);
  conditions.all(search);
  const { where, bindings } = conditions;
  const { count } = sql
    .exec<{ count: number }>(`SELECT count(*) AS count FROM catalog WHERE ${where}`, ...bindings)
    .one();
  const direction = order.descending ? "DESC" : "ASC";
  const packages = sql
    .exec<{ name: string; sortKey: string | number }>(
      `SELECT name, ${order.sort} AS sortKey FROM catalog WHERE ${where}
       ORDER BY ${order.sort} ${direction}, name LIMIT ? OFFSET ?`,
      ...[...bindings, natural(query.limit), natural(query.offset)],
    )
    .toArray();
  return { packages, count, ...order };
}

/** Whoever asks what changed since reads on from there, so that comes first. */
function orderOf(sort: string, { updatedAfter }: Search): Pick<Found, "sort" | "descending"> {
  if (updatedAfter !== null) return { sort: "updated_at", descending: false };
  switch (sort) {
    case "recent_downloads":
    case "total_downloads":
    case "inserted_at":
    case "updated_at":
      return { sort, descending: true };
    case "downloads":
      return { sort: "total_downloads", descending: true };
    default:
      return { sort: "name", descending: false };
  }
}

/** Conditions on a row of the catalog; a few dozen bindings at most, however long the search. */
class Conditions {
  readonly bindings: SqlStorageValue[] = [];
  readonly #conditions: string[] = ["1"];
  readonly #sql: SqlStorage;
  readonly #repository: string;

  constructor(sql: SqlStorage, repository: string) {
    this.#sql = sql;
    this.#repository = repository;
  }

  get where(): string {
    return this.#conditions.join(" AND ");
  }

  all(search: Search): void {
    if (search.text) this.#add(this.#text(search.text));
    if (search.name) this.#add(this.#name(search.name));
    if (search.description) this.#add(this.#words(described(search.description)));
    if (search.depends) this.#add(this.#depends(search.depends));
    if (search.buildTool !== null) {
      this.#add(`instr(build_tools, ${this.#bind(line(search.buildTool))})`);
    }
    if (search.updatedAfter !== null) {
      this.#add(`updated_at >= ${this.#bind(search.updatedAfter)}`);
    }
    if (search.extra.length > 0) {
      const ids = JSON.stringify(this.#withExtra(search.extra));
      this.#add(`id IN (SELECT value FROM json_each(${this.#bind(ids)}))`);
    }
  }

  #text(text: FreeText): string {
    const { words } = text;
    const queries = [described(words)];
    // Names are words too: "live view" finds phoenix_live_view.
    if (words.length > 1 && !text.repository)
      queries.push(`({name} : (${ftsQuery(words, "AND")}))`);
    return `(${this.#name(text)} OR ${this.#words(words.length > 0 ? queries.join(" OR ") : "")})`;
  }

  #name({ repository, name }: QualifiedName): string {
    if (repository && !matches(repository, this.#repository)) return "0";
    return this.#matches(name);
  }

  /** Not LIKE: it knows wildcards, and takes no pattern of more than 50 bytes. */
  #matches({ kind, text }: Pattern): string {
    const bound = this.#bind(text);
    if (kind === "is") return `name = ${bound}`;
    if (kind === "contains") return `instr(name, ${bound}) > 0`;
    if (kind === "starts") return `instr(name, ${bound}) = 1`;
    return `substr(name, -length(${bound})) = ${bound}`;
  }

  #words(query: string): string {
    if (query === "") return "0";
    return `id IN (SELECT rowid FROM words WHERE words MATCH ${this.#bind(query)})`;
  }

  #depends({ repository, package: name }: NonNullable<Search["depends"]>): string {
    if (repository === null) return `instr(dependencies, ${this.#bind(`/${name}\n`)})`;
    const shown = repository === this.#repository ? "" : repository;
    return `instr(dependencies, ${this.#bind(line(`${shown}/${name}`))})`;
  }

  /** JSON is compared here and not in SQL, but only that of packages which say something under the key. */
  #withExtra(wanted: readonly Extra[]): number[] {
    const key = JSON.stringify(Object.keys(wanted[0] ?? {})[0] ?? "");
    const rows = this.#sql.exec<{ id: number; extra: string }>(
      "SELECT id, extra FROM catalog WHERE extra IS NOT NULL AND instr(extra, ?)",
      key,
    );
    const ids: number[] = [];
    for (const { id, extra } of rows) {
      const held: unknown = JSON.parse(extra);
      if (wanted.every((part) => contains(held, part))) ids.push(id);
    }
    return ids;
  }

  #add(condition: string): void {
    this.#conditions.push(condition);
  }

  /** Numbered, since the page is asked for with the same bindings and two more behind them. */
  #bind(value: SqlStorageValue): string {
    this.bindings.push(value);
    return `?${this.bindings.length}`;
  }
}

function described(words: readonly string[]): string {
  return words.length === 0 ? "" : `({description} : (${ftsQuery(words, "OR")}))`;
}

function natural(number: number): number {
  return Number.isFinite(number) ? Math.max(0, Math.floor(number)) : 0;
}
