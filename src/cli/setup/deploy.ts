/** Uploads the Worker, with the secrets that it lacks, and waits until it answers. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../config/config.ts";
import { Mistake } from "../mistake.ts";
import type { OwnFolder } from "./own-folder.ts";
import type { Report } from "./report.ts";
import type { Wrangler } from "./wrangler.ts";

/** @returns where it is to be reached; undefined in a dry run. */
export async function deploy(
  report: Report,
  wrangler: Wrangler,
  folder: OwnFolder,
  secrets: Record<string, string>,
  config: Pick<Config, "publicUrl" | "docsHost">,
): Promise<string | undefined> {
  return report.step(
    "deploy",
    "uploads the Worker; the same code again changes nothing",
    async () => {
      const names = Object.keys(secrets);
      const outputName = "wrangler-output.ndjson";
      const secretsName = "upload.json";
      try {
        await folder.remove(outputName); // of a run that was interrupted
        const args = ["deploy"];
        // A file, because that is all that `deploy` takes: 0600, beside the values themselves, gone afterwards.
        if (names.length > 0) {
          args.push("--secrets-file", await folder.write(secretsName, JSON.stringify(secrets)));
        }
        await folder.write(outputName, "");
        const output = folder.pathOf(outputName);
        const said = await wrangler.change(args, { WRANGLER_OUTPUT_FILE_PATH: output });
        if (!said) return { outcome: "planned", told: "uploads it", value: undefined };
        const url = config.publicUrl ?? urlOf(await readFile(output, "utf8"), config.docsHost);
        if (url === undefined) {
          throw new Mistake(
            "the Worker is uploaded and has no address: add workers_dev = true or a route to wrangler.toml, or PUBLIC_URL to its [vars], and run this again",
          );
        }
        return { outcome: "done", told: `uploaded; it is to be found at ${url}`, value: url };
      } finally {
        await folder.remove(secretsName);
        await folder.remove(outputName);
      }
    },
  );
}

/** The first address in what wrangler wrote for machines, which is not for documentation alone. */
export function urlOf(output: string, docsHost: string | undefined): string | undefined {
  const targets = output.split("\n").flatMap((line): string[] => {
    const entry = parse(line);
    return entry?.type === "deploy" && Array.isArray(entry.targets)
      ? entry.targets.map(String)
      : [];
  });
  const urls = targets.flatMap((target) => {
    const url = URL.parse(target);
    if (url && /^https?:$/.test(url.protocol)) return [url];
    // `hex.example.com (custom domain)`, `hex.example.com/*`, and on top `schedule: …`
    const [, host] = /^([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:\/\*)?(?:\s.*)?$/i.exec(target) ?? [];
    return host === undefined ? [] : [new URL(`https://${host}`)];
  });
  return urls.find(({ host }) => host !== docsHost)?.origin;
}

function parse(line: string): { type?: unknown; targets?: unknown } | undefined {
  try {
    return Object(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Its name, and why. */
export const healthStep = ["health", "a new address needs up to some minutes"] as const;

/** A new address takes its time to be known everywhere. @throws Mistake with what it last said. */
export async function waitUntilHealthy(
  report: Report,
  url: string,
  options: { waitMsMax: number; everyMs: number },
): Promise<void> {
  await report.step(...healthStep, async () => {
    const deadline = Date.now() + options.waitMsMax;
    for (;;) {
      const why = await whyNot(url);
      if (why === undefined) {
        return { outcome: "done", told: `${url}/health answers`, value: undefined };
      }
      if (Date.now() >= deadline) {
        throw new Mistake(
          `the Worker is uploaded, but ${url}/health ${why}. Run this again in some minutes; if it stays so, \`npx wrangler tail\` shows what happens, and PUBLIC_URL in wrangler.toml must be an address that leads here`,
        );
      }
      await sleep(options.everyMs);
    }
  });
}

const answerMsMax = 10_000;

async function whyNot(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/health`, {
      redirect: "manual",
      signal: AbortSignal.timeout(answerMsMax),
    });
    const text = await answer.text();
    if (answer.status === 200 && parse(text)) return undefined;
    return `answers ${answer.status}: ${text.trim().slice(0, 300)}`;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause ? ` (${cause.code})` : "";
    return `gives no answer${code}`;
  }
}
