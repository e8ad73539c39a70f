import type { Reporter, TestModule } from "vitest/node";

/** Ends a run with one line that people and scripts can read. */
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      // A file that could not even be loaded has no tests that could fail.
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) counts[test.result().state]++;
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    // After the other reporters have said theirs.
    process.once("exit", () => {
      process.stdout.write(
        `${counts.passed} passed, ${counts.failed + counts.pending} failed${skipped}\n`,
      );
    });
  }
}
