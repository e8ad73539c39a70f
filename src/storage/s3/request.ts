/** One signed request to a bucket, and how long its answer may take. */
import { AwsV4Signer } from "aws4fetch";
import { within } from "./deadline.ts";

export interface S3Options {
  /** `https://s3.eu-central-1.amazonaws.com` */
  endpoint: string;
  region: string;
  bucket: string;
  /** All keys are below it: `hexedge/`, or nothing. */
  prefix: string;
  /** The bucket is named by the host instead of the path. */
  isVirtualHost?: boolean;
  accessKeyId: string;
  secretAccessKey: string;
  limits?: Partial<S3Limits>;
  outside?: Partial<Outside>;
}

export interface S3Limits {
  triesMax: number;
  /** Before the second try, at most; before each after it twice as much. */
  delayMs: number;
  /** Until an answer begins, and a small one ends. */
  readMsMax: number;
  /** For all tries of a write together, which brings up to 16 MiB along. */
  writeMsMax: number;
  /** Of a large body, between two pieces. */
  idleMsMax: number;
}

/** What is not ours to decide, so that a test can. */
export interface Outside {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  random: () => number;
}

const outside: Outside = {
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: () => Math.random(),
};

export interface Sent {
  method: "GET" | "HEAD" | "PUT" | "DELETE";
  url: string;
  headers?: Record<string, string> | undefined;
  body?: Uint8Array;
  /** When the time for it is over, also if it has not been sent yet. */
  until: number;
  /** In sentences: which object. */
  what: string;
}

export class Requests {
  readonly #options: S3Options;
  readonly #outside: Outside;
  readonly #root: string;
  /** Keys derived for a day, made by the signer. */
  readonly #derived = new Map<string, ArrayBuffer>();

  constructor(options: S3Options) {
    this.#options = options;
    this.#outside = { ...outside, ...options.outside };
    const { protocol, host } = new URL(options.endpoint);
    this.#root = options.isVirtualHost
      ? `${protocol}//${options.bucket}.${host}`
      : `${protocol}//${host}/${options.bucket}`;
  }

  url(key: string): string {
    return `${this.#root}/${(this.#options.prefix + key).split("/").map(encode).join("/")}`;
  }

  listUrl(query: Record<string, string>): string {
    const search = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`);
    return `${this.#root}${this.#options.isVirtualHost ? "/" : ""}?${search.join("&")}`;
  }

  /** About so long; not all who were refused at once come back at once. */
  wait(ms: number): Promise<void> {
    return this.#outside.sleep(ms * (0.5 + this.#outside.random() / 2));
  }

  /** When so long from now is over. */
  after(ms: number): number {
    return this.#outside.now() + ms;
  }

  msLeft(until: number): number {
    return until - this.#outside.now();
  }

  /**
   * Until `read` is done with the answer; a large body may take longer than that.
   * @throws when `until` comes first: nothing of it is sent any more from then on.
   */
  async send<T>(sent: Sent, read: (response: Response) => Promise<T>): Promise<T> {
    const { accessKeyId, secretAccessKey, region } = this.#options;
    const { method, url, headers = {}, body = null, until } = sent;
    const signer = new AwsV4Signer({
      ...{ accessKeyId, secretAccessKey, region, service: "s3", cache: this.#derived },
      ...{ method, url, headers: { "x-amz-content-sha256": emptySha256, ...headers } },
      datetime: new Date(this.#outside.now()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    });
    const signed = await signer.sign();
    const msMax = this.msLeft(until);
    if (msMax <= 0) throw new Error("it came too late to be sent");
    const controller = new AbortController();
    const answer = async () => {
      const response = await this.#outside.fetch(url, {
        ...{ method, headers: signed.headers, body, signal: controller.signal },
        redirect: "manual", // a signature is for one host
      });
      return read(response);
    };
    const late = () => new Error(`no answer for ${Math.round(msMax / 100) / 10} seconds`);
    return within(msMax, answer(), late, (error) => controller.abort(error));
  }
}

const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** As the signature is made of it: RFC 3986, where nothing but letters, digits and `-._~` stands for itself. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
