/** A hosted repository of a running Hexedge, which receives releases over its API. */
import * as v from "valibot";
import {
  decodePackage,
  type ReleaseResource,
  type RetirementStatus,
  unpackSigned,
} from "../hex/registry.ts";
import { parsePublicKey } from "../hex/sign.ts";
import type { DateRefused, Refused, Target } from "../static/import/target.ts";
import { docsPath, packagePath, type ReleaseName } from "../static/layout.ts";
import { Mistake } from "./mistake.ts";
import type { Registry } from "./registry.ts";
import { type Answer, getFile, type Place, transfer } from "./transfer.ts";

const packageBytesMax = 16 * 1024 * 1024;

const refusalAnswer = v.object({
  message: v.nullish(v.string()),
  errors: v.optional(v.unknown()),
});
const dateErrors = v.object({ published_at: v.string() });

export class ImportTarget implements Target {
  readonly #files: Place;
  readonly #api: Place;
  readonly #publicKey: CryptoKey;

  private constructor(files: Place, api: Place, publicKey: CryptoKey) {
    this.#files = files;
    this.#api = api;
    this.#publicKey = publicKey;
  }

  static async open({ url, key }: Registry, repository: string): Promise<ImportTarget> {
    const files = { url: `${url}/repos/${repository}`, key };
    const pem = await getFile(files, "/public_key");
    if (!pem) throw new Mistake(`${files.url} is not there: is it a repository of this Hexedge?`);
    const publicKey = await parsePublicKey(new TextDecoder().decode(pem));
    return new ImportTarget(files, { url: `${url}/api/repos/${repository}`, key }, publicKey);
  }

  async releases(name: string): Promise<readonly ReleaseResource[]> {
    const bytes = await getFile(this.#files, `/${packagePath(name)}`);
    if (!bytes) return [];
    const limits = { inflatedBytesMax: packageBytesMax };
    return decodePackage(await unpackSigned(bytes, this.#publicKey, limits)).releases;
  }

  docs(release: ReleaseName): Promise<Uint8Array | undefined> {
    return getFile(this.#files, `/${docsPath(release)}`);
  }

  publish(tarball: Uint8Array): Promise<Refused | undefined> {
    return this.#post("/publish", tarball, "application/octet-stream");
  }

  async publishAs(
    tarball: Uint8Array,
    publishedAt: Date,
  ): Promise<Refused | DateRefused | undefined> {
    const path = `/publish?published_at=${publishedAt.toISOString()}`;
    const { status, bytes } = await this.#send(path, tarball, "application/octet-stream");
    const said = answerIn(bytes);
    // Whoever may not publish at all hears of it when they try without.
    if (status === 403) return { dateRefused: said.sentence ?? "it answers 403", always: true };
    if (said.dateRefused) return { dateRefused: said.dateRefused, always: false };
    return this.#refusalIn(path, status, said.sentence);
  }

  retire({ name, version }: ReleaseName, why: RetirementStatus) {
    const body = JSON.stringify({ reason: why.reason, message: why.message ?? null });
    return this.#post(`/packages/${name}/releases/${version}/retire`, body, "application/json");
  }

  publishDocs({ name, version }: ReleaseName, docs: Uint8Array) {
    const path = `/packages/${name}/releases/${version}/docs`;
    return this.#post(path, docs, "application/octet-stream");
  }

  async #post(path: string, body: Uint8Array | string, type: string): Promise<Refused | undefined> {
    const { status, bytes } = await this.#send(path, body, type);
    return this.#refusalIn(path, status, answerIn(bytes).sentence);
  }

  #send(path: string, body: Uint8Array | string, type: string): Promise<Answer> {
    const headers = { "content-type": type, accept: "application/json" };
    return transfer(this.#api, path, { method: "POST", headers, body });
  }

  #refusalIn(path: string, status: number, said: string | undefined): Refused | undefined {
    if (status >= 200 && status < 300) return undefined;
    // The next release would be told the same.
    if (status === 401 || status === 403 || status === 404 || status === 405 || status >= 500) {
      throw new Mistake(`${this.#api.url}${path} answers ${status}${said ? `: ${said}` : ""}`);
    }
    return { refused: said ?? `it answers ${status}` };
  }
}

/** What a refusal says, as far as it can be understood. */
function answerIn(bytes: Uint8Array): { sentence?: string; dateRefused?: string } {
  try {
    const { message, errors } = v.parse(refusalAnswer, JSON.parse(new TextDecoder().decode(bytes)));
    if (errors === undefined) return message ? { sentence: message } : {};
    const date = v.is(dateErrors, errors) ? errors.published_at : undefined;
    return {
      sentence: fieldErrors(errors).join("; "),
      ...(date === undefined ? {} : { dateRefused: `published_at ${date}` }),
    };
  } catch {
    return {};
  }
}

/** `requirements: foo package does not exist …`, each by itself; some fields have fields. */
function fieldErrors(errors: unknown): string[] {
  if (typeof errors !== "object" || errors === null) return [String(errors)];
  return Object.entries(errors).flatMap(([field, error]: [string, unknown]) =>
    typeof error === "object" && error !== null
      ? fieldErrors(error).map((inner) => `${field}: ${inner}`)
      : `${field} ${error}`,
  );
}
