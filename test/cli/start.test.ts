/** `npm start`, from outside: what it keeps, what it says, and how it ends. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { isKeySecret } from "../../src/accounts/secret.ts";
import { DataFolder } from "../../src/cli/data-folder.ts";
import { openMiniflare } from "../../src/cli/miniflare.ts";
import { readWranglerConfig } from "../../src/cli/wrangler-config.ts";
import { readConfig } from "../../src/config/config.ts";
import { unpackNames, unpackVersions } from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyFingerprint,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { run } from "../support/process.ts";
import { getDeps, rebar3Home } from "../support/rebar3.ts";
import {
  begin,
  freePort,
  node,
  projectFolder,
  runToEnd,
  type Server,
  startServer,
  temporaryFolder,
  until,
} from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

describe("the first start and those after it", () => {
  it("makes the keys, for nobody else to read, and keeps them and the packages", async () => {
    const first = await startServer();
    const path = (name: string) => join(first.dataPath, name);
    for (const name of ["admin_key", "accounts_secret", "signing_key.pem"]) {
      expect(statSync(path(name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(first.dataPath).mode & 0o777).toBe(0o700);
    expect(isKeySecret(first.adminKey)).toBe(true);
    expect(readFileSync(path("admin_key"), "utf8")).toBe(first.adminKey);
    const signingKey = readFileSync(path("signing_key.pem"), "utf8");
    const accountsSecret = readFileSync(path("accounts_secret"), "utf8");
    expect(accountsSecret).toMatch(/^[0-9a-f]{64}$/);
    const key = await first.makeUser("ann", "read");
    expect((await first.publish({ name: "kept", version: "1.0.0" })).status).toBe(201);
    expect(await first.run.kill("SIGTERM")).toEqual({ code: 0, signal: null });

    const second = await startServer({ dataPath: first.dataPath });
    expect(second.adminKey).toBe(first.adminKey);
    expect(second.publicKeyPem).toBe(first.publicKeyPem);
    expect(readFileSync(path("signing_key.pem"), "utf8")).toBe(signingKey);
    expect(readFileSync(path("accounts_secret"), "utf8")).toBe(accountsSecret);
    expect((await second.fetch("/repos/test_repo/packages/kept")).status).toBe(200);
    expect((await second.ask("GET", "/api/repos/test_repo/packages/kept", { key })).status).toBe(
      200,
    );
    expect(await second.problems()).toEqual([]);
  });

  it("lets the secrets of the environment win, and keeps no others", async () => {
    const environment = {
      ADMIN_KEY: "a_key_from_elsewhere",
      ACCOUNTS_SECRET: "a secret from elsewhere that is long enough",
      SIGNING_KEY: await generateSigningKey(),
    };
    const server = await startServer({ environment });
    const asked = (key: string) =>
      fetch(`${server.origin}/api/users/me`, { headers: { authorization: key } });
    expect((await asked(environment.ADMIN_KEY)).status).toBe(200);
    const pem = await publicKeyPem(await parsePrivateKey(environment.SIGNING_KEY));
    const served = await server.fetch("/repos/test_repo/public_key");
    expect(await served.text()).toBe(pem);
    for (const name of ["admin_key", "accounts_secret", "signing_key.pem"]) {
      expect(existsSync(join(server.dataPath, name))).toBe(false);
    }
  });

  it("makes all keys but the admin's void when it is given another ACCOUNTS_SECRET", async () => {
    const first = await startServer();
    const key = await first.makeUser("ann", "read");
    expect((await first.ask("GET", "/api/users/me", { key })).status).toBe(200);
    await first.run.kill("SIGTERM");
    const environment = { ACCOUNTS_SECRET: "another secret that is long enough" };
    const second = await startServer({ dataPath: first.dataPath, environment });
    const refused = await second.ask("GET", "/api/users/me", { key });
    expect([refused.status, refused.body]).toMatchObject([401, { message: "invalid API key" }]);
    expect((await second.fetch("/api/users/ann")).status).toBe(200);
    const another = await second.makeKey("ann", "another");
    expect((await second.ask("GET", "/api/users/me", { key: another })).status).toBe(200);
  });

  it("signs everything anew when it is given another key", async () => {
    const first = await startServer();
    expect((await first.publish({ name: "resigned", version: "1.0.0" })).status).toBe(201);
    await first.run.kill("SIGTERM");
    const SIGNING_KEY = await generateSigningKey();
    const second = await startServer({ dataPath: first.dataPath, environment: { SIGNING_KEY } });
    expect(second.publicKeyPem).not.toBe(first.publicKeyPem);
    await until(async () => (await listed(second)).includes("resigned"), "the new signature", 5000);
    expect(await second.problems()).toEqual([]);
  });

  it("takes a data folder whose path is long and has blanks and other letters", async () => {
    const dataPath = join(temporaryFolder(), "Größe und Ähnliches".repeat(5), "x".repeat(120));
    const server = await startServer({ dataPath });
    expect((await server.publish({ name: "deep", version: "1.0.0" })).status).toBe(201);
    expect(existsSync(join(dataPath, "files/repos/test_repo/packages/deep"))).toBe(true);
  });

  it("lays the files down as they are served, so that they can be copied away", async () => {
    const server = await startServer();
    const tarball = await packageTarball({ name: "plain", version: "1.0.0" });
    expect((await server.upload(tarball)).status).toBe(201);
    const file = await readFile(
      join(server.dataPath, "files/repos/test_repo/tarballs/plain-1.0.0.tar"),
    );
    expect(file.equals(tarball)).toBe(true);
  });
});

describe("what it prints", () => {
  it("has lines to paste whose URLs, files and keys are right", async () => {
    const server = await startServer();
    const { stdout } = server.run;
    const [, url = "", file = "", key = ""] =
      /mix hex\.repo add test_repo (\S+) --public-key (\S+) --auth-key (\S+)/.exec(stdout) ?? [];
    const headers = { authorization: key };
    expect((await fetch(`${url}/names`, { headers })).status).toBe(200);
    const publicKey = await fetch(`${url}/public_key`, { headers });
    expect(await publicKey.text()).toBe(readFileSync(file, "utf8"));
    const fingerprint = await publicKeyFingerprint(server.publicKeyPem);
    expect(stdout).toContain(`--fetch-public-key ${fingerprint} `);
    const [, api = "", apiKey = ""] = /HEX_API_URL=(\S+) HEX_API_KEY=(\S+) mix/.exec(stdout) ?? [];
    const published = await fetch(`${api}/publish`, {
      method: "POST",
      headers: { authorization: apiKey },
      body: (await packageTarball({ name: "pasted" })).slice(),
    });
    expect(published.status).toBe(201);
  });

  const title = "has a configuration of rebar3 to paste, with which it fetches";
  it.skipIf(!erlangAvailable)(
    erlangAvailable ? title : `${title} (skipped: Erlang and rebar3 are not installed)`,
    async () => {
      const server = await startServer();
      expect((await server.publish({ name: "pasted", version: "1.0.0" })).status).toBe(201);
      const { stdout } = server.run;
      const rebarConfig = /^ {2}(\{hex, .*?\}\.)$/ms.exec(stdout)?.[1] ?? "";
      const hexConfig = /^ {2}(#\{.*\}\.)$/m.exec(stdout)?.[1];
      const home = rebar3Home(rebarConfig, hexConfig);
      const fetched = await getDeps({
        ...{ url: server.files(), publicKeyPem: "" },
        ...{ home, dependencies: "[pasted]" },
      });
      expect(fetched.output).toBe("Verifying dependencies...\nFetching pasted v1.0.0\n");
      expect(fetched.code).toBe(0);
    },
  );

  it("brackets an IPv6 address, so that the URL is one", async () => {
    const run = await begin({ args: ["--host", "::1"] });
    await until(() => run.stdout.includes("Hexedge listens") || !run.isRunning, "its lines");
    expect(run.stdout).toContain(`http://[::1]:${run.port}/repos/test_repo`);
    expect((await fetch(`http://[::1]:${run.port}/health`)).status).toBe(200);
  });

  it("explains its options with --help, and does nothing else", async () => {
    const dataPath = join(temporaryFolder(), "data");
    const { code, output } = await runToEnd({ dataPath, args: ["--help"] });
    expect(code).toBe(0);
    const options = ["--port", "--host", "--data", "--config"];
    for (const option of [...options, "ADMIN_KEY", "ACCOUNTS_SECRET", "SIGNING_KEY"]) {
      expect(output).toContain(option);
    }
    expect(existsSync(dataPath)).toBe(false);
  });
});

describe("where it listens", () => {
  it.runIf(process.platform === "linux")("listens on this machine only", async () => {
    const server = await startServer();
    const sockets = await listening(server.run.group());
    expect(sockets.map(({ port }) => port)).toContain(server.port);
    for (const { address } of sockets) expect(address).toBe("127.0.0.1");
  });
});

describe("what it says when it cannot start", () => {
  const hosted = '[vars.REPOSITORIES.test_repo]\nkind = "hosted"\n';
  const head = 'compatibility_date = "2026-05-01"\ncompatibility_flags = ["nodejs_compat"]\n';
  const mistakes: [string, Parameters<typeof runToEnd>[0], string | RegExp][] = [
    ["an unknown option", { args: ["--colour"] }, "hexedge: Unknown option '--colour'"],
    ["a word too much", { args: ["now"] }, /^hexedge: Unexpected argument 'now'/],
    ["an option without its value", { args: ["--host"] }, /^hexedge: Option '--host <value>'/],
    ["a port that is none", { args: ["--port", "http"] }, /^hexedge: --port http: a port is a/],
    ["a port that is too high", { args: ["--port", "65536"] }, /^hexedge: --port 65536: a port/],
    ["port 0", { args: ["--port", "0"] }, /^hexedge: --port 0: a port is a number from 1/],
    ["a host of elsewhere", { args: ["--host", "192.0.2.1"] }, /cannot listen on 192\.0\.2\.1/],
    [
      "no config",
      { args: ["--config", "/none.toml"] },
      /^hexedge: cannot read \/none\.toml: ENOENT/,
    ],
    ["a config that is not TOML", { config: "this is = = not" }, /wrangler\.toml: .*[Ii]nvalid/s],
    ["a config without a date", { config: hosted }, /wrangler\.toml: compatibility_date: /],
    [
      "an entry that is not there",
      { config: `main = "none.ts"\n${head}${hosted}` },
      /hexedge: the Worker \S+none\.ts cannot be built: .*`main` is relative to the file/,
    ],
    ["no repository", { config: head }, /wrangler\.toml: REPOSITORIES is missing/],
    [
      "a repository of an unknown kind",
      { config: `${head}[vars.REPOSITORIES.acme]\nkind = "hostile"\n` },
      /wrangler\.toml: REPOSITORIES\.acme\.kind must be "hosted"/,
    ],
    [
      "a misspelt setting",
      { config: `${head}${hosted}pubic = true\n` },
      /wrangler\.toml: REPOSITORIES\.test_repo\.pubic /,
    ],
    [
      "a setting of another type",
      { config: `${head}${hosted}public = "yes"\n` },
      /wrangler\.toml: REPOSITORIES\.test_repo\.public must be true or false/,
    ],
    [
      "a name that clients could not use",
      { config: `${head}[vars.REPOSITORIES.Acme-Inc]\nkind = "hosted"\n` },
      /wrangler\.toml: REPOSITORIES\.Acme-Inc: a name has/,
    ],
    [
      "a root that is not declared",
      { config: `${head}[vars]\nROOT_REPOSITORY = "other"\n${hosted}` },
      /wrangler\.toml: ROOT_REPOSITORY names other/,
    ],
    [
      "a signing key that is none",
      { environment: { SIGNING_KEY: "-----BEGIN RUBBISH-----" } },
      /^hexedge: SIGNING_KEY: /,
    ],
    [
      "an admin key that is too short",
      { environment: { ADMIN_KEY: "secret" } },
      "hexedge: ADMIN_KEY must have at least 16 characters",
    ],
    [
      "an accounts secret that is too short",
      { environment: { ACCOUNTS_SECRET: "secret" } },
      /^hexedge: ACCOUNTS_SECRET must have at least 32 characters/,
    ],
    [
      "a misspelt limit",
      { config: `${head}[vars.LIMITS]\napi_per_hour = 1\n${hosted}` },
      /wrangler\.toml: LIMITS\.api_per_hour /,
    ],
    [
      "a sign-up that is neither open nor closed",
      { config: `${head}[vars.ACCOUNTS]\nsignup = true\n${hosted}` },
      /wrangler\.toml: ACCOUNTS\.signup must be "open" or "closed"/,
    ],
  ];

  it.each(mistakes)("names %s in one plain sentence", async (_title, options, sentence) => {
    const { code, output } = await runToEnd(options);
    expect(output).toMatch(sentence);
    expect(output).not.toMatch(/^ +at /m);
    expect(output.trimEnd().split("\n").length).toBeLessThan(8);
    expect(code).toBe(1);
  });

  it("says which port is taken", async () => {
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void other.close());
    const { code, output } = await runToEnd({ port });
    expect(output).toBe(
      `hexedge: cannot listen on 127.0.0.1:${port}: something else listens there; choose another with --port\n`,
    );
    expect(code).toBe(1);
  });

  it("says that the data folder is not writable", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    for (const dataPath of [file, join(file, "below")]) {
      const { code, output } = await runToEnd({ dataPath });
      expect(output).toMatch(`hexedge: the data folder ${dataPath} is not writable: ENOTDIR`);
      expect(output.trimEnd()).not.toContain("\n");
      expect(code).toBe(1);
    }
  });

  it("says which kept key is damaged, instead of making another", async () => {
    const dataPath = temporaryFolder();
    writeFileSync(join(dataPath, "signing_key.pem"), "");
    const { code, output } = await runToEnd({ dataPath });
    expect(output).toContain(`hexedge: ${join(dataPath, "signing_key.pem")}: `);
    expect(code).toBe(1);
    expect(readFileSync(join(dataPath, "signing_key.pem"), "utf8")).toBe("");
  });

  it("refuses a data folder that another process uses, which goes on undisturbed", async () => {
    const first = await startServer();
    const second = await runToEnd({ dataPath: first.dataPath });
    expect(second.output).toBe(
      `hexedge: the data folder ${first.dataPath} is in use by another hexedge\n`,
    );
    expect(second.code).toBe(1);
    expect((await first.publish({ name: "undisturbed" })).status).toBe(201);
  });

  it("lets one of three that start on one folder in the same moment have it", async () => {
    const dataPath = join(temporaryFolder(), "data");
    const runs = await Promise.all([1, 2, 3].map(() => begin({ dataPath })));
    const settled = () => runs.filter((it) => !it.isRunning).length >= 2;
    await until(settled, () => runs.map((it) => it.output).join("\n"));
    const [winner, ...others] = runs.filter((it) => it.isRunning);
    expect(others).toEqual([]);
    const server = await winner?.up();
    expect((await server?.publish())?.status).toBe(201);
    for (const it of runs.filter((run) => run !== winner)) {
      expect((await it.ended).code).toBe(1);
      expect(it.stderr).toContain("is in use by another hexedge");
    }
  });
});

describe("how it ends", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends with 0 at %s, leaves nothing running, and can start again at once",
    async (signal) => {
      const server = await startServer();
      expect((await server.publish()).status).toBe(201);
      expect(await server.run.kill(signal)).toEqual({ code: 0, signal: null });
      expect(server.run.group()).toEqual([]);
      expect(server.run.stderr).toBe("");
      const { port, dataPath } = server;
      const again = await startServer({ port, dataPath });
      expect((await again.fetch("/repos/test_repo/packages/foo")).status).toBe(200);
    },
  );

  it("ends with 0 at Ctrl-C, which reaches all of its processes", async () => {
    const server = await startServer();
    expect(await server.run.killGroup("SIGINT")).toEqual({ code: 0, signal: null });
    expect(server.run.stderr).toBe("");
  });

  it("ends as a whole when it was begun as `npm start` and npm is told to end", async () => {
    const { run } = await startServer({ throughNpm: true });
    process.kill(run.pid, "SIGTERM");
    // npm passes it on to its shell, which must not stand between npm and us.
    await until(
      () => run.group().length === 0,
      () => `all of ${run.group()} to end`,
      10_000,
    );
  });

  it("lets an upload that is under way end first", async () => {
    const server = await startServer();
    const upload = await beginUpload(server, await packageTarball({ name: "slow" }));
    const ended = server.run.kill("SIGTERM");
    await sleep(700); // the first half is there, and the server knows that it must end
    expect(server.run.isRunning).toBe(true);
    upload.finish();
    expect(await upload.answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it("does not wait for ever for a client that never ends its request", async () => {
    const server = await startServer();
    await beginUpload(server, await packageTarball({ name: "never" }));
    const begun = Date.now();
    expect(await server.run.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(Date.now() - begun).toBeLessThan(8000); // Docker kills after ten seconds
    expect(server.run.group()).toEqual([]);
  });

  it("leaves nothing running when it is told to end while it starts", async () => {
    for (const delayMs of [150, 300, 450]) {
      const run = await begin();
      await sleep(delayMs);
      process.kill(run.pid, "SIGTERM");
      await run.ended;
      await until(() => run.group().length === 0, "workerd to end", 2000);
    }
  });

  it("takes workerd along when it is killed, so that port and data are free again", async () => {
    const server = await startServer();
    expect((await server.publish()).status).toBe(201);
    await server.run.kill("SIGKILL");
    await until(() => server.run.group().length === 0, "workerd to end", 2000);
    const { port, dataPath } = server;
    const again = await startServer({ port, dataPath });
    expect((await again.publish({ name: "after" })).status).toBe(201);
    expect(await again.problems()).toEqual([]);
  });

  it("starts workerd again, on the same port, when that is all that was killed", async () => {
    const server = await startServer();
    expect((await server.publish({ name: "before" })).status).toBe(201);
    const killed = server.run.workerd();
    process.kill(killed, "SIGKILL");
    const answers = async () => {
      const response = await server
        .fetch("/repos/test_repo/packages/before")
        .catch(() => undefined);
      await response?.body?.cancel();
      return response?.status === 200;
    };
    await until(answers, "workerd to come back", 10_000);
    expect(server.run.workerd()).not.toBe(killed);
    expect((await server.publish({ name: "after" })).status).toBe(201);
    expect(await server.run.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(server.run.group()).toEqual([]);
  });
});

describe("after a crash", () => {
  it("brings names and versions up to what was published, without being asked", async () => {
    const first = await startServer();
    for (const name of ["one", "two", "three"]) {
      expect((await first.publish({ name, version: "1.0.0" })).status).toBe(201);
    }
    await first.run.killGroup("SIGKILL");
    const { port, dataPath } = first;
    const second = await startServer({ port, dataPath });
    // Looking into the folder: not a request.
    const all = ["one", "three", "two"];
    const complete = async () => (await listedInFolder(second)).join() === all.join();
    await until(complete, "names and versions", 2000);
    expect(await second.problems()).toEqual([]);
  });

  it("removes the pieces of files that a kill left lying, and nothing else", async () => {
    const first = await startServer();
    expect((await first.publish()).status).toBe(201);
    await first.run.killGroup("SIGKILL");
    const folder = join(first.dataPath, "files/repos/test_repo/tarballs");
    // As workerd leaves it, but so early that no clock is too coarse.
    const [piece, mine] = [join(folder, ".foo-1.0.1.tar.4711.3.tmp"), join(folder, ".gitkeep")];
    for (const path of [piece, mine]) {
      writeFileSync(path, "half");
      utimesSync(path, new Date(2026, 0), new Date(2026, 0));
    }
    const { port, dataPath } = first;
    const second = await startServer({ port, dataPath });
    await until(() => !existsSync(piece), "the piece to be removed", 2000);
    expect(readdirSync(folder).sort()).toEqual([".gitkeep", "foo-1.0.0.tar"]);
    expect(await second.problems()).toEqual([]);
  });

  it("finishes by the alarm alone, which finds the repository by its name", async () => {
    const data = await DataFolder.open(join(temporaryFolder(), "data"));
    const secrets = await data.secrets({});
    const config = readWranglerConfig(join(projectFolder, "wrangler.toml"));
    const host = "127.0.0.1";
    const first = await openMiniflare({ host, port: await freePort(), config, data, secrets });
    const published = await first.dispatchFetch("http://hexedge/api/repos/test_repo/publish", {
      method: "POST",
      headers: { authorization: secrets.adminKey },
      body: (await packageTarball({ name: "woken" })).slice(),
    });
    expect(published.status).toBe(201);
    await first.dispose(); // a SIGKILL
    expect(existsSync(join(data.filesPath, "repos/test_repo/names"))).toBe(false);

    // Without the cron that `npm start` plays, and without a request.
    const second = await openMiniflare({ host, port: await freePort(), config, data, secrets });
    onTestFinished(() => second.dispose());
    await second.ready;
    const names = join(data.filesPath, "repos/test_repo/names");
    await until(() => existsSync(names), "names", 5000);
    const pem = await publicKeyPem(await parsePrivateKey(secrets.signingKey));
    const { packages } = await unpackNames(readFileSync(names), await parsePublicKey(pem), {
      repository: "test_repo",
    });
    expect(packages.map(({ name }) => name)).toEqual(["woken"]);
  });
});

describe("npm run dev", () => {
  it("makes the secrets that wrangler dev needs, for nobody else to read, and only once", async () => {
    const folder = temporaryFolder();
    // Stands for wrangler: here it matters what it is given.
    writeFileSync(join(folder, "wrangler"), '#!/bin/sh\necho "wrangler $*"\n', { mode: 0o755 });
    const environment = { PATH: `${folder}:${process.env.PATH}` };
    const dev = () =>
      run(node, [join(projectFolder, "src/cli/dev.ts"), "--x"], folder, environment);
    expect((await dev()).output).toContain("wrangler dev --port 4000 --x\n");
    const path = join(folder, ".dev.vars");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const made = readFileSync(path, "utf8");
    const values = [...made.matchAll(/^(\w+)="(.+)"$/gm)].map(([, name = "", value = ""]) => [
      name,
      value.replaceAll("\\n", "\n"),
    ]);
    const secrets = Object.fromEntries(values);
    expect(Object.keys(secrets)).toEqual(["ADMIN_KEY", "ACCOUNTS_SECRET", "SIGNING_KEY"]);
    const { vars } = readWranglerConfig(join(projectFolder, "wrangler.toml"));
    expect(readConfig({ ...vars, ...secrets }).adminKey).toBe(secrets.ADMIN_KEY);
    expect(isKeySecret(secrets.ADMIN_KEY)).toBe(true);
    await parsePrivateKey(secrets.SIGNING_KEY);

    await dev();
    expect(readFileSync(path, "utf8")).toBe(made);
  });
});

/** The packages that names tells of, if versions tells of the same. */
async function listed(server: Server): Promise<string[]> {
  return signedNames(server, await server.file("/names"), await server.file("/versions"));
}

async function listedInFolder({ dataPath, ...server }: Server): Promise<string[]> {
  const folder = join(dataPath, "files/repos/test_repo");
  if (!existsSync(join(folder, "names"))) return [];
  const [names, versions] = [join(folder, "names"), join(folder, "versions")];
  return signedNames(server, await readFile(names), await readFile(versions));
}

async function signedNames(
  { publicKeyPem: pem }: Pick<Server, "publicKeyPem">,
  names: Uint8Array,
  versions: Uint8Array,
): Promise<string[]> {
  const key = await parsePublicKey(pem);
  const mine = { repository: "test_repo" };
  try {
    const one = (await unpackNames(names, key, mine)).packages.map(({ name }) => name);
    const other = (await unpackVersions(versions, key, mine)).packages.map(({ name }) => name);
    return one.join() === other.join() ? one : [];
  } catch {
    return []; // still signed with the old key
  }
}

/** Sends half of an upload; `finish` sends the rest. */
async function beginUpload(server: Server, tarball: Uint8Array) {
  const socket: Socket = connect(server.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const answer = new Promise<string>((done) => {
    let text = "";
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("error", () => done(text));
    socket.on("close", () => done(text));
  });
  const half = tarball.length >> 1;
  socket.write(
    `POST /api/repos/test_repo/publish HTTP/1.1\r\nhost: 127.0.0.1\r\n` +
      `authorization: ${server.adminKey}\r\ncontent-length: ${tarball.length}\r\nconnection: close\r\n\r\n`,
  );
  socket.write(tarball.slice(0, half));
  await sleep(200); // until it has arrived
  return { answer, finish: () => void socket.write(tarball.slice(half)) };
}

/** The listening TCP sockets of these processes, from /proc. */
async function listening(pids: number[]): Promise<{ address: string; port: number }[]> {
  const inodes = new Set<string>();
  for (const pid of pids) {
    for (const name of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode) inodes.add(inode);
    }
  }
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  return tables.flatMap((table) =>
    table.split("\n").flatMap((line) => {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const [address = "", port = ""] = local.split(":");
      if (state !== "0A" || !inodes.has(inode)) return [];
      return [{ address: ipv4(address), port: Number.parseInt(port, 16) }];
    }),
  );
}

/** Of four bytes in hexadecimal, the last one first; anything else stays as it is. */
function ipv4(hex: string): string {
  if (hex.length !== 8) return hex;
  return Buffer.from(hex, "hex").reverse().join(".");
}
