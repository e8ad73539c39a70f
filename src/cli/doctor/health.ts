/** What `GET /health` answers: to everybody that it is there, to the admin all the rest. */
import * as v from "valibot";
import { Mistake } from "../mistake.ts";
import { type Site, siteGet } from "./site.ts";

const fault = v.object({ error: v.string() });

const repository = v.object({
  name: v.string(),
  kind: v.string(),
  public: v.boolean(),
  signed_name: v.string(),
  signing_key: v.nullable(v.union([v.object({ fingerprint: v.string() }), fault])),
});

const schema = v.object({
  status: v.literal("ok"),
  /** The rest is there for the admin key alone, and not in older versions. */
  version: v.optional(v.string()),
  now: v.optional(v.string()),
  cron: v.optional(
    v.nullable(
      v.union([
        v.object({ at: v.string(), ok: v.boolean(), error: v.optional(v.string()) }),
        fault,
      ]),
    ),
  ),
  repositories: v.optional(v.array(repository), []),
  objects: v.optional(
    v.array(
      v.object({
        ...{ binding: v.string(), object: v.string(), ok: v.boolean(), ms: v.number() },
        error: v.optional(v.string()),
      }),
    ),
    [],
  ),
  storages: v.optional(
    v.array(
      v.object({
        ...{ storage: v.string(), ok: v.boolean(), error: v.optional(v.string()) },
        ...{ put_ms: v.optional(v.number()), get_ms: v.optional(v.number()) },
        delete_ms: v.optional(v.number()),
      }),
    ),
    [],
  ),
  checks: v.optional(
    v.record(
      v.string(),
      v.union([
        fault,
        v.object({
          lost: v.boolean(),
          last: v.nullable(
            v.object({ at: v.string(), problems: v.number(), examples: v.array(v.string()) }),
          ),
        }),
      ]),
    ),
    {},
  ),
  mirrors: v.optional(
    v.record(
      v.string(),
      v.union([
        fault,
        v.object({
          upstream: v.string(),
          warning: v.nullable(v.string()),
          pending: v.number(),
          failures: v.array(v.unknown()),
        }),
      ]),
    ),
    {},
  ),
  webhooks: v.optional(
    v.array(v.object({ url: v.string(), ok: v.boolean(), error: v.optional(v.string()) })),
    [],
  ),
  name_conflicts: v.optional(v.record(v.string(), v.unknown()), {}),
});

export type Health = v.InferOutput<typeof schema>;
export type HealthRepository = v.InferOutput<typeof repository>;

/** @throws Mistake when it is no answer of ours. */
export async function readHealth(site: Site, query = ""): Promise<Health & { skewMs: number }> {
  const answer = await siteGet(site, `/health${query}`);
  if (answer.status !== 200) {
    throw new Mistake(`${site.url}/health answers ${answer.status}: ${answer.text}`);
  }
  const read = v.safeParse(schema, parse(answer.bytes));
  if (!read.success) {
    const where = v.getDotPath(read.issues[0]) ?? "all of it";
    throw new Mistake(
      `${site.url}/health answers something else (${where}): is that the address of a Hexedge of this version?`,
    );
  }
  // It says its time when it begins to answer, which is at some moment in between.
  const { now } = read.output;
  const there = now === undefined ? answer.sentAt : Date.parse(now);
  const early = Math.min(0, there - answer.sentAt);
  const late = Math.max(0, there - answer.receivedAt);
  return { ...read.output, skewMs: early || late };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
