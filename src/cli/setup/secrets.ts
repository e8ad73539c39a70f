/**
 * The secrets that the Worker does not have yet. They are kept here first and go up together with the code,
 * in one step, by `wrangler deploy --secrets-file`: so the Worker never runs without them, and a crash in
 * between leaves a value here that the next run uploads. (`secret put` was the alternative: each makes a
 * version of its own, and there is no Worker yet to put the first one into.) One that exists is never touched.
 */
import { createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { makeKeySecret } from "../../accounts/secret.ts";
import { webhookSecretLengthMin } from "../../config/webhooks.ts";
import { generateSigningKey, KeyError, parsePrivateKey } from "../../hex/sign.ts";
import { newAccountsSecret } from "../data-folder.ts";
import { readPrivateKey } from "../key-files.ts";
import { Mistake } from "../mistake.ts";
import { checkDeclared, type Declared, furtherSecrets, webhookSecrets } from "./declared.ts";
import type { OwnFolder } from "./own-folder.ts";
import type { Report } from "./report.ts";
import { errorOf, type Wrangler } from "./wrangler.ts";

const listed = v.array(v.object({ name: v.string() }));
const always = ["SIGNING_KEY", "ADMIN_KEY", "ACCOUNTS_SECRET"];

export interface Given {
  /** A file with the key to sign with. */
  signingKey: string | undefined;
  environment: NodeJS.ProcessEnv;
}

/** Names of the Worker's secrets. @param options.takeOver a Worker that is no Hexedge may be written over */
export async function secretsThere(
  wrangler: Wrangler,
  declared: Declared,
  options: { isLoggedIn: boolean; takeOver: boolean },
): Promise<string[]> {
  if (!options.isLoggedIn) return [];
  const args = ["secret", "list", "--format", "json"];
  const said = await wrangler.look(args);
  if (said.code !== 0) {
    if (/not found|code: 10007|code: 10090/i.test(errorOf(said))) return [];
    throw wrangler.failure(args, said);
  }
  const names = parseNames(said.stdout);
  if (names.some((name) => always.includes(name)) || options.takeOver) return names;
  throw new Mistake(
    `there is a Worker called ${declared.name} already, which is no Hexedge: choose another name in ${declared.path}, or write over it with --take-over`,
  );
}

/** @returns what is to go up, by name. */
export async function makeSecrets(
  report: Report,
  wrangler: Wrangler,
  declared: Declared,
  folder: OwnFolder,
  there: readonly string[],
  given: Given,
): Promise<Record<string, string>> {
  const why = "one key signs packages, one opens everything, under one keys of users are hashed";
  return report.step("secrets", why, async () => {
    const webhooks = webhookSecrets(declared);
    const makers: Record<string, () => Promise<string>> = {
      ...Object.fromEntries(webhooks.map((name) => [name, () => webhookSecret(folder, name)])),
      SIGNING_KEY: () => signingKey(folder, given.signingKey),
      ADMIN_KEY: () => folder.kept("admin_key", makeKeySecret),
      ACCOUNTS_SECRET: () => folder.kept("accounts_secret", newAccountsSecret),
    };
    const further = [...furtherSecrets(declared), ...webhooks];
    const isGiven = (name: string) => further.includes(name) && !!given.environment[name];
    const needed = [...always, ...further.filter(isGiven), ...webhooks];
    const missing = [...new Set(needed)].filter((name) => !there.includes(name));
    checkDeclared(declared, [...there, ...missing]);
    const values: Record<string, string> = {};
    for (const name of missing) {
      const value = isGiven(name) ? given.environment[name] : await makers[name]?.();
      values[name] = value ?? "";
      wrangler.hide([values[name]]);
      if (name.startsWith("SIGNING_KEY_")) await checkKey(name, values[name]);
      if (webhooks.includes(name)) checkWebhookSecret(name, values[name]);
    }
    const unused =
      given.signingKey !== undefined && there.includes("SIGNING_KEY")
        ? `; the Worker has a SIGNING_KEY, so ${given.signingKey} is not used`
        : "";
    const kept = there.length > 0 ? `; it has ${there.join(", ")}` : "";
    if (missing.length === 0) {
      return { outcome: "there", told: `all are there${unused}`, value: values };
    }
    const made = missing.filter((name) => !isGiven(name));
    const taken = missing.filter(isGiven);
    const told = [
      ...(made.length > 0 ? [`${made.join(", ")}, kept in ${folder.path}`] : []),
      ...(taken.length > 0 ? [`${taken.join(", ")}, taken from the environment`] : []),
      ...webhooks
        .filter((name) => made.includes(name))
        .map((name) => `receivers need what ${webhookPath(folder, name)} holds`),
    ].join("; ");
    return wrangler.isDryRun
      ? { outcome: "planned", told: `makes ${told}${kept}${unused}`, value: values }
      : {
          outcome: "done",
          told: `${told}${kept}${unused}; they go up with the Worker`,
          value: values,
        };
  });
}

const webhookFile = (name: string) => `webhook_${name}`;
const webhookPath = (folder: OwnFolder, name: string) => folder.pathOf(webhookFile(name));

/** Names of secrets are no names of other files there: these have a beginning of their own. */
function webhookSecret(folder: OwnFolder, name: string): Promise<string> {
  return folder.kept(webhookFile(name), newAccountsSecret);
}

/** The Worker would say it to every request. */
function checkWebhookSecret(name: string, value: string): void {
  if (value.length >= webhookSecretLengthMin) return;
  throw new Mistake(`${name} must have at least ${webhookSecretLengthMin} characters`);
}

const signingKeyName = "signing_key.pem";

async function signingKey(folder: OwnFolder, path: string | undefined): Promise<string> {
  if (path === undefined) {
    const kept = await folder.kept(signingKeyName, generateSigningKey);
    await checkKey(folder.pathOf(signingKeyName), kept);
    return kept;
  }
  await readPrivateKey(path);
  const given = await readFile(path, "utf8");
  const kept = await folder.read(signingKeyName);
  if (kept !== undefined && publicHalf(kept) !== publicHalf(given)) {
    throw new Mistake(
      `${folder.pathOf(signingKeyName)} is another key than ${path}: move it away to use that one, or leave --signing-key out`,
    );
  }
  return folder.kept(signingKeyName, () => given);
}

function publicHalf(pem: string): string {
  return createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();
}

async function checkKey(where: string, pem: string): Promise<void> {
  await parsePrivateKey(pem).catch((error: unknown) => {
    if (!(error instanceof KeyError)) throw error;
    throw new Mistake(`${where}: ${error.message}`);
  });
}

function parseNames(text: string): string[] {
  try {
    return v.parse(listed, JSON.parse(text)).map(({ name }) => name);
  } catch {
    throw new Mistake("`npx wrangler secret list` printed no list: is wrangler another version?");
  }
}
