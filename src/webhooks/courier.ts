/**
 * Sends what is in the outbox of one Durable Object, beside everything else that it does: nobody ever waits
 * for a receiver, neither a publish nor the alarm. Whatever happens here, the alarm comes once more for
 * what is left, so each delivery is made at least once, and always under the same id.
 */
import { lacksSecret } from "./declaration.ts";
import type { Deliveries, Delivery } from "./deliveries.ts";
import { signatureOf } from "./sign.ts";

/** Of six connections that a Durable Object may have open, most stay with its storage. */
const atOnceMax = 2;
const timeoutMs = 10_000;
const errorLengthMax = 200;

export interface CourierParts {
  /** In logs: the repository, or `accounts`. */
  name: string;
  fetch(url: string, init: RequestInit): Promise<Response>;
  now(): number;
  /** Keeps the object alive for work that nobody waits for. */
  later(work: Promise<void>): void;
  /** Sees to it that the alarm comes, and calls `run`, at the latest in so many milliseconds. */
  wake(delayMs: number): void;
}

export class Courier {
  /** Not `#parts`: tests put another clock and other receivers into it. */
  readonly parts: CourierParts & { timeoutMs: number };
  readonly #deliveries: Deliveries;
  /** URLs to which something is on its way. */
  readonly #busy = new Set<string>();

  constructor(deliveries: Deliveries, parts: CourierParts) {
    this.#deliveries = deliveries;
    this.parts = { timeoutMs, ...parts };
  }

  /** Begins what is due, and sets the alarm for the rest. Never throws, never waits. */
  run(): void {
    while (this.#busy.size < atOnceMax) {
      const delivery = this.#deliveries.take(this.parts.now(), this.#busy);
      if (!delivery) break;
      this.#busy.add(delivery.url);
      this.parts.later(this.#deliver(delivery));
    }
    this.wake();
  }

  /** After a start as well: the alarm may have been lost with the instance that should have set it. */
  wake(): void {
    const now = this.parts.now();
    const next = this.#deliveries.nextAt(now, this.#busy);
    // Not at once: where nothing more may be sent at one time, whoever is done calls `run`.
    if (next !== null) this.parts.wake(Math.max(next - now, 1000));
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { status, error } = await this.#send(delivery);
    this.#busy.delete(delivery.url);
    const result = this.#deliveries.tried(delivery, this.parts.now(), status, error);
    if (result === "failed") this.#sayFailed(delivery, error);
    this.run();
  }

  async #send(delivery: Delivery): Promise<{ status: number | null; error: string | null }> {
    const { url, id, event, body } = delivery;
    const webhook = this.#deliveries.webhooks.find((it) => it.url === url);
    // Not given up at once: a deployment that forgot it can be mended.
    if (!webhook) return { status: null, error: "no webhook with this URL is declared" };
    const { secret } = webhook;
    if (secret === null) return { status: null, error: lacksSecret(webhook) };
    try {
      const response = await this.parts.fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": "hexedge",
          "hexedge-event": event,
          "hexedge-delivery": id,
          "hexedge-signature": await signatureOf(secret, body, this.parts.now()),
        },
        body,
        redirect: "manual",
        signal: AbortSignal.timeout(this.parts.timeoutMs),
      });
      // However large it is, only the status matters.
      void response.body?.cancel().catch(() => undefined);
      const { status } = response;
      if (status >= 200 && status <= 299) return { status, error: null };
      const isRedirect = status >= 300 && status <= 399;
      const why = isRedirect ? ", and redirects are not followed" : "";
      return { status, error: `answered ${status}${why}` };
    } catch (error) {
      const isLate = error instanceof Error && error.name === "TimeoutError";
      const why = isLate ? `no answer within ${this.parts.timeoutMs / 1000} s` : String(error);
      return { status: null, error: why.slice(0, errorLengthMax) };
    }
  }

  #sayFailed({ url, id, event, tries }: Delivery, why: string | null): void {
    const { name } = this.parts;
    // The rest of the URL may be what only its receiver should know.
    const { host } = new URL(url);
    const message = `${name}: ${event} could not be delivered to ${host} in ${tries} tries: ${why}`;
    console.warn(JSON.stringify({ message, delivery: id }));
  }
}
