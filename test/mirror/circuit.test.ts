import { describe, expect, it } from "vitest";
import { Circuit, type CircuitState } from "../../src/mirror/circuit.ts";

/** A circuit whose seconds pass when the test says so. */
function circuit(state?: CircuitState) {
  let now = 1_000_000_000;
  const it = new Circuit(() => now, state);
  const wait = (seconds: number) => {
    now += seconds * 1000;
  };
  return { it, wait };
}

/** Seconds until somebody may try again. */
function pauseOf({ it, wait }: ReturnType<typeof circuit>): number {
  for (let seconds = 0; seconds < 200; seconds++) {
    if (it.mayTry()) return seconds;
    wait(1);
  }
  throw new Error("never");
}

describe("a circuit", () => {
  it("lets everybody ask as long as upstream answers", () => {
    const { it } = circuit();
    expect([it.mayTry(), it.mayTry(), it.mayTry()]).toEqual([true, true, true]);
  });

  it("lets nobody ask for five seconds after a failure, doubling to a minute", () => {
    const world = circuit();
    const pauses = [5, 10, 20, 40, 60, 60, 60];
    const seen = pauses.map(() => {
      world.it.failed();
      return pauseOf(world);
    });
    expect(seen).toEqual(pauses);
  });

  it("lets one try, and the others when that went well", () => {
    const { it, wait } = circuit();
    it.failed();
    wait(5);
    expect([it.mayTry(), it.mayTry()]).toEqual([true, false]);
    it.succeeded();
    expect([it.mayTry(), it.mayTry()]).toEqual([true, true]);
    it.failed();
    wait(5);
    expect(it.mayTry()).toBe(true);
  });

  it("counts as one the failures of those who asked at the same time", () => {
    const world = circuit();
    for (let caller = 0; caller < 100; caller++) world.it.failed();
    expect(pauseOf(world)).toBe(5);
  });

  it("does not wait for ever for one who tried and died", () => {
    const world = circuit();
    world.it.failed();
    world.wait(5);
    expect(world.it.mayTry()).toBe(true);
    expect(pauseOf(world)).toBe(90);
  });

  it("survives as JSON, open and with somebody trying", () => {
    const world = circuit();
    world.it.failed();
    world.wait(5);
    world.it.mayTry();
    const state: CircuitState = JSON.parse(JSON.stringify(world.it.state));
    const revived = circuit(state);
    expect(revived.it.mayTry()).toBe(false);
    revived.wait(5);
    revived.it.failed();
    expect(pauseOf(revived)).toBe(10);
    revived.it.succeeded();
    expect(revived.it.state).toEqual(circuit().it.state);
  });

  it("gives away a copy of its state", () => {
    const { it } = circuit();
    it.state.failures = 7;
    expect(it.mayTry()).toBe(true);
    expect(it.state.failures).toBe(0);
  });
});
