import { describe, expect, it } from "vitest";
import { Turn } from "../../src/repository/turn.ts";

/** A Turn whose runs end when the test says so. */
class Runs {
  readonly turn = new Turn(() => this.#run());
  begun = 0;
  ended = 0;
  atOnceMax = 0;
  readonly #ends: ((error?: Error) => void)[] = [];

  #run(): Promise<void> {
    this.begun++;
    this.atOnceMax = Math.max(this.atOnceMax, this.begun - this.ended);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) => {
        this.ended++;
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Ends the oldest run that is still going. */
  end(error?: Error): void {
    this.#ends.shift()?.(error);
  }

  async endAll(): Promise<void> {
    while (this.begun > this.ended) {
      this.end();
      await microtasks(10);
    }
  }
}

async function microtasks(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await null;
}

/** What became of a promise by now. */
function outcomeOf(promise: Promise<void>): { now: string } {
  const outcome = { now: "waiting" };
  promise.then(
    () => {
      outcome.now = "done";
    },
    (error: Error) => {
      outcome.now = error.message;
    },
  );
  return outcome;
}

describe("a turn", () => {
  it("begins at once when nothing runs", () => {
    const runs = new Runs();
    outcomeOf(runs.turn.next());
    expect(runs.begun).toBe(1);
  });

  it("never runs twice at the same time", async () => {
    const runs = new Runs();
    const all = Array.from({ length: 20 }, () => outcomeOf(runs.turn.next()));
    await runs.endAll();
    expect(runs.atOnceMax).toBe(1);
    expect(all.every(({ now }) => now === "done")).toBe(true);
  });

  it("is shared by all who come while another runs", async () => {
    const runs = new Runs();
    const first = outcomeOf(runs.turn.next());
    const others = Array.from({ length: 100 }, () => outcomeOf(runs.turn.next()));
    runs.end();
    await microtasks(10);
    expect(first.now).toBe("done");
    expect(new Set(others.map(({ now }) => now))).toEqual(new Set(["waiting"]));
    expect(runs.begun).toBe(2);
    runs.end();
    await microtasks(10);
    expect(new Set(others.map(({ now }) => now))).toEqual(new Set(["done"]));
    expect(runs.begun).toBe(2);
  });

  it("fails only for those whose run it was", async () => {
    const runs = new Runs();
    const first = outcomeOf(runs.turn.next());
    const second = outcomeOf(runs.turn.next());
    runs.end(new Error("the first broke"));
    await microtasks(10);
    const third = outcomeOf(runs.turn.next());
    runs.end();
    await microtasks(10);
    runs.end();
    await microtasks(10);
    expect([first.now, second.now, third.now]).toEqual(["the first broke", "done", "done"]);

    const fourth = outcomeOf(runs.turn.next());
    runs.end(new Error("the fourth broke"));
    await microtasks(10);
    expect(fourth.now).toBe("the fourth broke");
    expect(runs.turn.idle).toBe(true);
  });

  it("is idle only when nothing runs and nobody waits", async () => {
    const runs = new Runs();
    expect(runs.turn.idle).toBe(true);
    outcomeOf(runs.turn.next());
    outcomeOf(runs.turn.next());
    for (let at = 0; at < 2; at++) {
      expect(runs.turn.idle).toBe(false);
      runs.end();
      // Between two runs as well, in whichever microtask one looks.
      for (let step = 0; at === 0 && step < 10; step++) {
        expect(runs.turn.idle).toBe(false);
        await null;
      }
    }
    await microtasks(10);
    expect(runs.turn.idle).toBe(true);
  });

  // The next run is promised while one is going. In the few microtasks after that one has ended,
  // neither is running: who asks then must not get a run of their own beside the promised one.
  const steps = Array.from({ length: 13 }, (_, at) => at);
  it.each(steps)(
    "is not given away twice to who comes %i microtasks after the last one ended",
    async (step) => {
      for (const error of [undefined, new Error("broken")]) {
        const runs = new Runs();
        outcomeOf(runs.turn.next());
        outcomeOf(runs.turn.next());
        runs.end(error);
        await microtasks(step);
        const begunBefore = runs.begun;
        const late = outcomeOf(runs.turn.next());
        while (late.now === "waiting") {
          await microtasks(10);
          expect(runs.begun - runs.ended).toBeLessThanOrEqual(1);
          runs.end();
          await microtasks(10);
        }
        expect(runs.atOnceMax).toBe(1);
        // The run that it got began after it had asked.
        expect(runs.ended).toBeGreaterThan(begunBefore);
      }
    },
  );

  it("comes after everyone's question, in whichever microtask each of them asks", async () => {
    const runs = new Runs();
    const late: { begunBefore: number; endedAfter: number | undefined }[] = [];
    for (let step = 0; step < 200; step++) {
      const caller = { begunBefore: runs.begun, endedAfter: undefined as number | undefined };
      late.push(caller);
      void runs.turn.next().then(() => {
        caller.endedAfter = runs.ended;
      });
      if (step % 7 === 3) runs.end();
      await microtasks(step % 5);
    }
    await runs.endAll();
    await runs.endAll();
    expect(runs.atOnceMax).toBe(1);
    for (const { begunBefore, endedAfter } of late) expect(endedAfter).toBeGreaterThan(begunBefore);
  });
});
