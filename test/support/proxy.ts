/** Stands between a client and a server: writes down what passes, and changes it when told to. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { onTestFinished } from "vitest";

export interface Passed {
  method: string;
  path: string;
  status: number;
  requestHeaders: Record<string, string | string[] | undefined>;
  responseHeaders: Headers;
  bodyBytes: number;
}

export interface Proxy {
  origin: string;
  passed: Passed[];
}

/** Stops with the test. @param change what becomes of a body that was answered with 200. */
export async function startProxy(
  target: string,
  change: (path: string, body: Buffer<ArrayBuffer>) => Buffer<ArrayBuffer> = (_path, body) => body,
): Promise<Proxy> {
  const passed: Passed[] = [];
  const server = createServer(async (request, response) => {
    const { method = "GET", url: path = "/" } = request;
    const answer = await fetch(`${target}${path}`, {
      method,
      headers: endToEnd(request),
      ...(method === "GET" || method === "HEAD" ? {} : { body: await whole(request) }),
      redirect: "manual",
    });
    const answered = Buffer.from(await answer.arrayBuffer());
    const body = answer.status === 200 ? change(path, answered) : answered;
    const { status, headers } = answer;
    const requestHeaders = request.headers;
    passed.push({
      ...{ method, path, status, requestHeaders, responseHeaders: headers },
      bodyBytes: body.length,
    });
    const length = { "content-length": String(body.length) };
    response.writeHead(status, { ...Object.fromEntries(headers), ...length }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => stop(server));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return { origin: `http://127.0.0.1:${address.port}`, passed };
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}

/** The headers that are meant for the far end. An empty one stays: rebar3 sends `if-none-match:`. */
function endToEnd(request: IncomingMessage): [string, string][] {
  const hop = ["host", "connection", "te", "content-length", "transfer-encoding", "expect"];
  return Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    hop.includes(name) || value === undefined ? [] : [[name, String(value)]],
  );
}

async function whole(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
