/**
 * Fetches from an upstream with the runtime's own fetch, and says in JSON what came of it: the same in
 * Node, which imports this, and in workerd, where it is a Worker.
 */
import { toHex } from "../../src/hex/checksum.ts";
import { parsePublicKey } from "../../src/hex/sign.ts";
import {
  fetchDocs,
  fetchRegistryFile,
  fetchTarball,
  type UpstreamLimits,
} from "../../src/mirror/upstream.ts";

export interface Job {
  what: "package" | "tarball" | "docs";
  url: string;
  publicKey: string;
  checksum: number[];
  etag: string | null;
  authKey?: string;
  allowedHosts: string[];
  limits: Partial<UpstreamLimits>;
}

export interface Outcome {
  kind: string;
  why?: string;
  /** Hexadecimal: what was fetched, or what a reader got. */
  bytes?: string;
  readerSawError?: boolean;
  etag?: string | null;
}

export async function run(job: Job): Promise<Outcome> {
  const { url, authKey, allowedHosts, limits } = job;
  const publicKey = await parsePublicKey(job.publicKey);
  const upstream = { url, name: "acme", publicKey, authKey, allowedHosts };
  const options = { fetch, now: Date.now, limits };
  if (job.what === "package") {
    const fetched = await fetchRegistryFile(upstream, "packages/foo", job, options);
    if (fetched.kind !== "fetched") return fetched;
    return { kind: "fetched", bytes: toHex(fetched.bytes), etag: fetched.etag };
  }
  const fetched =
    job.what === "docs"
      ? await fetchDocs(upstream, "foo", "1.0.0", options)
      : await fetchTarball(upstream, "foo", "1.0.0", Uint8Array.from(job.checksum), options);
  if (fetched.kind !== "streaming") return fetched;
  let bytes = "";
  let readerSawError = false;
  try {
    for await (const chunk of fetched.body) bytes += toHex(chunk);
  } catch {
    readerSawError = true;
  }
  const end = await fetched.done;
  return { kind: end.kind, ...("why" in end ? { why: end.why } : {}), bytes, readerSawError };
}

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await run(await request.json()));
  },
};
