/** Which Hexedge a command means, and with which key it asks. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Mistake } from "./mistake.ts";

export interface Registry {
  /** Without a slash at its end. */
  url: string;
  key: string;
  /** Where the key was found: what to mend when it is wrong, without showing it. */
  keySource: string;
}

export interface RegistryOptions {
  url?: string;
  key?: string;
  data: string;
}

const defaultUrl = "http://127.0.0.1:4000";

export async function findRegistry(
  options: RegistryOptions,
  environment: NodeJS.ProcessEnv,
): Promise<Registry> {
  const url = parseUrl(options.url || environment.HEXEDGE_URL || defaultUrl);
  const found = await findKey(options, environment, url);
  // fetch would show the key in its complaint about the header.
  if (!/^[\x21-\x7e]+$/.test(found.key)) {
    throw new Mistake(
      `${found.keySource} holds no key: a key is one line of letters, digits and signs`,
    );
  }
  return { url: url.href.replace(/\/+$/, ""), ...found };
}

/** What it is told is not shown again before it is known to hold no password. */
function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Mistake(`the URL must be one such as ${defaultUrl} or https://hex.example.com`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new Mistake(`the URL must be only ${url.origin}${url.pathname}; the key goes elsewhere`);
  }
  if (/\/api(\/|$)/.test(url.pathname)) {
    throw new Mistake(`${url.href} is the API's address: give the registry's, ${url.origin}`);
  }
  return url;
}

async function findKey(
  { key, data }: RegistryOptions,
  environment: NodeJS.ProcessEnv,
  url: URL,
): Promise<Pick<Registry, "key" | "keySource">> {
  if (key) return { key, keySource: "--key" };
  if (environment.HEXEDGE_KEY) return { key: environment.HEXEDGE_KEY, keySource: "HEXEDGE_KEY" };
  // The admin key of this machine goes nowhere else.
  if (!isThisMachine(url)) throw new Mistake(`no key for ${url.origin}: set HEXEDGE_KEY to one`);
  const path = join(data, "admin_key");
  const kept = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`;
    throw new Mistake(
      `no key: ${path} ${why}, so set HEXEDGE_KEY, or name the data folder with --data`,
    );
  });
  return { key: kept.trim(), keySource: path };
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}
