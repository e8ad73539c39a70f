/** A download that somebody reads slowly, or not at all. */
import { describe, expect, it } from "vitest";
import { pump } from "../../src/preview/pump.ts";

const limits = { idleMsMax: 10_000, msMax: 10_000 };

/** Of `count` pieces. */
function source(count: number) {
  const seen = { given: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.given === count) return controller.close();
        controller.enqueue(Uint8Array.of(seen.given++));
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, body };
}

describe("a stream that is handed on", () => {
  it("arrives whole, and ends", async () => {
    const { seen, body } = source(5);
    const { readable, writable } = new FixedLengthStream(5);
    const pumped = pump(body, writable, limits);
    const bytes = new Uint8Array(await new Response(readable).arrayBuffer());
    await pumped;
    expect(bytes).toEqual(Uint8Array.of(0, 1, 2, 3, 4));
    expect(seen.cancelled).toBe(false);
  });

  it("is let go when nobody reads on, and what they got breaks off", async () => {
    const { seen, body } = source(5);
    const { readable, writable } = new FixedLengthStream(5);
    const reader = readable.getReader();
    const pumped = pump(body, writable, { ...limits, idleMsMax: 30 });
    expect((await reader.read()).value).toEqual(Uint8Array.of(0));
    await pumped;
    expect(seen).toEqual({ given: 2, cancelled: true });
    await expect(reader.read()).rejects.toThrow();
  });

  it("is let go when somebody takes a little of it again and again", async () => {
    const { seen, body } = source(1000);
    const { readable, writable } = new FixedLengthStream(1000);
    const reader = readable.getReader();
    const pumped = pump(body, writable, { idleMsMax: 10_000, msMax: 60 });
    const dripping = (async () => {
      for (;;) {
        await reader.read();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    await expect(dripping).rejects.toThrow();
    await pumped;
    expect(seen.cancelled).toBe(true);
    expect(seen.given).toBeLessThan(20);
  });

  it("is let go when the reader goes away", async () => {
    const { seen, body } = source(5);
    const { readable, writable } = new FixedLengthStream(5);
    const reader = readable.getReader();
    const pumped = pump(body, writable, limits);
    await reader.read();
    await reader.cancel();
    await pumped;
    expect(seen.cancelled).toBe(true);
  });

  it("breaks off where its source does", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: () => Promise.reject(new Error("damaged")),
    });
    const { readable, writable } = new FixedLengthStream(5);
    await pump(body, writable, limits);
    await expect(new Response(readable).arrayBuffer()).rejects.toThrow();
  });
});
