/**
 * Dockerfile and compose.yaml, held to what they name. No engine runs here that could build them, so that
 * what changes around them would break them unseen. Read as text: YAML has no reader among our packages.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import * as v from "valibot";
import { describe, expect, it, onTestFinished } from "vitest";
import { readPinned } from "../src/cli/pinned.ts";
import { readWranglerConfig } from "../src/cli/wrangler-config.ts";
import { freePort, node, projectFolder, temporaryFolder, until } from "./support/server.ts";

const read = (name: string) => readFileSync(join(projectFolder, name), "utf8");
const strings = (json: string) => v.parse(v.array(v.string()), JSON.parse(json));

const manifest = v.parse(
  v.object({
    engines: v.object({ node: v.string() }),
    scripts: v.object({ start: v.string() }),
    dependencies: v.record(v.string(), v.string()),
  }),
  JSON.parse(read("package.json")),
);
const compose = read("compose.yaml");

/** The steps of the Dockerfile: comments gone, continued lines joined. */
const steps = read("Dockerfile")
  .replace(/^\s*#.*\n/gm, "")
  .replaceAll("\\\n", "")
  .split("\n")
  .flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name && rest ? [{ name, rest }] : [];
  });

function all(name: string): string[] {
  return steps.filter((it) => it.name === name).map(({ rest }) => rest);
}

/** The one step of that name. */
function one(name: string): string {
  const [rest, ...others] = all(name);
  if (rest === undefined || others.length > 0) throw new Error(`${name} is not there once`);
  return rest;
}

const [workFolder] = new Set(all("WORKDIR"));
const command = strings(one("CMD"));
const healthCheck = strings(one("HEALTHCHECK").replace(/^.*?CMD /, ""));
const port = one("EXPOSE");
const data = one("VOLUME");
/** What COPY takes of the project, and not of an earlier stage. */
const copied = all("COPY")
  .filter((rest) => !rest.startsWith("--from="))
  .flatMap((rest) => rest.split(" ").slice(0, -1));

describe("the Dockerfile", () => {
  it("copies what is there, and what .dockerignore lets through", () => {
    expect(copied).toContain("src");
    expect(copied.filter((name) => !existsSync(join(projectFolder, name)))).toEqual([]);
    const letThrough = read(".dockerignore").match(/(?<=^!).*$/gm);
    expect(letThrough?.sort()).toEqual([...new Set(copied)].sort());
  });

  it("has a Node that package.json asks for, the same in each stage", () => {
    const bases = all("FROM").map((rest) => rest.split(" ")[0] ?? "");
    expect(new Set(bases).size).toBe(1);
    const major = Number(/^node:(\d+)-\w+-slim$/.exec(bases[0] ?? "")?.[1]);
    expect(manifest.engines.node).toMatch(/^>=\d+\.\d+$/);
    expect(major).toBeGreaterThan(Number(/\d+/.exec(manifest.engines.node)?.[0]));
  });

  it("installs every package that the Worker, npm start and npm run hexedge import", async () => {
    expect(all("RUN").join("\n")).toContain("npm ci --omit=dev");
    const installed = new Set(Object.keys(manifest.dependencies));
    const imported = await importedPackages();
    expect(imported).toContain("miniflare");
    expect(imported.filter((name) => !installed.has(name))).toEqual([]);
  });

  it("starts what npm start does, reachable from outside, not as root, its data in the volume", () => {
    expect(command.slice(0, 2).join(" ")).toBe(manifest.scripts.start.replace(/^exec /, ""));
    const options = command.slice(2).join(" ");
    expect(options).toBe(`--host 0.0.0.0 --port ${port} --data ${data}`);
    expect(one("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(healthCheck.join(" ")).toContain(`http://127.0.0.1:${port}/health`);
  });

  it("runs with nothing but what is copied, is healthy, and ends when it is asked to", async () => {
    const folder = temporaryFolder();
    for (const name of copied) {
      cpSync(join(projectFolder, name), join(folder, name), { recursive: true });
    }
    symlinkSync(join(projectFolder, "node_modules"), join(folder, "node_modules"));
    const ownPort = String(await freePort());
    const here = (arg: string) =>
      arg === data ? join(folder, "data") : arg.replace(new RegExp(`\\b${port}\\b`), ownPort);
    const run = ([, ...args]: string[]) =>
      spawn(node, args.map(here), { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    const checkHealth = async () => (await once(run(healthCheck), "exit"))[0];

    expect(await checkHealth()).toBe(1);
    const server = run(command);
    onTestFinished(() => void server.kill("SIGKILL"));
    let said = "";
    server.stdout?.on("data", (text) => {
      said += text;
    });
    const ended = once(server, "exit");
    await until(() => said.includes("Hexedge listens") || server.exitCode !== null, "the start");
    expect(await checkHealth()).toBe(0);
    server.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(readdirSync(join(folder, "data"))).toContain("admin_key");
  });
});

describe("compose.yaml", () => {
  const mirror = /\/repos\/(\w+)/.exec(compose)?.[1];
  const modes = ["online", "offline"] as const;

  it("names the port, the volume and the programs of the Dockerfile", () => {
    expect(compose).toContain(`ports: ["127.0.0.1:${port}:${port}"]`);
    expect(compose).toContain(`HEX_CDN: http://hexedge:${port}/repos/`);
    expect(compose).toContain(`- data:${data}\n`);
    expect(compose).toContain(`:${workFolder}/wrangler.toml:ro`);
    const [, script = ""] = /command: \[node, ([^,]+),/.exec(compose) ?? [];
    expect(existsSync(join(projectFolder, script))).toBe(true);
  });

  it("mounts what is there: a mirror that asks upstream or does not, and the app with its lock", async () => {
    const mounted = [...compose.matchAll(/(?<=[ "])\.\/([^:]+(?:\{[^}]*\})?[^:]*):\//g)];
    const paths = mounted.flatMap(([, path = ""]) =>
      modes.map((mode) => path.replace(/\$\{MIRROR.*?\}/, mode)),
    );
    expect(paths).toContain("test/docker/online.toml");
    expect(paths.filter((path) => !existsSync(join(projectFolder, path)))).toEqual([]);
    const [online, offline] = modes.map((mode) => {
      return readWranglerConfig(join(projectFolder, `test/docker/${mode}.toml`));
    });
    const declared = { kind: "mirror", public: true };
    expect(online?.vars.REPOSITORIES).toEqual({ [String(mirror)]: declared });
    expect(offline?.vars.REPOSITORIES).toEqual({
      [String(mirror)]: { ...declared, offline: true },
    });
    expect(compose).toContain(`--repository, ${mirror}]`);
    const { releases } = await readPinned([join(projectFolder, "test/docker/app/rebar.lock")]);
    expect(releases.map((it) => it.package)).toEqual(["cowboy", "cowlib", "ranch"]);
    expect(releases.filter((it) => !it.outerChecksum || !it.innerChecksum)).toEqual([]);
  });

  it("leaves the app no other network, and the registry one GiB", () => {
    const app = /^ {2}app:\n((?: {4}.*\n|\n)*)/m.exec(compose)?.[1] ?? "";
    expect(app).toContain("networks: [inside]\n");
    expect(compose).toContain("inside: { internal: true }");
    expect(compose).toContain("mem_limit: 1g\n");
  });

  it("has the services that the README speaks of", () => {
    const services = [...compose.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name);
    const spoken = read("README.md").matchAll(
      /docker compose (?:up|run|exec)((?: --?\w[\w-]*)*) (\w+)/g,
    );
    const named = [...spoken].map(([, , name]) => name);
    expect(named).toContain("hexedge");
    expect(named.filter((name) => !services.includes(name))).toEqual([]);
  });
});

/** By the names under which npm knows them. */
async function importedPackages(): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: ["src/index.ts", "src/cli/start.ts", "src/cli/hexedge.ts"].map((path) =>
      join(projectFolder, path),
    ),
    ...{ bundle: true, write: false, metafile: true, packages: "external", outdir: "unused" },
    ...{ format: "esm", platform: "node", logLevel: "silent" },
  });
  const paths = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports
      .filter((it) => it.external && !/^(node|cloudflare):/.test(it.path))
      .map((it) => it.path),
  );
  const names = paths.map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  return [...new Set(names)].sort();
}
