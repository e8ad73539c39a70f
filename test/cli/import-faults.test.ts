/** An import into a running Hexedge over a line that breaks: at any request, before it arrives or before its answer does. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ImportTarget } from "../../src/cli/import-target.ts";
import { buildPackage, type ReleaseResource, unpackPackage } from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { buildRepository } from "../../src/static/build.ts";
import { importRepository } from "../../src/static/import.ts";
import { MemoryFolder } from "../static/memory-folder.ts";
import { hostedConfig } from "../support/hosted.ts";
import { type Server, startServer, until } from "../support/server.ts";
import { packageTarball, tar } from "../support/tarball.ts";

const privateKey = await parsePrivateKey(await generateSigningKey());
const publicKey = await parsePublicKey(await publicKeyPem(privateKey));
const source = new MemoryFolder();
const repositories = Array.from({ length: 40 }, (_, at) => `run_${at}`);

let server: Server;
let line: Line;

/** Between the import and Hexedge. The nth request from `begin` on is cut off, once. */
class Line {
  origin = "";
  requests = 0;
  #cut: { nth: number; arrives: boolean } | undefined;

  begin(cut: { nth: number; arrives: boolean } | undefined): void {
    [this.requests, this.#cut] = [0, cut];
  }

  async open(target: string): Promise<void> {
    const proxy = createServer(async (request, response) => {
      const isCut = this.#cut?.nth === ++this.requests;
      if (isCut && !this.#cut?.arrives) return request.socket.destroy();
      const answer = await pass(target, request);
      if (isCut) return request.socket.destroy();
      response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()));
    });
    await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
    afterAll(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    // It listens on a port, not on a pipe.
    this.origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  }
}

async function pass(target: string, request: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { authorization = "", "content-type": type = "" } = request.headers;
  return fetch(`${target}${request.url}`, {
    method: request.method ?? "GET",
    headers: { authorization, "content-type": type, accept: "application/json" },
    body: chunks.length > 0 ? Buffer.concat(chunks) : null,
  });
}

/** A library that was retired, of 2020, with docs; and an application that needs it. */
async function makeSource(): Promise<void> {
  const app = { name: "app", requirements: [{ name: "lib" }], rebar3: true };
  source.put("tarballs/app-1.0.0.tar", await packageTarball(app));
  source.put("tarballs/lib-1.0.0.tar", await packageTarball({ name: "lib" }));
  source.put("docs/lib-1.0.0.tar.gz", gzipSync(tar([{ path: "index.html", bytes: "lib" }])));
  await buildRepository({ folder: source, repository: "acme", privateKey });
  const of = { repository: "acme", name: "lib" };
  const bytes = (await source.read("packages/lib")) ?? new Uint8Array();
  const resource = await unpackPackage(bytes, publicKey, of);
  const releases = resource.releases.map((it): ReleaseResource => {
    const publishedAt = { seconds: Date.parse("2020-01-02T03:04:05Z") / 1000, nanos: 0 };
    return { ...it, publishedAt, retired: { reason: "security", message: "leaky" } };
  });
  const changed = await buildPackage({ ...resource, releases }, privateKey, { mtimeSeconds: 0 });
  source.put("packages/lib", changed);
}

beforeAll(async () => {
  server = await startServer({ config: hostedConfig(repositories) });
  line = new Line();
  await line.open(server.origin);
  await makeSource();
});

async function importInto(repository: string) {
  const registry = { url: line.origin, key: server.adminKey, keySource: "" };
  const target = await ImportTarget.open(registry, repository);
  return importRepository({ source, publicKey, target, docs: true });
}

async function expectAll(repository: string, cut: object | undefined): Promise<void> {
  const told = JSON.stringify(cut);
  const lib = await server.mustAsk("GET", `/api/repos/${repository}/packages/lib/releases/1.0.0`);
  expect(lib, told).toMatchObject({
    ...{ inserted_at: "2020-01-02T03:04:05.000Z", has_docs: true },
    retirement: { reason: "security", message: "leaky" },
  });
  const app = await server.mustAsk("GET", `/api/repos/${repository}/packages/app/releases/1.0.0`);
  expect(app, told).toMatchObject({ retirement: null, requirements: { lib: {} } });
  const isSound = async () =>
    (await server.mustAsk("GET", `/api/repos/${repository}/check`)).problems.length === 0;
  await until(isSound, `a repository without problems, ${told}`);
}

describe("an import over a line that breaks", () => {
  it("ends with the same wherever it breaks, and tells so", { timeout: 120_000 }, async () => {
    const [whole = "", ...others] = repositories;
    line.begin(undefined);
    await importInto(whole);
    await expectAll(whole, undefined);
    const { requests } = line;
    expect(requests).toBeGreaterThan(6);
    for (let nth = 1; nth <= requests; nth++) {
      for (const arrives of [false, true]) {
        const repository = others.shift() ?? "";
        line.begin({ nth, arrives });
        const report = await importInto(repository);
        const told = `cut at ${nth}, ${arrives ? "after" : "before"} it arrived`;
        expect(line.requests, told).toBeGreaterThan(requests);
        expect(report.releases, told).toMatchObject([
          { package: "app", outcome: "new" },
          { package: "lib", outcome: "new" },
        ]);
        expect(report.undated, told).toEqual([]);
        await expectAll(repository, { nth, arrives });
      }
    }
  });
});
