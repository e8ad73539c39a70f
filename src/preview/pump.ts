/** Hands a stream on to somebody who may read as slowly as they like, for as long as we can wait. */

export interface PumpLimits {
  /** How long one piece may wait to be taken. */
  idleMsMax: number;
  /** For all of it. */
  msMax: number;
}

/**
 * Ends when all is read, or nothing more is going to be: then `body` is cancelled at once, though the reader may
 * not have noticed, and what they get breaks off. Never fails. (`pipeTo` is no use here: asked to stop, it waits
 * for the piece that nobody takes.)
 */
export async function pump(
  body: ReadableStream<Uint8Array>,
  to: WritableStream<Uint8Array>,
  { idleMsMax, msMax }: PumpLimits,
): Promise<void> {
  const until = Date.now() + msMax;
  const writer = to.getWriter();
  try {
    for await (const piece of body) {
      const msLeft = Math.min(idleMsMax, until - Date.now());
      // Leaving the loop cancels `body`.
      if (!(await isTaken(writer.write(piece), msLeft))) return stop(writer);
    }
    if (!(await isTaken(writer.close(), idleMsMax))) stop(writer);
  } catch (error) {
    // The reader went away, or the archive is damaged from here on.
    stop(writer, error);
  }
}

async function isTaken(written: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms));
  });
  try {
    return await Promise.race([written.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    // Once we have stopped waiting for it, nobody else does.
    written.catch(() => {});
  }
}

function stop(writer: WritableStreamDefaultWriter<Uint8Array>, why?: unknown): void {
  writer.abort(why ?? new Error("nobody read on")).catch(() => {});
}
