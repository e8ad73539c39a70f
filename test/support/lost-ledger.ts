/** A Durable Object whose storage is gone, over a bucket that is not. */
import { runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";
import { jsonBody, read } from "./answers.ts";
import { crash } from "./faulty-storage.ts";
import type { World } from "./world.ts";

export async function loseLedger(it: World): Promise<void> {
  await runInDurableObject(it.stub, async (_instance, { storage }) => {
    await storage.deleteAlarm();
    await storage.deleteAll();
  });
  await crash(it);
}

export interface Restored {
  packages: number;
  releases: number;
  defects: { package: string; version: string | null; outcome: string; why: string }[];
}

/** All steps but the last. */
export async function restoreSteps(it: World, options: object = {}): Promise<Restored> {
  const all: Restored = { packages: 0, releases: 0, defects: [] };
  for (let after: string | null | undefined = null; after !== undefined; ) {
    const body = jsonBody({ ...options, after });
    const response = await it.admin.api("/restore", { method: "POST", ...body });
    expect(response.status).toBe(200);
    const step = (await read(response)) as unknown as Restored & { next: string | null };
    all.packages += step.packages;
    all.releases += step.releases;
    all.defects.push(...step.defects);
    after = step.next ?? undefined;
  }
  return all;
}

export function finishRestore(it: World): Promise<Response> {
  return it.admin.api("/restore/finish", { method: "POST" });
}
