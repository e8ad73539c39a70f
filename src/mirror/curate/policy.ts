/** policies/NAME: the mirror's rules, for clients that fetch from elsewhere and hold themselves to them. */
import { buildSigned, encodePolicy } from "../../hex/registry.ts";
import { keep } from "../../storage/keep.ts";
import { setState, stateOf } from "../kept.ts";
import { nextExpiry, policyOf } from "../rules.ts";
import { digestOf, nextMtimeSeconds } from "./digest.ts";
import type { Curated, Curation } from "./types.ts";

export async function curatePolicy(curation: Curation, name: string): Promise<Curated> {
  const { world, rules, signer } = curation;
  const { declaration, repository, storage } = world;
  if (name !== declaration.policy) return { kind: "missing" };
  const now = world.now();
  const visibility = declaration.public ? "public" : "private";
  const policy = policyOf(declaration.upstream_name, name, rules, visibility, now);
  const payload = encodePolicy(policy);
  const digest = await digestOf(signer.fingerprint, payload);
  const key = `repos/${repository}/policies/${name}`;
  const there = await storage.head(key);
  if (!there || stateOf(world, "built policy") !== `${digest} ${there.etag}`) {
    const file = await buildSigned(payload, signer.key, { mtimeSeconds: nextMtimeSeconds(world) });
    setState(world, "built policy", `${digest} ${await keep(world.storage, key, file)}`);
  }
  return { kind: "there", why: null, until: nextExpiry(rules, now), versions: [] };
}
