/** A folder behind a web server that knows nothing of Hex: Debian's nginx where it is, else Node's. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { onTestFinished } from "vitest";
import { freePort, temporaryFolder, until } from "./server.ts";

const nginx = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));

export const nginxAvailable = nginx !== undefined;

/** @returns its URL; it ends with the test. */
export async function serveFolder(folder: string): Promise<string> {
  const port = await freePort();
  if (nginx) await startNginx(nginx, folder, port);
  else await startNode(folder, port);
  return `http://127.0.0.1:${port}`;
}

async function startNginx(program: string, folder: string, port: number): Promise<void> {
  const own = temporaryFolder();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const config = `daemon off; master_process off; worker_processes 1; pid ${own}/pid;
error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off;
  ${paths.map((path) => `${path}_temp_path ${own}/${path};`).join(" ")}
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`;
  writeFileSync(join(own, "nginx.conf"), config);
  const child: ChildProcess = spawn(program, ["-c", join(own, "nginx.conf"), "-p", own], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (data) => {
    said += data;
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/public_key`).then(
      () => true,
      () => false,
    );
  await until(answers, () => `nginx to answer: ${said}`);
}

async function startNode(folder: string, port: number): Promise<void> {
  const server = createServer(async (request, response) => {
    const path = join(folder, normalize(decodeURIComponent(request.url ?? "/")));
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) return response.writeHead(404).end();
    const etag = `"${file.mtimeMs}-${file.size}"`; // rebar3 refuses a tarball without one
    response.writeHead(200, { etag }).end(await readFile(path));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}
