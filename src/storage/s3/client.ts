/** What is asked of one bucket: what an answer means, and when it is asked again. */
import { errorCode, explain, isRefusedForNow, S3Fault } from "./fault.ts";
import { Requests, type S3Limits, type S3Options, type Sent } from "./request.ts";

/**
 * All tries of a write together. Whoever counts on a write of somebody dead being over waits longer than that
 * (`settleMs` in the repository's ledger): what was sent at the last moment still needs to get there.
 */
export const writeMsMax = 20_000;

const limits: S3Limits = {
  ...{ triesMax: 4, delayMs: 200 },
  ...{ readMsMax: 10_000, writeMsMax, idleMsMax: 20_000 },
};

/** What became of one try. */
type Outcome<T> =
  | { kind: "done"; value: T }
  /** For writes: nothing happened, for now. For reads: no answer. */
  | { kind: "again"; error: S3Fault };

export class S3Client {
  readonly #options: S3Options;
  readonly #limits: S3Limits;
  readonly #requests: Requests;
  /** HEAD says 404 of a key as of a bucket. */
  #isBucketSeen = false;

  constructor(options: S3Options) {
    this.#options = options;
    this.#limits = { ...limits, ...options.limits };
    this.#requests = new Requests(options);
  }

  /** @param read takes what it needs of the answer. @returns undefined when there is no such object. */
  async read(method: "HEAD", key: string): Promise<Response | undefined>;
  async read<T>(
    method: "GET",
    key: string,
    headers: Record<string, string> | undefined,
    read: (response: Response, idleMsMax: number) => Promise<T>,
  ): Promise<T | undefined>;
  async read<T>(
    method: "GET" | "HEAD",
    key: string,
    headers?: Record<string, string>,
    read: (response: Response, idleMsMax: number) => Promise<T | Response> = async (it) => it,
  ): Promise<T | Response | undefined> {
    const sent = { method, headers, url: this.#requests.url(key), what: key };
    const found = await this.#repeat(() =>
      this.#tryToRead(sent, async (response) => {
        if (response.ok) return read(response, this.#limits.idleMsMax);
        const code = await codeOf(response);
        // Of what a proxy does not find, an object is the least.
        if (code === "NoSuchKey" || (method === "HEAD" && response.status === 404)) {
          return undefined;
        }
        throw this.#refusedRead(sent, response, code);
      }),
    );
    if (found === undefined && method === "HEAD") await this.#seeBucket();
    this.#isBucketSeen = true;
    return found;
  }

  /**
   * A put with a condition, or a delete. @param until as `writeUntil` said when the caller began.
   * @returns undefined when the condition does not hold.
   * @throws S3Fault when nobody knows whether it happened, or when it was put off until it was too late.
   */
  async write(
    method: "PUT" | "DELETE",
    key: string,
    headers: Record<string, string>,
    until: number,
    body?: Uint8Array,
  ): Promise<Response | undefined> {
    const sent: Sent = {
      ...{ method, headers, url: this.#requests.url(key), what: key, until },
      ...(body === undefined ? {} : { body }),
    };
    const attempt = () =>
      this.#requests.send<Outcome<Response | undefined>>(sent, async (response) => {
        const text = await response.text();
        // Some say what went wrong after they have begun to answer.
        const code = errorCode(text);
        if (response.ok && code === undefined) return { kind: "done", value: response };
        if (response.status === 412) return { kind: "done", value: undefined };
        // What is to be replaced, or removed, is gone. Amazon says so of the one, a few of the other.
        if (code === "NoSuchKey") return { kind: "done", value: undefined };
        const error = this.#refused(sent, response, code);
        if (isRefusedForNow(response.status, code)) return { kind: "again", error };
        throw error;
      });
    return this.#repeat(
      () =>
        attempt().catch((error) => {
          throw error instanceof S3Fault ? error : lost(sent, error);
        }),
      until,
    );
  }

  /** When the time of a write that begins now is over. */
  writeUntil(): number {
    return this.#requests.after(this.#limits.writeMsMax);
  }

  /** How much of it is left, in milliseconds. */
  msLeft(until: number): number {
    return this.#requests.msLeft(until);
  }

  /** A page of the keys that start with `prefix`. @param token with which the one before it ended. */
  async list<P extends { keys: string[] }>(
    prefix: string,
    { after, token }: { after: string; token: string | undefined },
    readPage: (body: string) => P,
  ): Promise<P> {
    const own = this.#options.prefix;
    const query = {
      ...(token === undefined ? {} : { "continuation-token": token }),
      ...(after === "" ? {} : { "start-after": own + after }),
      ...{ "list-type": "2", prefix: own + prefix },
    };
    const sent = {
      ...{ method: "GET" as const, url: this.#requests.listUrl(query) },
      what: `the list of ${prefix}`,
    };
    const page = await this.#repeat(() =>
      this.#tryToRead(sent, async (response) => {
        if (!response.ok) throw this.#refusedRead(sent, response, await codeOf(response));
        const text = await response.text();
        const code = errorCode(text);
        if (code !== undefined) throw new Busy(this.#refused(sent, response, code));
        return readPage(text);
      }),
    );
    if (page.keys.some((key) => !key.startsWith(own))) {
      throw new S3Fault(`${sent.what}: the store lists what was not asked for`);
    }
    return { ...page, keys: page.keys.map((key) => key.slice(own.length)) };
  }

  /** @throws S3Fault when there is no bucket, so that all of it seems empty. */
  async #seeBucket(): Promise<void> {
    if (!this.#isBucketSeen)
      await this.list("no-such-key", { after: "", token: undefined }, () => ({ keys: [] }));
  }

  async #tryToRead<T>(
    sent: Omit<Sent, "until">,
    read: (response: Response) => Promise<T>,
  ): Promise<Outcome<T>> {
    const until = this.#requests.after(this.#limits.readMsMax);
    try {
      return { kind: "done", value: await this.#requests.send({ ...sent, until }, read) };
    } catch (error) {
      if (error instanceof S3Fault) throw error;
      // The connection was lost, before or in the middle of the answer; or half a list came.
      return { kind: "again", error: error instanceof Busy ? error.fault : lost(sent, error) };
    }
  }

  /** Asks again while it may help, but not after `until`. */
  async #repeat<T>(run: () => Promise<Outcome<T>>, until = Number.POSITIVE_INFINITY): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await run();
      if (outcome.kind === "done") return outcome.value;
      const delayMs = this.#limits.delayMs * 2 ** (attempt - 1);
      const isLast = attempt >= this.#limits.triesMax || this.#requests.msLeft(until) <= delayMs;
      if (isLast) throw outcome.error;
      await this.#requests.wait(delayMs);
    }
  }

  #refusedRead(
    sent: Pick<Sent, "what">,
    response: Response,
    code: string | undefined,
  ): S3Fault | Busy {
    const fault = this.#refused(sent, response, code);
    const isBusy = response.status >= 500 && code !== "NotImplemented";
    return isBusy || isRefusedForNow(response.status, code) ? new Busy(fault) : fault;
  }

  #refused({ what }: Pick<Sent, "what">, { status }: Response, code: string | undefined): S3Fault {
    return new S3Fault(`${what}: ${explain(status, code, this.#options)}`);
  }
}

/** A read that was refused, but not for good. */
class Busy extends Error {
  readonly fault: S3Fault;

  constructor(fault: S3Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

function lost({ what }: Pick<Sent, "what">, error: unknown): S3Fault {
  const why = error instanceof Error ? error.message : String(error);
  return new S3Fault(`${what}: no whole answer from the store: ${why}`);
}

/** Of an answer that is no success. */
async function codeOf(response: Response): Promise<string | undefined> {
  return errorCode(await response.text());
}
