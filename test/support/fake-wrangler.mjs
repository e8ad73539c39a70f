/**
 * Stands in for `wrangler` and Cloudflare: an account in the JSON file FAKE_CLOUDFLARE. A command or an option
 * that the real one does not have (test/fixtures/wrangler-help.json) ends it, as it ends the real one. What it
 * prints was taken from wrangler's own source. Uploading a Worker is asked of FAKE_CLOUDFLARE_DEPLOY, a URL of
 * the test, which starts it for real.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";

const help = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/wrangler-help.json"), "utf8"),
);
const accountPath = process.env.FAKE_CLOUDFLARE;
const account = JSON.parse(readFileSync(accountPath, "utf8"));

/** Whole or not at all: the test reads it meanwhile. */
function save() {
  writeFileSync(`${accountPath}.new`, JSON.stringify(account, null, 2));
  renameSync(`${accountPath}.new`, accountPath);
}

const say = (text) => process.stdout.write(`${text}\n`);

function fail(text) {
  save();
  process.stderr.write(`\n\x1b[31m✘ [41;31m[\x1b[41;97mERROR\x1b[41;31m]\x1b[0m ${text}\n\n`);
  process.stderr.write('🪵  Logs were written to "/tmp/wrangler.log"\n');
  process.exit(1);
}

const args = process.argv.slice(2);
account.calls.push({ args, environment: Object.entries(process.env).map((it) => it.join("=")) });
save();

const command = Object.keys(help.commands)
  .filter((it) => `${args.join(" ")} `.startsWith(`${it} `))
  .sort((one, other) => other.length - one.length)[0];
if (command === undefined) fail(`Unknown arguments: ${args.join(", ")}`);

const { options, positionals } = parseArgs(args.slice(command.split(" ").length));
if (account.hanging === command) await new Promise((done) => setTimeout(done, 30_000));
const failing = account.failing[command];
if (failing !== undefined) fail(failing);
if (command !== "whoami" && !account.isLoggedIn) {
  fail(
    "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
  );
}
const configPath = options["--config"] ?? "wrangler.toml";
const config = parse(readFileSync(configPath, "utf8"));
await commands()[command]();
save();

function commands() {
  return {
    whoami: () => {
      const { isLoggedIn, accounts } = account;
      if (!options["--json"]) fail("the fake only knows --json");
      say(
        JSON.stringify(
          isLoggedIn
            ? { loggedIn: true, authType: "OAuth Token", email: "ann@example.com", accounts }
            : { loggedIn: false },
        ),
      );
      if (!isLoggedIn) process.exit(1);
    },
    "r2 bucket info": () => {
      if (!account.buckets.includes(positionals[0]))
        api("The specified bucket does not exist. [code: 10006]");
      say(JSON.stringify({ name: positionals[0], object_count: "0" }));
    },
    "r2 bucket create": () => {
      if (account.buckets.includes(positionals[0])) {
        api("The bucket you tried to create already exists, and you own it. [code: 10004]");
      }
      account.buckets.push(positionals[0]);
      say(`Creating bucket '${positionals[0]}'...\n✅ Created bucket '${positionals[0]}'`);
    },
    "kv namespace list": () => say(JSON.stringify(account.namespaces, null, 2)),
    "kv namespace create": () => {
      const [title] = positionals;
      if (account.namespaces.some((it) => it.title === title)) {
        fail(`A KV namespace with the title "${title}" already exists.`);
      }
      const id = randomBytes(16).toString("hex");
      account.namespaces.push({ id, title, supports_url_encoding: true });
      say(
        `🌀 Creating namespace with title "${title}"\n✨ Success!\nTo access your new KV Namespace …`,
      );
    },
    "secret list": () => {
      const worker = account.workers[config.name];
      if (!worker) {
        fail(
          `Worker "${config.name}" not found.\n\nIf this is a new Worker, run \`wrangler deploy\` first to create it.`,
        );
      }
      const names = Object.keys(worker.secrets).sort();
      say(
        JSON.stringify(
          names.map((name) => ({ name, type: "secret_text" })),
          null,
          2,
        ),
      );
    },
    "secret bulk": async () => {
      const worker = account.workers[config.name];
      if (!worker) fail(`Worker "${config.name}" not found.`);
      const [file] = positionals;
      account.secretsFileModes.push((statSync(file).mode & 0o777).toString(8));
      Object.assign(worker.secrets, JSON.parse(readFileSync(file, "utf8")));
      save();
      await restart(worker);
      say("✨ 1 secrets successfully uploaded");
    },
    deploy,
  };
}

/** With its secrets, as a new version begins with them. @returns where it is to be reached. */
async function restart(worker) {
  const body = JSON.stringify({ configPath, secrets: worker.secrets });
  const answer = await fetch(process.env.FAKE_CLOUDFLARE_DEPLOY, { method: "POST", body });
  if (!answer.ok) fail(await answer.text());
  return answer.text();
}

async function deploy() {
  for (const { bucket_name: name } of config.r2_buckets ?? []) {
    if (!account.buckets.includes(name)) api(`R2 bucket '${name}' not found. [code: 10085]`);
  }
  for (const { id } of config.kv_namespaces ?? []) {
    if (!account.namespaces.some((it) => it.id === id))
      api(`KV namespace '${id}' not found. [code: 10041]`);
  }
  account.workers[config.name] ??= { secrets: {}, uploads: 0 };
  const worker = account.workers[config.name];
  const file = options["--secrets-file"];
  if (file !== undefined) {
    account.secretsFileModes.push((statSync(file).mode & 0o777).toString(8));
    Object.assign(worker.secrets, JSON.parse(readFileSync(file, "utf8")));
  }
  worker.uploads++;
  save();
  const address = await restart(worker);
  const entries = [
    { version: 1, type: "wrangler-session", wrangler_version: help.version },
    {
      type: "deploy",
      version: 1,
      worker_name: config.name,
      targets: [address, "schedule: */5 * * * *"],
    },
  ];
  writeFileSync(
    process.env.WRANGLER_OUTPUT_FILE_PATH,
    `${entries.map((it) => JSON.stringify(it)).join("\n")}\n`,
    { flag: "a" },
  );
  say("Uploaded hexedge (4.2 sec)");
}

function api(text) {
  fail(`A request to the Cloudflare API (/accounts/1/…) failed.\n\n  ${text}`);
}

/** As strictly as the real one, which knows of each option whether it takes a value. */
function parseArgs(rest) {
  const known = optionsOf(help.commands[command]);
  const found = { options: {}, positionals: [] };
  for (let at = 0; at < rest.length; at++) {
    const [name, given] = rest[at].split(/=(.*)/s);
    if (!name.startsWith("-")) {
      found.positionals.push(rest[at]);
      continue;
    }
    const option = known[name];
    if (!option) fail(`Unknown argument: ${name.replace(/^-+/, "")}`);
    const value = option.isBoolean ? true : (given ?? rest[++at]);
    if (value === undefined) fail(`Not enough arguments following: ${name}`);
    if (option.choices && !option.choices.includes(value)) fail(`Invalid values: ${name}`);
    found.options[option.name] = value;
  }
  const wanted =
    /^wrangler [a-z0-9 ]*((?:[<[][\w-]+[>\]] ?)*)$/m.exec(help.commands[command])?.[1] ?? "";
  const required = wanted.split(/\s+/).filter((it) => it.startsWith("<")).length;
  const most = wanted.split(/\s+/).filter((it) => it !== "").length;
  if (found.positionals.length < required) fail("Not enough non-option arguments");
  if (found.positionals.length > most) fail(`Unknown argument: ${found.positionals.at(-1)}`);
  return found;
}

function optionsOf(text) {
  const known = {};
  const entries = text.split(/\n(?= {1,6}(?:-\w, )?--)/).slice(1);
  for (const entry of entries) {
    const names = /^\s*((?:--?[\w-]+, )*--[\w-]+)/.exec(entry)[1].split(", ");
    const name = names.find((it) => it.startsWith("--"));
    const choices = /\[choices: ([^\]]*)\]/
      .exec(entry)?.[1]
      .split(", ")
      .map((it) => JSON.parse(it));
    for (const it of names) known[it] = { name, isBoolean: /\[boolean\]/.test(entry), choices };
  }
  return known;
}
