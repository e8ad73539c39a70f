/** The bare platform, measured beside Hexedge in the same runtime: what is the least it could cost? */
import { DurableObject } from "cloudflare:workers";

interface Env {
  BUCKET: R2Bucket;
  FOLDER: Fetcher;
  COUNTER: DurableObjectNamespace<Counter>;
}

export class Counter extends DurableObject<Env> {
  call(): number {
    return 1;
  }

  /** One row of SQLite, durable before the answer leaves. */
  insert(): void {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY)");
    this.ctx.storage.sql.exec("INSERT INTO rows DEFAULT VALUES");
  }
}

/** Random, because a runtime may treat zeros well; made at the first request, as the platform wants. */
let bytes: Uint8Array<ArrayBuffer> | undefined;

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const size = Number(searchParams.get("size") ?? 0);
    bytes ??= crypto.getRandomValues(new Uint8Array(50_000));
    const counter = env.COUNTER.getByName("bench");
    switch (pathname) {
      case "/hello":
        return new Response("hello");
      case "/r2/put":
        await env.BUCKET.put(crypto.randomUUID(), bytes.subarray(0, size));
        return new Response(null, { status: 204 });
      case "/r2/prepare":
        await env.BUCKET.put(`prepared-${size}`, bytes.subarray(0, size));
        return new Response(null, { status: 204 });
      case "/r2/get":
        return new Response((await env.BUCKET.get(`prepared-${size}`))?.body ?? null);
      case "/disk/put":
        await env.FOLDER.fetch(`http://folder/bench/${crypto.randomUUID()}`, {
          method: "PUT",
          body: bytes.slice(0, size),
        });
        return new Response(null, { status: 204 });
      case "/disk/part": {
        const offset = Number(searchParams.get("offset"));
        const range = `bytes=${offset}-${offset + size - 1}`;
        const path = searchParams.get("path");
        return env.FOLDER.fetch(`http://folder/${path}`, { headers: { range } });
      }
      case "/do/call":
        return new Response(String(await counter.call()));
      case "/do/insert":
        await counter.insert();
        return new Response(null, { status: 204 });
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<Env>;
