/**
 * `npm run setup`: from nothing to a registry on Cloudflare that was seen to work. Every step first asks
 * whether it is done, so running it again, after an interruption or a mistake, goes on where it stopped.
 */
import { dirname } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { runCommand } from "./run-command.ts";
import { checkAccount } from "./setup/account.ts";
import { makeBucket } from "./setup/bucket.ts";
import {
  checkDeclared,
  furtherSecrets,
  needsBucket,
  readDeclared,
  webhookSecrets,
} from "./setup/declared.ts";
import { deploy, waitUntilHealthy } from "./setup/deploy.ts";
import { lines } from "./setup/lines.ts";
import { makeNamespace } from "./setup/namespace.ts";
import { OwnFolder } from "./setup/own-folder.ts";
import { planRest } from "./setup/plan.ts";
import { Report } from "./setup/report.ts";
import { makeSecrets, secretsThere } from "./setup/secrets.ts";
import { verify } from "./setup/verify.ts";
import { Wrangler } from "./setup/wrangler.ts";

interface Options {
  config: string;
  signingKey?: string;
  wait: number;
  takeOver?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const everyMs = 2000;

async function setup(options: Options): Promise<void> {
  const { dryRun: isDryRun = false, json: isJson = false } = options;
  const wrangler = new Wrangler(options.config, process.env, isDryRun);
  const report = new Report(wrangler, isJson);
  const print = (it: object) =>
    console.log(JSON.stringify({ ...it, steps: report.steps }, null, 2));
  try {
    const made = await takeSteps(report, wrangler, options);
    if (isJson) print({ ok: true, ...made });
  } catch (error) {
    if (isJson) print({ ok: false, mistake: error instanceof Error ? error.message : `${error}` });
    throw error;
  }
}

/** What can be refused is refused before anything is made. */
async function takeSteps(
  report: Report,
  wrangler: Wrangler,
  options: Options,
): Promise<{ url?: string; repository?: string }> {
  const { signingKey, takeOver = false } = options;
  const declared = readDeclared(options.config);
  wrangler.withhold([...furtherSecrets(declared), ...webhookSecrets(declared)]);
  const folder = new OwnFolder(dirname(options.config), declared.name, wrangler.isDryRun);
  const isLoggedIn = await checkAccount(report, wrangler, declared, process.env);
  const there = await secretsThere(wrangler, declared, { isLoggedIn, takeOver });
  const given = { signingKey, environment: process.env };
  const secrets = await makeSecrets(report, wrangler, declared, folder, there, given);
  const config = checkDeclared(declared, [...there, ...Object.keys(secrets)]);
  const isNeeded = needsBucket(declared, config);
  await makeBucket(report, wrangler, declared, { isNeeded, isLoggedIn });
  await makeNamespace(report, wrangler, declared, folder, isLoggedIn);
  const url = await deploy(report, wrangler, folder, secrets, config);
  if (url === undefined) {
    await planRest(report, config, options.wait);
    return {};
  }
  await waitUntilHealthy(report, url, { waitMsMax: options.wait * 1000, everyMs });
  const found = await verify(report, url, config, folder, process.env);
  if (!found) return { url };
  const publicKeyPath = await folder.write("public_key.pem", found.publicKeyPem);
  const adminKeyPath = folder.pathOf("admin_key");
  if (!options.json) console.log(lines({ url, ...found, publicKeyPath, adminKeyPath }));
  return { url, repository: found.repository };
}

function command(): Command {
  return new Command("npm run setup --")
    .description("Deploys Hexedge to Cloudflare: makes what is missing, uploads it, and tries it.")
    .option("--dry-run", "print the plan and the wrangler commands, and change nothing")
    .option("--config <file>", "which Worker and repositories", "wrangler.toml")
    .option("--signing-key <file>", "sign with this RSA key (PEM) instead of a new one")
    .option("--wait <seconds>", "how long a new address may take to answer", seconds, 300)
    .option("--take-over", "write over a Worker of this name that is no Hexedge")
    .option("--json", "print one JSON document, and nothing else")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "hexedge: ")) })
    .exitOverride()
    .addHelpText("after", help)
    .action(setup);
}

const help = `
Log in first: npx wrangler login, or CLOUDFLARE_API_TOKEN. What exists is used and never overwritten, so it
can be run again at any time: after an interruption, and to deploy a new version. Keys are kept in
.hexedge/NAME beside wrangler.toml. Further secrets that wrangler.toml asks for (S3_ACCESS_KEY_ID,
S3_SECRET_ACCESS_KEY, SIGNING_KEY_NAME, upstream_auth_key) are taken from the environment if the Worker lacks them; those that
sign webhooks are too, and made if they are not there.
It ends with 0 when all is well, 1 with a sentence that says what to do, 2 when it was called wrongly.`;

function seconds(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value < 86_400) return value;
  throw new InvalidArgumentError("it is a number of seconds.");
}

await runCommand(command());
