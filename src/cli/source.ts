/** A Hex repository behind HTTP, as the commands read it. */
import type { Got, Source } from "../static/export.ts";
import { Mistake } from "./mistake.ts";
import { findRegistry, type RegistryOptions } from "./registry.ts";
import { type Place, transfer, unexpected } from "./transfer.ts";

export class HttpSource implements Source {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  async get(path: string, etag?: string): Promise<Got> {
    const headers = etag === undefined ? {} : { headers: { "if-none-match": etag } };
    const answer = await transfer(this.#place, `/${path}`, headers);
    if (answer.status === 200) return answer;
    if (answer.status === 404) return "missing";
    if (answer.status === 304 && etag !== undefined) return "unchanged";
    throw new Mistake(unexpected(this.#place, `/${path}`, answer.status));
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const got = await this.get(path);
    return typeof got === "string" ? undefined : got.bytes;
  }
}

/** A repository of the Hexedge that is meant. */
export async function placeOf(options: RegistryOptions, repository: string): Promise<Place> {
  if (!/^[a-z0-9_]+$/.test(repository)) {
    throw new Mistake(`"${repository}" is no name of a repository: it has a-z, 0-9 and _`);
  }
  const registry = await findRegistry(options, process.env);
  return { url: `${registry.url}/repos/${repository}`, key: registry.key };
}

/** @returns the URL without a slash at its end. */
export function readUrl(text: string, wanted: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Mistake(wanted);
  if (url.username || url.password || url.search || url.hash) {
    throw new Mistake(`the URL must be only ${url.origin}${url.pathname}; the key goes elsewhere`);
  }
  return url.href.replace(/\/+$/, "");
}
