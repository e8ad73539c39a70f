/** What comes after the upload, for the plan of a dry run: it needs a Worker that is there. */
import type { Config } from "../../config/config.ts";
import { throwAway } from "../doctor/throw-away.ts";
import { healthStep } from "./deploy.ts";
import type { Report } from "./report.ts";
import { nothingHosted, verifyStep } from "./verify.ts";

/** @param waitSeconds how long the new address may take to answer. */
export async function planRest(
  report: Report,
  config: Pick<Config, "hosted" | "publicUrl">,
  waitSeconds: number,
): Promise<void> {
  const [repository] = config.hosted.keys();
  const { name, version } = throwAway;
  const address = config.publicUrl ?? "the Worker's address";
  await plan(healthStep, `asks /health at ${address} for at most ${waitSeconds} seconds`);
  if (repository === undefined) {
    await report.step(...verifyStep, async () => {
      return { outcome: "skipped", told: nothingHosted, value: undefined };
    });
    return;
  }
  await plan(
    verifyStep,
    `publishes ${name} ${version} into ${repository}, resolves it, takes it back`,
  );
  await plan(
    ["what to paste", "lines for a terminal, with keys named by their files"],
    `prints how mix and rebar3 use ${repository} and publish to it, and what looks after it`,
  );

  async function plan([step, why]: readonly [string, string], told: string): Promise<void> {
    await report.step(step, why, async () => ({ outcome: "planned", told, value: undefined }));
  }
}
