/**
 * `GET /metrics`: what Prometheus asks for, every quarter of a minute or so. It is asked most when something
 * is broken, so it tells what can be told, and which part said nothing.
 */
import type { Context } from "hono";
import { handOver, seriesOf } from "../metrics/tally.ts";
import { metricsText, textType } from "../metrics/text.ts";
import type { Result } from "../webhooks/deliveries.ts";
import type { App } from "./app-type.ts";
import { accountsOf } from "./context.ts";
import { metricsOf } from "./measure.ts";
import { permit } from "./permit.ts";
import { refuseInText } from "./refusals.ts";

export async function showMetrics(c: Context<App>): Promise<Response> {
  const refused = await permit(c, "administer", { kind: "registry" });
  if (refused) return refuseInText(c, refused);
  const samples = await Promise.all([
    told(c, "metrics", seriesOf("hexedge_up", { part: "metrics" }), () => counters(c)),
    told(c, "accounts", seriesOf("hexedge_up", { part: "accounts" }), () => accountsGauges(c)),
    ...repositoryGauges(c),
  ]);
  return c.body(metricsText(new Map(samples.flat())), 200, { "content-type": textType });
}

type Sample = [series: string, value: number];

/** What `ask` finds, and under `up` whether it did: whoever does not answer takes nobody with it. */
async function told(
  c: Context<App>,
  who: string,
  up: string,
  ask: () => Promise<Sample[]>,
): Promise<Sample[]> {
  try {
    return [...(await ask()), [up, 1]];
  } catch (error) {
    const message = `${who} does not say how it is: ${error}`;
    console.error(JSON.stringify({ message, requestId: c.get("requestId") }));
    return [[up, 0]];
  }
}

async function counters(c: Context<App>): Promise<Sample[]> {
  await handOver((counts) => metricsOf(c).add(counts));
  return Object.entries(await metricsOf(c).all());
}

/** What only each repository knows, and knows for ever. */
function repositoryGauges(c: Context<App>): Promise<Sample[]>[] {
  return [...c.get("config").repositories.values()].flatMap(({ name: repository, kind }) => {
    // A group has nothing to tell.
    if (kind === "group") return [];
    const ask = kind === "hosted" ? hostedSamples : mirrorSamples;
    const up = seriesOf("hexedge_repository_up", { repository });
    return [told(c, repository, up, () => ask(c, repository))];
  });
}

async function hostedSamples(c: Context<App>, repository: string): Promise<Sample[]> {
  const state = await c.env.REPOSITORY.getByName(repository).state();
  return [
    [seriesOf("hexedge_flush_lag_seconds", { repository }), state.flushLagMs / 1000],
    [seriesOf("hexedge_dirty_packages", { repository }), state.dirty],
    [seriesOf("hexedge_unindexed_packages", { repository }), state.unindexed],
    [seriesOf("hexedge_uploads_in_progress", { repository }), state.uploads],
    ...deliverySamples(repository, state.deliveries),
  ];
}

async function mirrorSamples(c: Context<App>, repository: string): Promise<Sample[]> {
  const state = await c.env.MIRROR.getByName(repository).state();
  const circuit = seriesOf("hexedge_upstream_circuit_open", { repository });
  return [[circuit, state.isCircuitOpen ? 1 : 0], ...deliverySamples(repository, state.deliveries)];
}

/** Of what is done to accounts, the repository is empty. */
async function accountsGauges(c: Context<App>): Promise<Sample[]> {
  return deliverySamples("", await accountsOf(c).deliveryCounts());
}

function deliverySamples(
  repository: string,
  { waiting, ...results }: Record<Result | "waiting", number>,
): Sample[] {
  return [
    [seriesOf("hexedge_webhook_deliveries_waiting", { repository }), waiting],
    ...Object.entries(results).map(([result, count]): Sample => {
      return [seriesOf("hexedge_webhook_deliveries_total", { repository, result }), count];
    }),
  ];
}
