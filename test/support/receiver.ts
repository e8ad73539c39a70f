/** Somebody who listens to webhooks, inside workerd: put into a Durable Object in place of the network. */
import { runInDurableObject } from "cloudflare:test";
import type { Courier } from "../../src/webhooks/courier.ts";
import type { Webhook } from "../../src/webhooks/declaration.ts";
import type { Deliveries } from "../../src/webhooks/deliveries.ts";

export interface Heard {
  url: string;
  id: string;
  event: string;
  headers: Headers;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  json: any;
}

/** What a test can look into: each object that has an outbox. */
interface Sender extends Rpc.DurableObjectBranded {
  courier: Courier;
}

export class Receiver {
  readonly url = "https://receiver.test/hook";
  readonly secret = "only for tests: the receiver knows it";
  readonly heard: Heard[] = [];
  /** Answers instead of 200. */
  answer: ((heard: Heard, signal: AbortSignal) => Promise<Response> | Response) | undefined;
  readonly webhooks: Webhook[];
  /** Milliseconds that the sender's clock is ahead. */
  #ahead = 0;

  constructor(...others: Partial<Webhook>[]) {
    const { url, secret } = this;
    const secretName = "WEBHOOK_SECRET";
    const all = { url, secret, secretName, events: ["*"], repositories: null };
    this.webhooks = (others.length === 0 ? [{}] : others).map((it) => ({ ...all, ...it }));
  }

  /** As a deployment that declares these webhooks would; after a crash once more. */
  async listen<T extends Sender>(
    stub: DurableObjectStub<T>,
    deliveriesOf: (instance: T) => Deliveries,
  ): Promise<void> {
    await runInDurableObject(stub, (instance: T) => {
      deliveriesOf(instance).webhooks = this.webhooks;
      const { parts } = instance.courier;
      parts.fetch = (url, init) => this.#fetch(url, init);
      parts.timeoutMs = 300;
      parts.now = () => Date.now() + this.#ahead;
    });
  }

  passMs(ms: number): void {
    this.#ahead += ms;
  }

  events(): string[] {
    return this.heard.map(({ event }) => event);
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    if (init.redirect !== "manual") throw new Error("would follow a redirect");
    const headers = new Headers(init.headers);
    const body = String(init.body);
    const [id, event] = ["hexedge-delivery", "hexedge-event"].map((it) => headers.get(it) ?? "");
    const heard = { url, id: id ?? "", event: event ?? "", headers, body, json: JSON.parse(body) };
    this.heard.push(heard);
    const signal = init.signal as AbortSignal;
    return (await this.answer?.(heard, signal)) ?? new Response("thank you");
  }
}

/** As a receiver that takes the request and never says anything. */
export function hang(signal: AbortSignal): Promise<Response> {
  return new Promise((_, fail) => {
    signal.addEventListener("abort", () => fail(signal.reason));
  });
}
