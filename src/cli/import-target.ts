/** A hosted repository of a running Hexedge, which receives releases over its API. */
import * as v from "valibot";
import {
  decodePackage,
  type ReleaseResource,
  type RetirementStatus,
  unpackSigned,
} from "../hex/registry.ts";
import { parsePublicKey } from "../hex/sign.ts";
import type { Target } from "../static/import.ts";
import { docsPath, packagePath, type ReleaseName } from "../static/layout.ts";
import { Mistake } from "./mistake.ts";
import type { Registry } from "./registry.ts";
import { getFile, type Place, transfer } from "./transfer.ts";

const packageBytesMax = 16 * 1024 * 1024;

const refusalAnswer = v.object({
  message: v.nullish(v.string()),
  errors: v.optional(v.unknown()),
});

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

  publish(tarball: Uint8Array): Promise<{ refused: string } | undefined> {
    return this.#post("/publish", tarball, "application/octet-stream");
  }

  retire({ name, version }: ReleaseName, why: RetirementStatus) {
    const body = JSON.stringify({ reason: why.reason, message: why.message ?? null });
    return this.#post(`/packages/${name}/releases/${version}/retire`, body, "application/json");
  }

  publishDocs({ name, version }: ReleaseName, docs: Uint8Array) {
    const path = `/packages/${name}/releases/${version}/docs`;
    return this.#post(path, docs, "application/octet-stream");
  }

  async #post(
    path: string,
    body: Uint8Array | string,
    type: string,
  ): Promise<{ refused: string } | undefined> {
    const headers = { "content-type": type, accept: "application/json" };
    const { status, bytes } = await transfer(this.#api, path, { method: "POST", headers, body });
    if (status >= 200 && status < 300) return undefined;
    const said = sentence(new TextDecoder().decode(bytes));
    // The next release would be told the same.
    if (status === 401 || status === 403 || status === 404 || status === 405 || status >= 500) {
      throw new Mistake(`${this.#api.url}${path} answers ${status}${said ? `: ${said}` : ""}`);
    }
    return { refused: said ?? `it answers ${status}` };
  }
}

function sentence(text: string): string | undefined {
  try {
    const { message, errors } = v.parse(refusalAnswer, JSON.parse(text));
    return errors === undefined ? (message ?? undefined) : fieldErrors(errors).join("; ");
  } catch {
    return undefined;
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
