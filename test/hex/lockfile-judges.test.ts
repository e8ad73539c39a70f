/** What Elixir, Mix and rebar3 write into lock files, and what they take it for, is what we read. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readLiteral } from "../../src/hex/lockfile/elixir.ts";
import { lockfileLimits, parseLockfile } from "../../src/hex/lockfile.ts";
import { erlangAvailable, runErlang } from "../support/erlang.ts";
import { expected, type WrittenTerm } from "./erlang/vectors.ts";
import committedRebar from "./vectors/locks-rebar.json" with { type: "json" };

type Checksum = string | null;

/** What vectors/locks.exs writes; see there. */
type MixVectors = {
  literals: [text: string, term: WrittenTerm][];
  locks: [
    text: string,
    releases: [string, string, string, Checksum, Checksum][],
    others: string[],
  ][];
};

const vectors = `${import.meta.dirname}/vectors`;
const elixirIsInstalled = spawnSync("elixir", ["--version"]).status === 0;
const seed = `${Date.now() % 1_000_000_000}`;

describe("Elixir and we", () => {
  it("agree on hundreds of literals and on what Mix writes, as committed", () => {
    expectAgreement(readFileSync(`${vectors}/locks.json`, "utf8"));
  });

  it.skipIf(!elixirIsInstalled)(
    "agree on fresh ones, others each time (skipped when no elixir is on the PATH)",
    () => {
      const maxBuffer = 16 * 1024 * 1024;
      const script = `${vectors}/locks.exs`;
      expectAgreement(execFileSync("elixir", [script, seed], { encoding: "utf8", maxBuffer }));
    },
  );
});

describe("rebar3 and we", () => {
  it("agree on lock files, as committed", () => expectRebarAgreement(committedRebar));

  it.skipIf(!erlangAvailable)(
    "agree on fresh ones, others each time (skipped: no erl or no rebar3)",
    () => {
      const script = readFileSync(`${vectors}/locks.erl`, "utf8");
      expectRebarAgreement(JSON.parse(runErlang(script, [seed])));
    },
  );
});

function expectAgreement(json: string): void {
  const { literals, locks }: MixVectors = JSON.parse(json);
  expect(literals.length).toBeGreaterThan(500);
  for (const [text, term] of literals) {
    expect(readLiteral(text, lockfileLimits), text).toStrictEqual(expected(term));
  }
  expect(locks.length).toBeGreaterThan(10);
  for (const [text, releases, others] of locks) {
    const rows = releases.map(([repository, ...row]) => ({ repository, ...fields(row) }));
    expectLockfile(text, "mix", rows, others);
  }
}

// JSON's arrays come without the lengths of tuples.
function expectRebarAgreement(rows: unknown): void {
  const locks = rows as [string, [string, string, Checksum, Checksum][], string[]][];
  expect(locks.length).toBeGreaterThan(10);
  for (const [text, releases, others] of locks) {
    const read = releases.map((row) => ({ repository: null, ...fields(row) }));
    expectLockfile(text, "rebar", read, others);
  }
}

function fields(row: [string, string, Checksum, Checksum]) {
  const [name, version, outerChecksum, innerChecksum] = row;
  return { package: name, version, outerChecksum, innerChecksum };
}

/** The order is a matter of other tests. */
function expectLockfile(text: string, kind: string, releases: object[], others: string[]): void {
  const read = parseLockfile(text);
  if ("refused" in read) throw new Error(`${JSON.stringify(read.refused)} of ${text}`);
  expect(read.kind).toBe(kind);
  expect(inAnyOrder(read.releases)).toStrictEqual(inAnyOrder(releases));
  expect(read.skipped.map(({ name }) => name)).toEqual([...others].sort());
}

function inAnyOrder(releases: readonly object[]): string[] {
  return releases.map((release) => JSON.stringify(Object.entries(release).sort())).sort();
}
