/** `npm run doctor`, against a real `npm start`, as it is and with one thing broken at a time. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { checkTls } from "../../src/cli/doctor/reach.ts";
import { throwAwayTarball } from "../../src/cli/doctor/throw-away.ts";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { noteCron } from "../../src/http/health/cron.ts";
import { version } from "../../src/http/health/version.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { judgeTarballs } from "../support/hex-core.ts";
import { run } from "../support/process.ts";
import { startProxy } from "../support/proxy.ts";
import {
  node,
  projectFolder,
  type Server,
  startServer,
  temporaryFolder,
  until,
} from "../support/server.ts";

interface Finding {
  check: string;
  verdict: string;
  told: string;
  todo?: string;
}

let server: Server;

beforeAll(async () => {
  server = await startServer();
  await until(async () => {
    const health = await server.fetch("/health");
    return ((await health.json()) as { cron: unknown }).cron !== null;
  }, "the first cron");
});

describe("all is well", () => {
  it("says so, a line each, and ends with 0", async () => {
    const { code, output } = await doctor(server.origin);
    expect([code, output]).toEqual([0, expect.not.stringContaining("wrong")]);
    for (const line of [
      "ok       reachable: ",
      "ok       TLS: none is needed on one machine",
      "ok       key: the admin key",
      `ok       version: ${version}, as here`,
      "ok       clock: ",
      "ok       storage kv: put ",
      "ok       storage folder: put ",
      "ok       binding ACCOUNTS_OBJECT: ",
      "ok       binding REPOSITORY: test_repo answers",
      "ok       binding MIRROR: hexpm_mirror answers",
      "ok       cron: ran ",
      "ok       repository test_repo: hosted, 0 packages, signed by SHA256:",
      "skipped  repository hexpm_mirror: mirror: upstream signs it",
      "ok       mirror hexpm_mirror: all is well",
    ]) {
      expect(output).toContain(line);
    }
    expect(output).not.toContain("publish and revert");
  });

  it("publishes and reverts when asked to, and leaves nothing behind", async () => {
    const { code, findings } = await findingsOf(server.origin, "--write");
    expect([code, findings.at(-1)]).toEqual([
      0,
      { check: "publish and revert", verdict: "ok", told: expect.stringContaining("reverted in") },
    ]);
    expect(await server.problems()).toEqual([]);
    expect((await server.fetch("/api/repos/test_repo/packages/hexedge_setup_check")).status).toBe(
      404,
    );
  });

  it("asks nothing of the storages unless it is asked to, and tells others nothing", async () => {
    expect(await (await server.fetch("/health")).json()).not.toHaveProperty("storages");
    const guest = await fetch(`${server.origin}/health?probe`);
    expect(await guest.json()).toEqual({ status: "ok" });
  });
});

describe("one thing is wrong", () => {
  it("the key is", async () => {
    const { code, findings } = await findingsOf(server.origin, "--key", "wrong");
    expect([code, wrongOf(findings)]).toEqual([1, ["key"]]);
    expect(findings.at(-1)?.todo).toContain("HEXEDGE_KEY");
  });

  it("nothing listens, or something else does", async () => {
    const gone = await findingsOf("http://127.0.0.1:9");
    expect([gone.code, gone.findings]).toEqual([
      1,
      [
        {
          ...{ check: "reachable", verdict: "wrong", told: expect.stringContaining("no answer") },
          todo: expect.any(String),
        },
      ],
    ]);
    const other = await startProxy(server.origin, () => Buffer.from("hello"));
    const { findings } = await findingsOf(other.origin);
    expect(findings[0]).toMatchObject({ todo: expect.stringContaining("--url") });
  });

  it("keys go over the network in plain text", () => {
    const verdict = (url: string) => checkTls({ url, key: "" }).verdict;
    expect(verdict("http://hex.example.com")).toBe("wrong");
    expect(["https://hex.example.com", "http://localhost:4000"].map(verdict)).toEqual(["ok", "ok"]);
  });

  it("its certificate is nobody's", async () => {
    const [key, cert] = ["key.pem", "cert.pem"].map((it) => join(temporaryFolder(), it));
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=hexedge.test"];
    const made = spawnSync("openssl", [...request, "-keyout", key ?? "", "-out", cert ?? ""]);
    expect(made.status).toBe(0);
    const listener = createServer(
      { key: readFileSync(key ?? ""), cert: readFileSync(cert ?? "") },
      (_request, response) => response.end("{}"),
    );
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    onTestFinished(() => void listener.close());
    const address = listener.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const { findings } = await findingsOf(`https://127.0.0.1:${port}`);
    expect(findings).toMatchObject([
      { check: "reachable", verdict: "wrong", todo: expect.stringContaining("certificate") },
    ]);
  });

  it("another public key is served", async () => {
    const other = await publicKeyPem(await parsePrivateKey(await generateSigningKey()));
    const found = await through((path, body) =>
      path.endsWith("/public_key") ? Buffer.from(other) : body,
    );
    expect([found.code, wrongOf(found.findings)]).toEqual([1, ["repository test_repo"]]);
    expect(toldOf(found.findings, "repository test_repo")).toContain("and the Worker signs with");
  });

  it.each(["names", "versions"])("%s has another signature", async (file) => {
    const found = await through((path, body) =>
      path.endsWith(`/${file}`) ? Buffer.from("no gzip file") : body,
    );
    expect(wrongOf(found.findings)).toEqual(["repository test_repo"]);
  });

  it.each([
    ["ahead of", 120_000],
    ["behind", -120_000],
  ])("its clock is %s ours", async (where, ms) => {
    const found = await throughHealth((health) => {
      health.now = new Date(Date.parse(String(health.now)) + ms).toISOString();
    });
    expect(wrongOf(found.findings)).toEqual(["clock"]);
    expect(toldOf(found.findings, "clock")).toContain(`${where} the clock`);
  });

  it.each([
    ["has never run", null],
    ["last ran", { at: "2020-01-01T00:00:00Z", ok: true }],
    ["failed just now: no bucket", { ok: false, error: "no bucket" }],
  ])("the cron %s", async (told, cron) => {
    const found = await throughHealth((health) => {
      health.cron = cron && { at: new Date().toISOString(), ...cron };
    });
    expect(wrongOf(found.findings)).toEqual(["cron"]);
    expect(toldOf(found.findings, "cron")).toContain(told);
  });

  it("it runs another version", async () => {
    const found = await throughHealth((health) => {
      health.version = "9.0.0";
    });
    expect(wrongOf(found.findings)).toEqual(["version"]);
  });

  it("a mirror's upstream is away, and a name is somebody else's too", async () => {
    const found = await throughHealth((health) => {
      const mirrors = health.mirrors as Record<string, object>;
      health.mirrors = { hexpm_mirror: { ...mirrors.hexpm_mirror, upstream: "away" } };
      health.name_conflicts = { all: [{ package: "foo" }] };
    });
    expect(wrongOf(found.findings)).toEqual(["mirror hexpm_mirror", "names all"]);
  });

  it("a webhook lacks its secret, of which the path is nobody's business", async () => {
    const error = "CI_SECRET is missing: `openssl …`";
    const found = await throughHealth((health) => {
      health.webhooks = [
        { url: "https://ci.test/path", ok: false, error },
        { url: "https://chat.test/path", ok: true },
      ];
    });
    expect(wrongOf(found.findings)).toEqual(["webhook ci.test"]);
    expect(toldOf(found.findings, "webhook ci.test")).toBe(error);
    expect(toldOf(found.findings, "webhook chat.test")).toBe("its secret is there");
    expect(JSON.stringify(found.findings)).not.toContain("/path");
  });

  it("the storage cannot be written", async () => {
    // In the way of the folder for it; permissions would not stop root.
    const path = join(server.dataPath, "files/health");
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, "");
    const { code, findings } = await findingsOf(server.origin);
    rmSync(path);
    expect([code, wrongOf(findings)]).toEqual([1, ["storage folder"]]);
    expect(findings.find(({ verdict }) => verdict === "wrong")?.todo).toContain("data folder");
  });

  it("what is published is not what is served", async () => {
    const found = await through(
      (path, body) => (path.includes("/tarballs/") ? Buffer.from("another") : body),
      "--write",
    );
    expect(wrongOf(found.findings)).toEqual(["publish and revert"]);
    // It took it back all the same.
    expect((await server.fetch("/api/repos/test_repo/packages/hexedge_setup_check")).status).toBe(
      404,
    );
  });
});

describe("how it is called", () => {
  it("ends with 2 for what it does not know, and with 1 for a URL that is none", async () => {
    expect((await doctor(server.origin, "--nothing")).code).toBe(2);
    expect((await doctor("nowhere")).code).toBe(1);
    expect((await doctor(server.origin, "--help")).code).toBe(0);
  });

  it("shows no key", async () => {
    const { output } = await doctor(server.origin, "--json");
    expect(output).not.toContain(server.adminKey);
  });
});

describe("what it goes by", () => {
  it.runIf(erlangAvailable)("is a package that hex_core takes for one", async () => {
    const verdicts = judgeTarballs([await throwAwayTarball()]);
    expect(verdicts).toMatchObject([{ files: [{ path: "mix.exs" }] }]);
  });

  it("is the version of package.json", () => {
    const { version: declared } = JSON.parse(
      readFileSync(join(projectFolder, "package.json"), "utf8"),
    );
    expect(version).toBe(declared);
  });

  it("is a note of each cron, also of one that fails, which still fails", async () => {
    const notes: unknown[] = [];
    const index = {
      put: async (_key: string, text: unknown) => void notes.push(JSON.parse(String(text))),
    };
    const now = () => Date.parse("2026-01-01T00:00:00Z");
    await noteCron(index, now, async () => {});
    const failing = noteCron(index, now, () => Promise.reject(new Error("no bucket")));
    await expect(failing).rejects.toThrow("no bucket");
    expect(notes).toEqual([
      { at: "2026-01-01T00:00:00.000Z", ok: true },
      { at: "2026-01-01T00:00:00.000Z", ok: false, error: "no bucket" },
    ]);
  });
});

function doctor(url: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const script = join(projectFolder, "src/cli/doctor.ts");
  const { adminKey } = server;
  return run(node, [script, "--url", url, ...args], projectFolder, { HEXEDGE_KEY: adminKey });
}

async function findingsOf(
  url: string,
  ...args: string[]
): Promise<{ code: number | null; findings: Finding[] }> {
  const { code, output } = await doctor(url, "--json", ...args);
  const { ok, findings } = JSON.parse(output) as { ok: boolean; findings: Finding[] };
  expect(ok).toBe(code === 0);
  return { code, findings };
}

type Change = (path: string, body: Buffer<ArrayBuffer>) => Buffer<ArrayBuffer>;

/** With somebody in between who changes answers. */
async function through(change: Change, ...args: string[]) {
  const proxy = await startProxy(server.origin, change);
  return findingsOf(proxy.origin, ...args);
}

function throughHealth(change: (health: Record<string, unknown>) => void) {
  return through((path, body) => {
    if (!path.startsWith("/health")) return body;
    const health = JSON.parse(body.toString()) as Record<string, unknown>;
    if (health.version !== undefined) change(health);
    return Buffer.from(JSON.stringify(health));
  });
}

const wrongOf = (findings: readonly Finding[]) =>
  findings.filter(({ verdict }) => verdict === "wrong").map(({ check }) => check);

const toldOf = (findings: readonly Finding[], check: string) =>
  findings.find((it) => it.check === check)?.told ?? "";
