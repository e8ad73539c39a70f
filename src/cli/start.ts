/** `npm start`: the Worker on one machine, with its data in a folder. */
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Miniflare } from "miniflare";
import { readConfig } from "../config/config.ts";
import { ConfigError } from "../config/error.ts";
import type { Env } from "../env.ts";
import { DataFolder, type Secrets, secretBindings } from "./data-folder.ts";
import { openMiniflare } from "./miniflare.ts";
import { Mistake, run } from "./mistake.ts";
import { namedSecrets } from "./named-secrets.ts";
import { welcome } from "./welcome.ts";
import { Workerd } from "./workerd.ts";
import { readWranglerConfig, type WranglerConfig } from "./wrangler-config.ts";

const usage = `npm start -- [options]
  --port PORT     where to listen (4000)
  --host HOST     on which address (127.0.0.1: this machine only)
  --data DIR      where everything is kept (./data)
  --config FILE   which repositories there are (./wrangler.toml)
ADMIN_KEY, ACCOUNTS_SECRET and SIGNING_KEY (PEM) in the environment win over those in the data folder.
S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are for [vars.S3].`;

/** How often the cron of wrangler.toml is played; Miniflare has no clock of its own for it. */
const cronMs = 60_000;

async function start(): Promise<void> {
  const options = readOptions();
  if (!options) return;
  const { host, port } = options;
  const config = readWranglerConfig(options.config);
  const data = await DataFolder.open(options.data);
  await checkPort(host, port);
  const secrets = await data.secrets(process.env);
  checkDeclarations(options.config, config, secrets);
  const workerd = new Workerd();
  const miniflare = await openMiniflare({ host, port, config, data, secrets });
  stopCleanly(workerd);
  await miniflare.ready;
  playCron(miniflare, workerd);
  // Not before, because it takes the longer the more there is.
  void data.removeUnfinished().catch((error) => console.error({ message: String(error) }));
  const authority = host.includes(":") ? `[${host}]` : host;
  console.log(await welcome({ origin: `http://${authority}:${port}`, config, data, secrets }));
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "4000" },
      host: { type: "string", default: "127.0.0.1" },
      data: { type: "string", default: "data" },
      config: { type: "string", default: "wrangler.toml" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Mistake(`--port ${values.port}: a port is a number from 1 to 65535`);
  }
  return { ...values, port };
}

/** workerd would only say that it could not start. */
async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "something else listens there" : error.message;
      fail(new Mistake(`cannot listen on ${host}:${port}: ${why}; choose another with --port`));
    });
    server.listen(port, host, () => server.close(() => done()));
  });
}

/** What the Worker would say to every request, said once and here. */
function checkDeclarations(path: string, { vars }: WranglerConfig, secrets: Secrets): void {
  try {
    // Of the bindings, it looks at none.
    const named = namedSecrets(vars, process.env);
    const env = { ...vars, ...named, ...secretBindings(secrets) } as unknown as Env;
    const { repositories, storage } = readConfig(env);
    const remote = [...repositories.values()].find((it) => (it.storage ?? storage) === "r2");
    if (remote) {
      throw new ConfigError(
        `REPOSITORIES.${remote.name}: storage = "r2" is on Cloudflare alone; here it is "folder" or "s3"`,
      );
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isSecret = /^(ADMIN_KEY|ACCOUNTS_SECRET|S3_ACCESS_KEY_ID|S3_SECRET_ACCESS_KEY)\b/.test(
      error.message,
    );
    throw new Mistake(isSecret ? error.message : `${path}: ${error.message}`);
  }
}

function stopCleanly(workerd: Workerd): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.removeAllListeners(signal); // Miniflare's own ends everything at once, with 143
    process.on(signal, () => workerd.stop());
  }
}

/** The first time at once: it finishes what a killed predecessor had begun. */
function playCron(miniflare: Miniflare, workerd: Workerd): void {
  const play = async () => {
    const worker = await miniflare.getWorker();
    await worker.scheduled({ cron: "* * * * *" });
  };
  let isPlaying = false;
  const playOrSay = async () => {
    if (isPlaying) return;
    isPlaying = true;
    try {
      await play();
    } catch (error) {
      // Ctrl-C may reach workerd before us; what our end cuts off, the next start finishes.
      await sleep(500);
      if (!workerd.isStopping) console.error({ message: `the cron failed: ${error}` });
    } finally {
      isPlaying = false;
    }
  };
  void playOrSay();
  setInterval(playOrSay, cronMs).unref();
}

await run(start);
