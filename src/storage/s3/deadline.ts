/** Waiting for an answer, but not for ever. */
import { S3Fault } from "./fault.ts";

/**
 * Waits for `work`, for `ms` at most. @param stop is told when that is over.
 * @throws `late()` when that is over, or what `work` throws.
 */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  late: () => Error,
  stop: (error: Error) => void,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = late();
      // First, or work that is stopped, and so ends, would pass for work that is done.
      reject(error);
      stop(error);
    }, ms);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Else workerd hands out 4 KB at a time. */
const pieceBytes = 64 * 1024;

/**
 * The same body, which fails as soon as nothing of it comes for `idleMsMax` to somebody who waits for more.
 * How long whoever reads it takes does not count.
 */
export function unlessStalled(
  body: ReadableStream<Uint8Array>,
  lengthBytes: number,
  idleMsMax: number,
  what: string,
): ReadableStream<Uint8Array> {
  const reader = body.getReader({ mode: "byob" });
  const late = () =>
    new S3Fault(
      `${what}: the store sent nothing more for ${idleMsMax / 1000} seconds, in the middle of it`,
    );
  const stop = (error: Error) => void reader.cancel(error).catch(() => undefined);
  const watched = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await within(idleMsMax, reader.read(new Uint8Array(pieceBytes)), late, stop);
        if (piece.done) controller.close();
        else controller.enqueue(piece.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  // workerd sends a Content-Length only with a body whose length it knows. Node has no such thing.
  if (typeof FixedLengthStream === "undefined") return watched;
  return watched.pipeThrough(new FixedLengthStream(lengthBytes));
}
