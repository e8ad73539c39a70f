/** `GET /metrics`: what Prometheus asks for, every quarter of a minute or so. */
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
  await handOver((counts) => metricsOf(c).add(counts));
  const values = new Map<string, number>(Object.entries(await metricsOf(c).all()));
  const gauges = await Promise.all([...repositoryGauges(c), accountsGauges(c)]);
  for (const [series, value] of gauges.flat()) values.set(series, value);
  return c.body(metricsText(values), 200, { "content-type": textType });
}

type Sample = [series: string, value: number];

/** What only each repository knows, and knows for ever. One that does not answer takes none with it. */
function repositoryGauges(c: Context<App>): Promise<Sample[]>[] {
  return [...c.get("config").repositories.values()].map(
    async ({ name: repository, kind }): Promise<Sample[]> => {
      const up = seriesOf("hexedge_repository_up", { repository });
      try {
        if (kind === "hosted") return [[up, 1], ...(await hostedSamples(c, repository))];
        if (kind === "mirror") return [[up, 1], ...(await mirrorSamples(c, repository))];
        return [];
      } catch (error) {
        const message = `${repository} does not say how it is: ${error}`;
        console.error(JSON.stringify({ message, requestId: c.get("requestId") }));
        return [[up, 0]];
      }
    },
  );
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
