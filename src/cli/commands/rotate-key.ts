/** `rotate-key`: another key signs a repository, and all that it has is signed anew. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { Config } from "../../config/config.ts";
import type { RepositoryConfig } from "../../config/repositories.ts";
import { parsePrivateKey, publicKeyFingerprint, publicKeyPem } from "../../hex/sign.ts";
import { examples } from "../examples.ts";
import { Mistake } from "../mistake.ts";
import { findRegistry, type Registry, type RegistryOptions } from "../registry.ts";
import { chooseKey, type OldKey, oldKey } from "../rotate/choose.ts";
import { readDeclaredRepositories, signedByUs } from "../rotate/declared.ts";
import { fingerprintOf } from "../rotate/key-folder.ts";
import { type Rotation, tellRotation, todosOf } from "../rotate/lines.ts";
import { cloudflarePlace, dataPlace, type Place } from "../rotate/place.ts";
import { Reader, servedKey } from "../rotate/reader.ts";

export function rotateKeyCommand(program: Command): void {
  const command = program
    .command("rotate-key <repo>")
    .description("sign a repository with a new key, and say what its clients must do")
    .option(
      "--signing-key <file>",
      "this RSA key (PEM) instead of a new one; an old one leads back",
    )
    .option("--cloudflare", "of the Worker in wrangler.toml, not of the npm start of --data")
    .option("--config <file>", "which repositories there are", "wrangler.toml")
    .option("--wait <seconds>", "how long until all is signed anew", seconds, 600)
    .option("--dry-run", "say what would happen, and change nothing")
    .action(rotateKey);
  examples(command, [
    "rotate-key acme --dry-run",
    "rotate-key acme",
    "rotate-key acme --cloudflare --url https://hex.example.com    # with HEXEDGE_KEY in the environment",
    "rotate-key acme --signing-key data/signing_key.pem",
  ]).addHelpText(
    "after",
    "\nClients with the old public key get nothing from then on, until they have the new one. An npm start has to\n" +
      "be restarted meanwhile, which the command says and waits for. After an interruption, or when the time is\n" +
      "over, run it again: it goes on with the key that it began with. Old keys are kept beside the new one.",
  );
}

interface Options extends RegistryOptions {
  signingKey?: string;
  cloudflare?: boolean;
  config: string;
  wait: number;
  dryRun?: boolean;
  json?: boolean;
}

/** What can be refused is refused before anything is made. */
async function rotateKey(name: string, _options: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  const known = readDeclaredRepositories(options.config);
  const repository = signedByUs(known, options.config, name);
  const place = await placeOf(options, name);
  const registry = await registryOf(options, known);
  const served = await servedOrUnknown(registry, name, options);
  const old = await oldKey(place, served);
  await place.check(old.path !== null || (await place.keys.begun()) !== undefined);
  const { pem, isBegun } = await chooseKey(place, options.signingKey, old.fingerprint);
  if (options.dryRun) {
    const rotation = await plan(repository, place, old, options.signingKey || isBegun ? pem : null);
    const how = `would sign ${name} with ${rotation.fingerprint ?? "a new key"} instead of ${old.fingerprint ?? "the one it has"}: ${place.how}`;
    const told = [how, ...(place.todo ? [`then: ${place.todo}`] : []), whatFollows];
    console.log(options.json ? JSON.stringify(rotation, null, 2) : told.join("\n"));
    return;
  }
  const begun = await place.keys.begin(pem);
  if (begun !== pem) throw new Mistake(`somebody else just began to rotate the key of ${name}`);
  const oldPath = await install(place, pem);
  const rotation = await waitForIt({ options, registry, repository, known, place, pem, old });
  const old_key_path = oldPath ?? old.path;
  const rotated = { ...rotation, old_key_path, way_back: wayBack(name, old_key_path, options) };
  console.log(options.json ? JSON.stringify(rotated, null, 2) : tellRotation(rotated));
  // The last of all: whoever did not see what was printed gets it by running the command again.
  await place.keys.finish();
}

const whatFollows =
  "Every file is signed anew, which takes seconds for a hundred packages; clients then need the new public key.";

function placeOf(options: Options, name: string): Promise<Place> {
  const { cloudflare, config, data, dryRun = false } = options;
  return cloudflare
    ? cloudflarePlace(config, name, dryRun, process.env)
    : dataPlace(data, name, process.env);
}

function registryOf(options: Options, known: Config): Promise<Registry> {
  const url = options.url || process.env.HEXEDGE_URL || (options.cloudflare && known.publicUrl);
  if (options.cloudflare && !url) {
    throw new Mistake("where is the Worker to be reached? --url https://hex.example.com");
  }
  return findRegistry({ ...options, ...(url ? { url } : {}) }, process.env);
}

/** An `npm start` need not run yet; of a Worker nothing is replaced that nobody has seen to be ours. */
async function servedOrUnknown(
  registry: Registry,
  name: string,
  { cloudflare }: Options,
): Promise<string | null> {
  try {
    return await servedKey(registry, name);
  } catch (error) {
    if (cloudflare || !(error instanceof Mistake) || !/ gets no answer/.test(error.message)) {
      throw error;
    }
    console.error(`${registry.url} does not answer: start it when the new key is there`);
    return null;
  }
}

async function plan(
  { name, kind }: RepositoryConfig,
  place: Place,
  old: OldKey,
  pem: string | null,
): Promise<Rotation> {
  return {
    ...{ repository: name, kind, outcome: "planned", old_fingerprint: old.fingerprint },
    fingerprint: pem === null ? null : await fingerprintOf(pem),
    ...{ key_path: place.keys.keyPath, old_key_path: old.path, way_back: null },
    ...{ public_key: null, public_key_path: null, packages: 0, check: null, todo: [] },
  };
}

/** @returns where the key is now that was there before. */
async function install(place: Place, pem: string): Promise<string | undefined> {
  // Kept there only after the Worker had it: then an earlier run came as far as this.
  if ((await place.keys.own()) === pem) return undefined;
  await place.give(pem);
  return place.keys.install(pem);
}

async function waitForIt(world: {
  options: Options;
  registry: Registry;
  repository: RepositoryConfig;
  known: Config;
  place: Place;
  pem: string;
  old: OldKey;
}): Promise<Rotation> {
  const { options, registry, repository, known, place, pem, old } = world;
  const { name, kind } = repository;
  const publicKey = await publicKeyPem(await parsePrivateKey(pem));
  const fingerprint = await publicKeyFingerprint(publicKey);
  console.error(`the new key ${fingerprint} is in place${place.todo ? `; now ${place.todo}` : ""}`);
  const reader = new Reader(registry, repository, publicKey);
  const read = await reader
    .readUntilSigned({
      waitMsMax: options.wait * 1000,
      onLacking: (lacking) => console.error(`waits: ${lacking}`),
    })
    .catch((error: unknown) => {
      if (!(error instanceof Mistake)) throw error;
      const todo = place.todo ? `; ${place.todo}` : "";
      throw new Mistake(
        `${name} is not signed anew after ${options.wait} s: ${error.message}${todo}. Run this again to go on`,
      );
    });
  const path = join(place.keys.path, `public_key_${name}.pem`);
  await writeFile(path, publicKey);
  const { url } = registry;
  return {
    ...{ repository: name, kind, outcome: "rotated", fingerprint },
    old_fingerprint: old.fingerprint === fingerprint ? null : old.fingerprint,
    ...{ key_path: place.keys.keyPath, old_key_path: old.path, way_back: null },
    ...{ public_key: publicKey, public_key_path: path, ...read },
    todo: todosOf({ url, repository, fingerprint, publicKeyPem: publicKey, known }),
  };
}

/** To be typed as it is, where this command was. */
function wayBack(name: string, oldPath: string | null, options: Options): string | null {
  if (oldPath === null) return null;
  const { cloudflare, data, config, url } = options;
  return [
    `npm run hexedge -- rotate-key ${name} --signing-key ${oldPath}`,
    ...(cloudflare ? ["--cloudflare"] : data === "data" ? [] : [`--data ${data}`]),
    ...(config === "wrangler.toml" ? [] : [`--config ${config}`]),
    ...(url === undefined ? [] : [`--url ${url}`]),
  ].join(" ");
}

function seconds(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value < 86_400) return value;
  throw new InvalidArgumentError("it is a number of seconds.");
}
