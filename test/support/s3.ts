/**
 * A strict S3 in memory, on a port of its own: it checks every signature to the last letter, keeps conditions
 * on puts, lists in small pages, and fails as it is told to. (s3rver of npm takes a wrong secret, and
 * overwrites what must not be.)
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface FakeObject {
  bytes: Buffer;
  etag: string;
  lastModified: Date;
  meta: Record<string, string>;
}

export type Fault =
  /** Answers so instead, with that code in an XML body, and takes its time for it. */
  | { kind: "refuse"; status: number; code?: string; afterMs?: number }
  /** Does it, and cuts the connection instead of answering. */
  | { kind: "lose answer" }
  /** Cuts the connection, and does nothing. */
  | { kind: "cut off" }
  /** Answers, and cuts the connection in the middle of the body. */
  | { kind: "cut body" }
  /** Answers, and says nothing more from the middle of the body on. */
  | { kind: "stall" }
  /** Says 200 at once, and only in the body that it failed. */
  | { kind: "late error"; code: string }
  | { kind: "slow"; ms: number }
  /** Says nothing, ever. */
  | { kind: "hang" };

interface Asked {
  method: string;
  path: string;
  query: [string, string][];
  headers: Record<string, string>;
  body: Buffer;
}

class Refused extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

export const fakeKeys = { accessKeyId: "TESTKEY", secretAccessKey: "test/secret+of=the_fake" };
const region = "eu-test-1";
const skewMsMax = 15 * 60_000;

export class FakeS3 {
  readonly bucket = "hexedge-test";
  readonly region = region;
  readonly objects = new Map<string, FakeObject>();
  /** `PUT repos/…`, in order; of those that were signed well. */
  readonly asked: string[] = [];
  /** The same, of those whose client went away before it had all of the answer. */
  readonly abandoned: string[] = [];
  keysPerPage = 100;
  /** As old ones do: a put overwrites whatever is there. */
  isCareless = false;
  now = () => Date.now();
  readonly #faults: { matches: (asked: string) => boolean; fault: Fault; left: number }[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3();
    await new Promise<void>((done) => fake.#server.listen(0, "127.0.0.1", done));
    return fake;
  }

  /** The process may end before it does. */
  unref(): this {
    this.#server.unref();
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For an S3Storage. */
  get options() {
    const { endpoint, bucket } = this;
    return { endpoint, region, bucket, prefix: "", ...fakeKeys };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** The next `times` requests of which `METHOD KEY` begins so have that fault. */
  fail(begin: string, fault: Fault, times = 1): void {
    this.#faults.push({ matches: (asked) => asked.startsWith(begin), fault, left: times });
  }

  keys(): string[] {
    return [...this.objects.keys()].sort((one, other) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await read(request);
    const fault = this.#faultOf(asked);
    response.once("close", () => {
      if (!response.writableFinished) this.abandoned.push(`${asked.method} ${keyOf(asked) ?? ""}`);
    });
    switch (fault?.kind) {
      case "hang":
        return;
      case "cut off":
        request.socket.destroy();
        return;
      case "refuse":
        if (fault.afterMs !== undefined) await sleep(fault.afterMs);
        return send(response, asked, refusal(fault.status, fault.code));
      case "late error":
        return send(response, asked, { ...refusal(200, fault.code), status: 200 });
      case "slow":
        await sleep(fault.ms);
        break;
      case "lose answer":
      case "cut body":
      case "stall":
      case undefined:
    }
    const answer = this.#answer(asked);
    if (fault?.kind === "lose answer") {
      request.socket.destroy();
      return;
    }
    const isHalf = fault?.kind === "cut body" || fault?.kind === "stall";
    if (!isHalf) return send(response, asked, answer);
    const body = answer.body ?? Buffer.alloc(0);
    response.writeHead(answer.status, { ...answer.headers, "content-length": body.length });
    response.write(body.subarray(0, body.length / 2), () => {
      if (fault.kind === "cut body") request.socket.destroy();
    });
  }

  #faultOf(asked: Asked): Fault | undefined {
    const name = `${asked.method} ${keyOf(asked) ?? ""}`;
    const found = this.#faults.find(({ left, matches }) => left > 0 && matches(name));
    if (found) found.left--;
    return found?.fault;
  }

  #answer(asked: Asked): Answer {
    try {
      checkSignature(asked, this.now());
      const key = keyOf(asked);
      this.asked.push(`${asked.method} ${key ?? ""}`);
      if (bucketOf(asked) !== this.bucket) throw new Refused(404, "NoSuchBucket");
      if (key === undefined) return this.#list(asked);
      switch (asked.method) {
        case "PUT":
          return this.#put(asked, key);
        case "DELETE":
          this.objects.delete(key);
          return { status: 204 };
        case "GET":
        case "HEAD":
          return this.#get(asked, key);
        default:
          throw new Refused(405, "MethodNotAllowed");
      }
    } catch (error) {
      if (error instanceof Refused) return refusal(error.status, error.code);
      throw error;
    }
  }

  #put({ headers, body }: Asked, key: string): Answer {
    const there = this.objects.get(key);
    const { "if-none-match": none, "if-match": match } = headers;
    if (none !== undefined && none !== "*") throw new Refused(501, "NotImplemented");
    if (!this.isCareless) {
      if (none !== undefined && there) throw new Refused(412, "PreconditionFailed");
      if (match !== undefined && !there) throw new Refused(404, "NoSuchKey");
      if (match !== undefined && match !== there?.etag)
        throw new Refused(412, "PreconditionFailed");
    }
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const meta = Object.fromEntries(
      Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-")),
    );
    const lastModified = new Date(Math.floor(this.now() / 1000) * 1000);
    this.objects.set(key, { bytes: body, etag, lastModified, meta });
    return { status: 200, headers: { etag } };
  }

  #get({ headers }: Asked, key: string): Answer {
    const found = this.objects.get(key);
    if (!found) throw new Refused(404, "NoSuchKey");
    const { bytes, etag, lastModified, meta } = found;
    const all = {
      ...{ etag, "last-modified": lastModified.toUTCString(), "accept-ranges": "bytes" },
      ...{ "content-type": "application/octet-stream", ...meta },
    };
    if (headers.range === undefined) return { status: 200, headers: all, body: bytes };
    const [, from = "", to = ""] = /^bytes=(\d+)-(\d+)$/.exec(headers.range) ?? [];
    const [first, last] = [Number(from), Math.min(Number(to), bytes.length - 1)];
    if (from === "" || first > last) throw new Refused(416, "InvalidRange");
    return {
      status: 206,
      headers: { ...all, "content-range": `bytes ${first}-${last}/${bytes.length}` },
      body: bytes.subarray(first, last + 1),
    };
  }

  #list({ method, query }: Asked): Answer {
    const asked = new Map(query);
    if (method !== "GET" || asked.get("list-type") !== "2")
      throw new Refused(400, "InvalidRequest");
    const prefix = asked.get("prefix") ?? "";
    const token = asked.get("continuation-token");
    const after = token === undefined ? "" : Buffer.from(token, "base64").toString();
    const keys = this.keys().filter((key) => key.startsWith(prefix) && key > after);
    const page = keys.slice(0, this.keysPerPage);
    const isAll = page.length === keys.length;
    // A token with signs that must be written otherwise in a URL.
    const next = Buffer.from(page.at(-1) ?? "").toString("base64");
    const contents = page.map(
      (key) => `<Contents><Key>${xml(key)}</Key><Size>0</Size></Contents>\n`,
    );
    const body = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${this.bucket}</Name>
<Prefix>${xml(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><IsTruncated>${!isAll}</IsTruncated>
${isAll ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`}${contents.join("")}</ListBucketResult>`;
    return { status: 200, headers: { "content-type": "application/xml" }, body: Buffer.from(body) };
  }
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer;
}

function refusal(status: number, code?: string): Answer {
  if (code === undefined) return { status, body: Buffer.from("<html>a proxy</html>") };
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>It says &quot;no&quot;</Message></Error>`;
  return { status, headers: { "content-type": "application/xml" }, body: Buffer.from(body) };
}

function send(response: ServerResponse, { method }: Asked, answer: Answer): void {
  const { status, headers, body = Buffer.alloc(0) } = answer;
  const length = status === 204 ? {} : { "content-length": body.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(method === "HEAD" ? undefined : body);
}

async function read(request: IncomingMessage): Promise<Asked> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const [path = "", search = ""] = (request.url ?? "").split("?");
  const query = search
    .split("&")
    .filter((it) => it !== "")
    .map((it): [string, string] => {
      const [name = "", value = ""] = it.split("=");
      return [decodeURIComponent(name), decodeURIComponent(value)];
    });
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  return { method: request.method ?? "", path, query, headers, body: Buffer.concat(pieces) };
}

const bucketOf = ({ path }: Asked) => path.split("/")[1];

function keyOf({ path }: Asked): string | undefined {
  const key = path.split("/").slice(2).map(decodeURIComponent).join("/");
  return key === "" ? undefined : key;
}

/** Signature version 4, as Amazon describes it: from what arrived, not from what a client meant. */
function checkSignature({ method, path, query, headers, body }: Asked, now: number): void {
  const [, keyId, scope = "", signedHeaders = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    ) ?? [];
  if (keyId === undefined) throw new Refused(403, "AccessDenied");
  if (keyId !== fakeKeys.accessKeyId) throw new Refused(403, "InvalidAccessKeyId");
  const time = headers["x-amz-date"] ?? "";
  if (!/^\d{8}T\d{6}Z$/.test(time)) throw new Refused(403, "AccessDenied");
  const at = Date.parse(time.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"));
  if (Math.abs(at - now) > skewMsMax) throw new Refused(403, "RequestTimeTooSkewed");
  const day = time.slice(0, 8);
  if (scope !== `${day}/${region}/s3/aws4_request`) {
    throw new Refused(400, "AuthorizationHeaderMalformed");
  }
  const signed = signedHeaders.split(";");
  // Whoever may add one of these unseen changes what the request does.
  const mustBeSigned = Object.keys(headers).filter(
    (name) => name === "host" || name.startsWith("if-") || name.startsWith("x-amz-"),
  );
  if (mustBeSigned.some((name) => !signed.includes(name))) throw new Refused(403, "AccessDenied");
  const bodyHash = createHash("sha256").update(body).digest("hex");
  if (headers["x-amz-content-sha256"] !== bodyHash) {
    throw new Refused(400, "XAmzContentSHA256Mismatch");
  }
  const canonical = [
    method,
    path
      .split("/")
      .map((it) => encode(decodeURIComponent(it)))
      .join("/"),
    query
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&"),
    ...signed.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/\s+/g, " ")}`),
    "",
    signedHeaders,
    bodyHash,
  ].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, digest].join("\n");
  const hmac = (key: string | Buffer, text: string) =>
    createHmac("sha256", key).update(text).digest();
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(
    hmac,
    `AWS4${fakeKeys.secretAccessKey}`,
  );
  const expected = hmac(key, toSign);
  if (!timingSafeEqual(expected, Buffer.from(signature, "hex"))) {
    throw new Refused(403, "SignatureDoesNotMatch");
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`);
}
