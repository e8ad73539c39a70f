/** Somebody who listens to webhooks: an HTTP server on this machine, which checks signatures with Node. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterAll } from "vitest";
import { freePort } from "./server.ts";

export interface Told {
  id: string;
  event: string;
  /** Is the signature right, as the README says to find out? */
  isGenuine: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  body: any;
}

export class Listener {
  readonly told: Told[] = [];
  readonly port: number;
  /** Answers instead of 204; what answers nothing hangs. */
  answer: ((response: ServerResponse) => void) | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async listen(secret: string): Promise<Listener> {
    const listener = new Listener(await freePort());
    const server = createServer((request, response) => {
      void listener.#hear(request, response, secret);
    });
    await new Promise<void>((done) => server.listen(listener.port, "127.0.0.1", done));
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });
    return listener;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  async #hear(request: IncomingMessage, response: ServerResponse, secret: string): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const header = (name: string) => String(request.headers[name]);
    this.told.push({
      id: header("hexedge-delivery"),
      event: header("hexedge-event"),
      isGenuine: isGenuine(secret, header("hexedge-signature"), body),
      body: JSON.parse(body.toString()),
    });
    if (this.answer) this.answer(response);
    else response.writeHead(204).end();
  }
}

export function isGenuine(secret: string, signature: string, body: Buffer): boolean {
  const [, time = "", shown = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  return createHmac("sha256", secret).update(`${time}.`).update(body).digest("hex") === shown;
}
