/** Tables in the SQLite of a Durable Object, which has one of its own that lives as long as it does. */

/** Brings the tables to the newest shape; every step runs once, in order, in one transaction. */
export function migrate(storage: DurableObjectStorage, migrations: readonly string[]): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    sql.exec("CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY)");
    const { done } = sql.exec<{ done: number }>("SELECT count(*) AS done FROM migrations").one();
    for (const [id, statements] of [...migrations.entries()].slice(done)) {
      sql.exec(statements);
      sql.exec("INSERT INTO migrations (id) VALUES (?)", id);
    }
  });
}
