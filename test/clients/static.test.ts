/** Folders that `export` and `build` wrote, served by nginx with no Hexedge running, to the real mix and rebar3. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { says } from "../static/says.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { hexedge } from "../support/hexedge.ts";
import { MixUser, mixHexAvailable, mixProject } from "../support/mix.ts";
import { getDeps } from "../support/rebar3.ts";
import { startServer, temporaryFolder, until } from "../support/server.ts";
import { nginxAvailable, serveFolder } from "../support/static-server.ts";
import { packageTarball, type ReleaseOptions } from "../support/tarball.ts";

const repository = "acme";
const releases: ReleaseOptions[] = [
  { name: "base", version: "1.0.0" },
  { name: "base", version: "1.2.0" },
  { name: "uses", requirements: [{ name: "base", requirement: "~> 1.0", repository }] },
  // As rebar3 writes it, which names no repository.
  { name: "older", requirements: [{ name: "base" }], rebar3: true },
];

async function exported(): Promise<string> {
  const server = await startServer({
    config: `name = "hexedge"
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.${repository}]
kind = "hosted"
`,
  });
  for (const release of releases) {
    const body = (await packageTarball(release)).slice();
    const answer = await server.fetch(`/api/repos/${repository}/publish`, {
      ...{ method: "POST", body, headers: { "content-type": "application/octet-stream" } },
    });
    expect(answer.status).toBe(201);
  }
  await server.mustAsk("POST", `/api/repos/${repository}/packages/base/releases/1.2.0/retire`, {
    body: { reason: "security", message: "leaky" },
  });
  const served = async (path: string) => {
    const answer = await server.fetch(`/repos/${repository}/${path}`);
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  };
  await until(async () => {
    const { versions } = await says(served, repository);
    return versions.length === 3 && versions[0]?.retired.length === 1;
  }, "versions to follow");
  const folder = join(temporaryFolder(), "public");
  const told = await hexedge(server, ["export", repository, folder]);
  expect(told, told.stderr).toMatchObject({ code: 0 });
  await server.run.kill("SIGTERM");
  await expect(fetch(server.origin)).rejects.toThrow();
  return folder;
}

async function built(): Promise<string> {
  const folder = join(temporaryFolder(), "public");
  mkdirSync(join(folder, "tarballs"), { recursive: true });
  for (const release of releases) {
    const { name, version = "1.0.0" } = release;
    writeFileSync(join(folder, `tarballs/${name}-${version}.tar`), await packageTarball(release));
  }
  const key = join(temporaryFolder(), "key.pem");
  writeFileSync(key, await generateSigningKey());
  const args = ["build", folder, "--name", repository, "--private-key", key];
  const told = await hexedge({ origin: "", adminKey: "" }, args);
  expect(told, told.stderr).toMatchObject({ code: 0 });
  return folder;
}

const where = nginxAvailable ? "nginx" : "a plain web server (no nginx here)";

describe.each([
  ["export", exported],
  ["build", built],
])(`a folder that \`hexedge %s\` wrote, behind ${where}`, (_verb, make) => {
  let folder: string;

  beforeAll(async () => {
    folder = await make();
  });

  const lacksHex = mixHexAvailable ? "" : " (skipped: `mix hex` is not installed)";

  it.skipIf(!mixHexAvailable)(`is a repository for mix deps.get${lacksHex}`, async () => {
    const url = await serveFolder(folder);
    const user = new MixUser();
    const add = `hex.repo add ${repository} ${url} --public-key ${join(folder, "public_key")}`;
    const added = await user.mix(temporaryFolder(), add);
    expect(added, added.output).toMatchObject({ code: 0 });
    const deps = `[{:uses, "~> 1.0", repo: "${repository}"}]`;
    const project = mixProject({ app: "app", version: "0.1.0", deps });
    const got = await user.mix(project, "deps.get");
    expect(got, got.output).toMatchObject({ code: 0 });
    expect(got.output).toContain("* Getting uses (Hex package)");
    expect(got.output.includes("leaky")).toBe(make === exported);
    expect(await readFile(join(project, "deps/base/mix.exs"), "utf8")).toContain("MixProject");
    const lock = await readFile(join(project, "mix.lock"), "utf8");
    expect(lock).toMatch(/"base": \{:hex, :base, "1\.2\.0", .*"acme"/);
    // Another key, and nothing of it is believed.
    const stranger = new MixUser();
    const other = join(temporaryFolder(), "other.pem");
    writeFileSync(other, await otherPublicKey());
    await stranger.mix(temporaryFolder(), add.replace(join(folder, "public_key"), other));
    const refused = await stranger.mix(
      mixProject({ app: "app", version: "0.1.0", deps }),
      "deps.get",
    );
    expect(refused.code).toBe(1);
  });

  it.skipIf(!erlangAvailable)("is a repository for rebar3 get-deps", async () => {
    const url = await serveFolder(folder);
    const publicKeyPem = readFileSync(join(folder, "public_key"), "utf8");
    const dependencies = '[{uses, "1.0.0"}, {older, "1.0.0"}]';
    const told = await getDeps({ url, publicKeyPem, repository, dependencies });
    expect(told.output).toContain("Verifying dependencies");
    expect(told.code, told.output).toBe(0);
    for (const name of ["base", "uses", "older"]) {
      expect(told.fetched(`${name}/mix.exs`)).toContain("MixProject");
    }
    expect(told.lock).toContain('<<"base">>,{pkg,<<"base">>,<<"1.');
  });
});

async function otherPublicKey(): Promise<string> {
  return publicKeyPem(await parsePrivateKey(await generateSigningKey()));
}
