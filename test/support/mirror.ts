/** A mirror, and beside it the hosted repository that it follows; for tests inside workerd. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { MirrorDeclaration } from "../../src/mirror/declaration.ts";
import { type SyncLimits, syncLimits } from "../../src/mirror/sync/slice.ts";
import type { SyncStatus } from "../../src/mirror/sync.ts";
import { Person } from "./world.ts";

/** Declared in test/vitest.config.ts. */
let used = 0;

export interface MirrorWorld {
  /** The mirror's name. */
  repository: string;
  /** Publishes upstream. */
  author: Person;
  /** Reads from the mirror. */
  reader: Person;
  upstream: UpstreamDouble;
  stub: DurableObjectStub<import("../../src/mirror/mirror.ts").Mirror>;
}

/** What the mirror's requests meet: the repository beside it, unless a test says otherwise. */
export class UpstreamDouble {
  /** Paths below the repository that were asked for, in order. */
  readonly asked: string[] = [];
  readonly headers: Headers[] = [];
  /** Answers instead; undefined lets the request through. */
  answer: ((path: string) => Promise<Response | undefined> | Response | undefined) | undefined;

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const path = new URL(url).pathname.replace(/^\/repos\/[^/]+\//, "");
    this.asked.push(path);
    this.headers.push(new Headers(init.headers));
    const instead = await this.answer?.(path);
    if (instead) return instead;
    const target = url.replace("http://upstream.test", "http://hexedge.test");
    const response = await exports.default.fetch(new Request(target, init));
    // A body of one Durable Object's request may not be read in another's.
    const body = response.status === 304 ? null : await response.arrayBuffer();
    return new Response(body, response);
  }

  goAway(): void {
    this.answer = () => {
      throw new Error("connection refused");
    };
  }

  comeBack(): void {
    this.answer = undefined;
  }
}

/** Puts the upstream into the running instance, as after a crash; the declaration too. */
export async function injectUpstream(
  { stub, upstream }: Pick<MirrorWorld, "stub" | "upstream">,
  declaration: Partial<MirrorDeclaration> = {},
  limits: Partial<SyncLimits> = {},
): Promise<void> {
  await runInDurableObject(stub, ({ world }) => {
    Object.assign(world.declaration, declaration);
    world.fetch = (url, init) => upstream.fetch(url, init);
    // No alarm comes by itself while a test runs.
    world.syncLimits = { ...syncLimits, againMs: 3_600_000, ...limits };
  });
}

/** What the cron and then the alarm do; the upstream has written its index before. */
export async function syncOnce({ stub, author }: MirrorWorld): Promise<SyncStatus> {
  await env.REPOSITORY.getByName(author.repository).recover();
  await stub.recover();
  await runDurableObjectAlarm(stub);
  return await stub.status();
}

export async function mirrorWorld(
  declaration: Partial<MirrorDeclaration> = {},
): Promise<MirrorWorld> {
  const number = String(used++).padStart(3, "0");
  const repository = `mirror_${number}`;
  const stub = env.MIRROR.getByName(repository);
  const upstream = new UpstreamDouble();
  await injectUpstream({ stub, upstream }, declaration);
  return {
    ...{ repository, upstream, stub },
    author: new Person(`source_${number}`, env.ADMIN_KEY),
    reader: new Person(repository, undefined),
  };
}
