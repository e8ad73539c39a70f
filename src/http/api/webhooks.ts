/** What webhooks were told: for the admin. */
import type { Context } from "hono";
import type { DeliveryRecord } from "../../webhooks/deliveries.ts";
import type { App } from "../app-type.ts";
import { accountsOf } from "../context.ts";
import { render } from "../format.ts";
import { type Refusal, refuse } from "../refusals.ts";

const perPage = 100;

/**
 * `GET …/webhooks/deliveries?repository=NAME&before=ID`: newest first, a hundred a page. Without a repository:
 * what was done to accounts.
 */
export async function listDeliveries(c: Context<App>): Promise<Response> {
  const found = outboxOf(c);
  if ("refused" in found) return refuse(c, found.refused);
  const deliveries = await found.outbox.deliveries(perPage, c.req.query("before") || undefined);
  return render(c, 200, deliveries.map(deliveryView));
}

/** `POST …/webhooks/deliveries/ID/redeliver?repository=NAME` */
export async function redeliver(c: Context<App>): Promise<Response> {
  const found = outboxOf(c);
  if ("refused" in found) return refuse(c, found.refused);
  const isKnown = await found.outbox.redeliver(c.req.param("id") ?? "");
  return isKnown ? c.body(null, 204) : refuse(c, { reason: "not_found" });
}

interface Outbox {
  deliveries(limit: number, before?: string): Promise<DeliveryRecord[]>;
  redeliver(id: string): Promise<boolean>;
}

/** The Durable Object in which it happened. */
function outboxOf(c: Context<App>): { outbox: Outbox } | { refused: Refusal } {
  const name = c.req.query("repository");
  if (name === undefined) return { outbox: accountsOf(c) };
  const repository = c.get("config").repositories.get(name);
  if (repository?.kind === "hosted") return { outbox: c.env.REPOSITORY.getByName(name) };
  if (repository?.kind === "mirror") return { outbox: c.env.MIRROR.getByName(name) };
  // Nothing happens in a group.
  return { refused: { reason: "repository_not_found", repository: name } };
}

function deliveryView(it: DeliveryRecord) {
  // Written by `bodyOf`.
  const { repository, package: name, version } = JSON.parse(it.body) as Record<string, string>;
  return {
    ...{ id: it.id, event: it.event, url: it.url, state: it.state },
    ...{ repository: repository ?? null, package: name ?? null, version: version ?? null },
    ...{ created_at: it.createdAt, tries: it.tries, next_try_at: it.nextTryAt },
    ...{ last_try_at: it.triedAt, last_status: it.status, last_error: it.error },
  };
}
