/** What the Worker says about itself and what is behind it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, fine, wrong } from "./finding.ts";
import type { Health } from "./health.ts";

const skewMsMax = 30_000;
const cronMsMax = 15 * 60_000;

export function checkVersion({ version }: Health): Finding {
  const path = join(import.meta.dirname, "../../../package.json");
  const { version: ours } = JSON.parse(readFileSync(path, "utf8")) as { version: string }; // our own
  if (version === ours) return fine("version", `${version}, as here`);
  const todo = "deploy this one, or ask with the doctor of that one";
  return wrong("version", `it runs ${version}, and here is ${ours}`, todo);
}

/** Tokens, keys that expire and sign-ins go by the Worker's clock. */
export function checkClock({ skewMs }: { skewMs: number }): Finding {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= skewMsMax) {
    return fine("clock", seconds === 0 ? "the same here and there" : `${seconds} s apart`);
  }
  const told = `it is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the clock of this machine`;
  return wrong("clock", told, "set the one that is wrong, by NTP");
}

export function checkCron({ cron }: Health, now: number): Finding {
  const todo =
    "look at crons in [triggers] of wrangler.toml, deploy, wait for five minutes; then `npx wrangler tail` shows why it fails";
  if (!cron) return wrong("cron", "it has never run", todo);
  if (!("at" in cron)) return wrong("cron", `nobody can tell: ${cron.error}`, "see what KV says");
  const minutes = Math.round((now - Date.parse(cron.at)) / 60_000);
  const when = minutes <= 0 ? "just now" : `${minutes} min ago`;
  if (!cron.ok)
    return wrong("cron", `it failed ${when}: ${cron.error ?? "?"}`, "mend what it says");
  if (now - Date.parse(cron.at) > cronMsMax) return wrong("cron", `it last ran ${when}`, todo);
  return fine("cron", `ran ${when}`);
}

const remedies: Record<string, string> = {
  r2: "look at [[r2_buckets]] in wrangler.toml (binding BUCKET) and at the bucket in the dashboard; `npm run setup` makes one that is missing",
  kv: "look at [[kv_namespaces]] in wrangler.toml (binding INDEX) and at the limits of the plan; `npm run setup` makes one that is missing",
  s3: "look at [vars.S3], at the secrets S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, and at what they may do there",
  folder:
    "look at the data folder: is it there, writable for whoever runs npm start, and the disk not full?",
};

export function checkStorages({ storages }: Health): Finding[] {
  return storages.map(({ storage, ok, error, put_ms, get_ms, delete_ms }) => {
    const check = `storage ${storage}`;
    if (!ok) return wrong(check, error ?? "fails", remedies[storage] ?? "see what it says");
    return fine(check, `put ${put_ms} ms, get ${get_ms} ms, delete ${delete_ms} ms`);
  });
}

export function checkObjects({ objects }: Health): Finding[] {
  return objects.map(({ binding, object, ok, ms, error }) => {
    const check = `binding ${binding}`;
    if (ok) return fine(check, `${object} answers in ${ms} ms`);
    const todo =
      "look at [[durable_objects.bindings]] and [[migrations]] in wrangler.toml, and at what it says; `npx wrangler tail` shows more";
    return wrong(check, `${object}: ${error ?? "fails"}`, todo);
  });
}

/** What the cron found when it read each repository at night. */
export function checkNights({ checks }: Health): Finding[] {
  return Object.entries(checks).map(([name, state]) => {
    const check = `nightly check ${name}`;
    if ("error" in state) return wrong(check, state.error, "see the binding REPOSITORY above");
    const { last, lost } = state;
    const repair = `\`npm run hexedge -- check ${name} --repair\` makes it anew of the bucket`;
    if (lost) return wrong(check, "the ledger is lost, and nothing can be written", repair);
    if (!last) return fine(check, "not yet: the first one comes after a day");
    const when = last.at.slice(0, 16).replace("T", " ");
    if (last.problems === 0) return fine(check, `nothing wrong at ${when} UTC`);
    const told = `${last.problems} wrong at ${when} UTC: ${last.examples[0] ?? "?"}`;
    return wrong(check, told, `\`npm run hexedge -- check ${name}\` tells all, --repair mends`);
  });
}

export function checkMirrors({ mirrors }: Health): Finding[] {
  return Object.entries(mirrors).map(([name, state]) => {
    const check = `mirror ${name}`;
    if ("error" in state) return wrong(check, state.error, "mend what it says in its declaration");
    const { upstream, warning, pending, failures } = state;
    if (upstream !== "ok") {
      return wrong(
        check,
        "upstream is away",
        "what is kept is served; look at upstream_url and the network",
      );
    }
    if (warning !== null || failures.length > 0) {
      const told = warning ?? `${failures.length} packages fail`;
      return wrong(check, told, "`GET /health` with the admin key names them, and says why");
    }
    return fine(check, pending === 0 ? "all is well" : `${pending} packages are still to come`);
  });
}

export function checkWebhooks({ webhooks }: Health): Finding[] {
  return webhooks.map(({ url, ok, error }) => {
    // The rest of the URL may be what only its receiver should know.
    const check = `webhook ${URL.parse(url)?.host ?? url}`;
    if (ok) return fine(check, "its secret is there");
    const todo =
      "what happened meanwhile is tried for some hours; `POST /api/webhooks/deliveries/ID/redeliver` sends what was given up";
    return wrong(check, error ?? "nothing can be sent", todo);
  });
}

export function checkNames({ name_conflicts }: Health): Finding[] {
  return Object.keys(name_conflicts).map((group) =>
    wrong(
      `names ${group}`,
      "packages of ours have the names of others' upstream",
      "`GET /health` with the admin key names them: rename ours, or make sure that nobody resolves without the group",
    ),
  );
}
