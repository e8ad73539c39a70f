/** `npm run setup`, against a Cloudflare that is none and a Worker that is real. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replaceValue } from "../../src/cli/setup/edit-toml.ts";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { Cloud, projectConfig } from "../support/fake-cloudflare.ts";
import { projectFolder, temporaryFolder } from "../support/server.ts";
import { helpPath, recordHelp } from "../support/wrangler-help.ts";

const ownFiles = [
  ...[".hexedge", ".hexedge/.gitignore", ".hexedge/hexedge", ".hexedge/hexedge/accounts_secret"],
  ...[".hexedge/hexedge/admin_key", ".hexedge/hexedge/public_key.pem"],
  ...[".hexedge/hexedge/signing_key.pem", "wrangler.toml"],
];

describe("the first time", () => {
  it("makes everything, deploys, tries it, and says what to paste", async () => {
    const cloud = await Cloud.open();
    const { code, output } = await cloud.setup();
    expect([code, output]).toEqual([0, expect.stringContaining("test_repo works")]);

    const { buckets, namespaces, workers } = cloud.account;
    const id = namespaces[0]?.id ?? "";
    expect([buckets, namespaces.length]).toEqual([["hexedge"], 1]);
    expect(cloud.config).toBe(projectConfig().replace("0".repeat(32), id));
    expect(cloud.files()).toEqual(ownFiles);

    const kept = (name: string) =>
      readFileSync(join(cloud.folder, ".hexedge/hexedge", name), "utf8");
    expect(workers.hexedge?.secrets).toEqual({
      ...{ ADMIN_KEY: kept("admin_key"), ACCOUNTS_SECRET: kept("accounts_secret") },
      SIGNING_KEY: kept("signing_key.pem"),
    });
    expect(kept("public_key.pem")).toBe(cloud.server?.publicKeyPem);
    const added = `mix hex.repo add test_repo ${cloud.address}/repos/test_repo --public-key .hexedge/hexedge/public_key.pem`;
    expect(output).toContain(added);
    expect(output).toContain(`api_url => <<"${cloud.address}/api/repos/test_repo">>`);
    // The package that was published is gone again, and nothing is wrong.
    const left = await cloud.server?.fetch("/api/repos/test_repo/packages/hexedge_setup_check");
    expect(left?.status).toBe(404);
    expect(await cloud.server?.problems()).toEqual([]);
  });

  it("shows its secrets in no argument, no environment, no output, and no file of others", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    const { calls, workers, secretsFileModes } = cloud.account;
    const secrets = Object.values(workers.hexedge?.secrets ?? {});
    expect(secrets).toHaveLength(3);
    const said = JSON.stringify(calls) + cloud.output;
    for (const secret of secrets) {
      for (const line of secret
        .trim()
        .split("\n")
        .filter((it) => !it.startsWith("---"))) {
        expect(said.includes(line)).toBe(false);
      }
    }
    const mode = (path: string) => (statSync(join(cloud.folder, path)).mode & 0o777).toString(8);
    for (const name of ["admin_key", "accounts_secret", "signing_key.pem"]) {
      expect(mode(`.hexedge/hexedge/${name}`)).toBe("600");
    }
    expect([mode(".hexedge"), mode(".hexedge/hexedge"), ...secretsFileModes]).toEqual([
      "700",
      "700",
      "600",
    ]);
  });

  it("signs with the key that is given", async () => {
    const cloud = await Cloud.open();
    const path = join(temporaryFolder(), "key.pem");
    const pem = await generateSigningKey();
    writeFileSync(path, pem);
    expect((await cloud.setup("--signing-key", path)).code).toBe(0);
    expect(cloud.account.workers.hexedge?.secrets.SIGNING_KEY).toBe(pem);
    expect(cloud.server?.publicKeyPem).toBe(await publicKeyPem(await parsePrivateKey(pem)));
    expect((await cloud.setup()).code).toBe(0);
    expect(cloud.account.workers.hexedge?.secrets.SIGNING_KEY).toBe(pem);
  });

  it("says the same as JSON, and nothing else", async () => {
    const cloud = await Cloud.open();
    const { output } = await cloud.setup("--json");
    expect(JSON.parse(output)).toMatchObject({
      ...{ ok: true, url: cloud.address, repository: "test_repo" },
      steps: [
        "login",
        "secrets",
        "bucket",
        "namespace",
        "deploy",
        "health",
        "publish and revert",
      ].map((step) => ({ step, outcome: step === "login" ? "there" : "done" })),
    });
  });
});

describe("every other time", () => {
  it("makes nothing, and deploys the Worker with what it has", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    const { buckets, namespaces, workers, calls } = cloud.account;
    const config = cloud.config;
    const { code, output } = await cloud.setup();
    expect([code, output]).toEqual([0, expect.stringContaining("all are there")]);
    const now = cloud.account;
    expect([now.buckets, now.namespaces, cloud.config]).toEqual([buckets, namespaces, config]);
    expect(now.workers.hexedge?.secrets).toEqual(workers.hexedge?.secrets);
    expect(cloud.files()).toEqual(ownFiles);
    expect(cloud.calls.slice(calls.length)).toEqual([
      ...["whoami --json", "secret list --format json", "r2 bucket info hexedge --json"],
      ...["kv namespace list", "deploy"],
    ]);
  });

  it("works on another machine, which has no keys, without making new ones", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    const secrets = cloud.account.workers.hexedge?.secrets ?? {};
    const fresh = await Cloud.open(
      { ...cloud.account, calls: [], secretsFileModes: [] },
      cloud.config,
    );
    const { code, output } = await fresh.setup();
    expect([code, output]).toEqual([0, expect.stringContaining("ADMIN_KEY is not here")]);
    expect(fresh.account.workers.hexedge?.secrets).toEqual(secrets);
    const told = await fresh.setupWith({ HEXEDGE_KEY: secrets.ADMIN_KEY ?? "" });
    expect([told.code, told.output]).toEqual([0, expect.stringContaining("test_repo works")]);
    expect((await fresh.setupWith({ HEXEDGE_KEY: "wrong" })).output).toContain(
      "the key in HEXEDGE_KEY is not the Worker's ADMIN_KEY",
    );
  });
});

describe("what goes wrong", () => {
  const offline = "fetch failed";
  it.each([
    ["whoami", offline, "look at the network"],
    ["secret list", "A request failed. Authentication error [code: 10000]", "npx wrangler login"],
    ["r2 bucket create", "Please enable R2 through the Dashboard. [code: 10042]", "turn it on"],
    [
      "r2 bucket create",
      "You have reached the limit of buckets [code: 10026]",
      "limit of its plan",
    ],
    ["kv namespace list", offline, "look at the network"],
    [
      "kv namespace create",
      'A KV namespace with the title "hexedge" already exists.',
      "choose another",
    ],
    ["deploy", "You need to register a workers.dev subdomain [code: 10063]", "Workers & Pages"],
    ["deploy", offline, "look at the network"],
  ])("%s: %s", async (command, said, todo) => {
    const cloud = await Cloud.open({ failing: { [command]: said } });
    const { code, output } = await cloud.setup();
    expect([code, output]).toEqual([1, expect.stringContaining(todo)]);
    expect(output).toContain(`hexedge: npx wrangler ${command}`);
    expect(output).toContain("goes on from here");
    expect(cloud.files().filter((it) => /upload|output|\.new|before/.test(it))).toEqual([]);
    const keys = readIfThere(cloud, "signing_key.pem");
    cloud.write({ failing: {} });
    const second = await cloud.setup();
    expect([second.code, second.output]).toEqual([0, expect.stringContaining("works")]);
    // What was made the first time was used.
    if (keys) expect(readIfThere(cloud, "signing_key.pem")).toBe(keys);
    expect([cloud.account.buckets.length, cloud.account.namespaces.length]).toEqual([1, 1]);
  });

  it("asks for a login, and for one account of several", async () => {
    const cloud = await Cloud.open({ isLoggedIn: false });
    expect(await cloud.setup()).toEqual({
      code: 1,
      output: expect.stringContaining("`npx wrangler login`"),
    });
    const accounts = ["1", "2"].map((id) => ({ id, name: `account ${id}` }));
    cloud.write({ isLoggedIn: true, accounts });
    expect((await cloud.setup()).output).toContain("you are in several accounts");
    expect(cloud.calls).toEqual(["whoami --json", "whoami --json"]);
    expect((await cloud.setupWith({ CLOUDFLARE_ACCOUNT_ID: "2" })).code).toBe(0);
  });

  it("does not write over a Worker that is none of ours, unless it is told to", async () => {
    const cloud = await Cloud.open({ workers: { hexedge: { secrets: { API: "x" }, uploads: 1 } } });
    const { code, output } = await cloud.setup();
    expect([code, output]).toEqual([1, expect.stringContaining("which is no Hexedge")]);
    expect(cloud.account.workers.hexedge?.uploads).toBe(1);
    expect((await cloud.setup("--take-over")).code).toBe(0);
    expect(Object.keys(cloud.account.workers.hexedge?.secrets ?? {}).sort()).toEqual([
      "ACCOUNTS_SECRET",
      "ADMIN_KEY",
      "API",
      "SIGNING_KEY",
    ]);
  });

  it("says when the address does not answer, and goes on when it does", async () => {
    const cloud = await Cloud.open();
    const right = cloud.address;
    cloud.address = "http://127.0.0.1:9";
    const { code, output } = await cloud.setup("--wait", "1");
    expect([code, output]).toEqual([1, expect.stringContaining("gives no answer")]);
    cloud.address = right;
    expect((await cloud.setup()).code).toBe(0);
  });

  it.each(["r2 bucket create", "kv namespace create", "deploy"])(
    "goes on after it was killed during %s",
    async (command) => {
      const cloud = await Cloud.open();
      await cloud.killAt(command);
      const key = readIfThere(cloud, "signing_key.pem");
      expect(key).toContain("PRIVATE KEY");
      expect((await cloud.setup()).code).toBe(0);
      expect(cloud.account.workers.hexedge?.secrets.SIGNING_KEY).toBe(key);
      expect(cloud.files()).toEqual(ownFiles);
    },
  );

  it("goes on after it was killed between making the namespace and writing its id", async () => {
    const cloud = await Cloud.open({ namespaces: [{ id: "a".repeat(32), title: "hexedge" }] });
    expect((await cloud.setup()).code).toBe(0);
    expect(cloud.config).toContain(`id = "${"a".repeat(32)}"`);
    expect(cloud.account.namespaces).toHaveLength(1);
  });

  it.each([
    ['id = "00000000000000000000000000000000"', `id = "${"b".repeat(32)}"`, "does not have"],
    ['id = "00000000000000000000000000000000"', "", "has no KV namespace INDEX with an id"],
    ['id = "00000000000000000000000000000000"', 'id = "\\u0030000"', "cannot be changed safely"],
    ['name = "hexedge"', "", "name is missing"],
    ['bucket_name = "hexedge"', "", "needs a bucket_name"],
    ['kind = "hosted"   #', 'kind = "hosted"\nstorage = "folder" #', "is for one machine"],
    ['kind = "hosted"   #', 'kind = "hosted"\nstorage = "s3" #', "S3 is missing"],
    ['kind = "hosted"   #', 'kind = "hostel"   #', 'must be "hosted"'],
    ["[vars]", "[vars", "wrangler.toml:"],
  ])("refuses a wrangler.toml with %s as %s", async (from, to, why) => {
    const config = projectConfig().replace(from, to);
    const cloud = await Cloud.open({}, config);
    const { code, output } = await cloud.setup();
    expect([code, output]).toEqual([1, expect.stringContaining(why)]);
    expect(cloud.config).toBe(config);
    expect([cloud.account.namespaces, cloud.account.workers]).toEqual([[], {}]);
  });

  it("ends with 2 when it is called wrongly", async () => {
    const cloud = await Cloud.open();
    expect((await cloud.setup("--nothing")).code).toBe(2);
    expect((await cloud.setup("--help")).code).toBe(0);
    expect(cloud.calls).toEqual([]);
  });
});

describe("a dry run", () => {
  it("prints the commands, and changes nothing", async () => {
    const cloud = await Cloud.open();
    const { code, output } = await cloud.setup("--dry-run");
    expect(code).toBe(0);
    for (const command of [
      "npx wrangler whoami --json",
      "npx wrangler r2 bucket create hexedge",
      "npx wrangler kv namespace create hexedge",
      "npx wrangler deploy --secrets-file .hexedge/hexedge/upload.json",
    ]) {
      expect(output).toContain(command);
    }
    // What comes after the upload has no commands, and is part of the plan.
    for (const line of [
      "? asks /health at the Worker's address for at most 20 seconds",
      "? publishes hexedge_setup_check 0.0.1 into test_repo, resolves it, takes it back",
      "? prints how mix and rebar3 use test_repo and publish to it",
    ]) {
      expect(output).toContain(line);
    }
    expect([cloud.files(), cloud.config]).toEqual([["wrangler.toml"], projectConfig()]);
    const { buckets, namespaces, workers } = cloud.account;
    expect([buckets, namespaces, workers]).toEqual([[], [], {}]);
  });

  it("has a plan without a login too, and says so when all is there", async () => {
    const cloud = await Cloud.open({ isLoggedIn: false });
    const { code, output } = await cloud.setup("--dry-run");
    expect([code, output]).toEqual([0, expect.stringContaining("nobody is logged in")]);
    expect(cloud.calls).toEqual(["whoami --json"]);
    cloud.write({ isLoggedIn: true });
    await cloud.setup();
    const again = JSON.parse((await cloud.setup("--dry-run", "--json")).output);
    expect(again.steps.map((it: { outcome: string }) => it.outcome)).toEqual([
      "there",
      "there",
      "there",
      "there",
      ...["planned", "planned", "planned", "planned"],
    ]);
    expect(again.steps.slice(-4).map((it: { step: string }) => it.step)).toEqual([
      ...["deploy", "health", "publish and revert", "what to paste"],
    ]);
  });
});

describe("what is declared beyond the usual", () => {
  it("takes S3, a host for docs and a public URL as they are", async () => {
    const s3 = `\n[vars.S3]\nendpoint = "http://127.0.0.1:9"\nregion = "eu"\nbucket = "acme"\n`;
    const cloud = await Cloud.open();
    const config = projectConfig()
      .replace("[vars]\n", `[vars]\nDOCS_HOST = "docs.test"\nPUBLIC_URL = "${cloud.address}"\n`)
      .concat(s3);
    writeFileSync(cloud.configPath, config);
    cloud.address = "https://docs.test";
    const { code, output } = await cloud.setup();
    expect([code, output]).toEqual([0, expect.stringContaining("test_repo works")]);
    const id = cloud.account.namespaces[0]?.id ?? "";
    expect(cloud.config).toBe(config.replace("0".repeat(32), id));
  });

  it("takes what else it needs from the environment, and asks for it when it is not there", async () => {
    const s3 = `\n[vars.S3]\nendpoint = "http://127.0.0.1:9"\nregion = "eu"\nbucket = "acme"\n`;
    const config = projectConfig().replace('kind = "hosted" ', 'kind = "hosted"\nstorage = "s3" ');
    const cloud = await Cloud.open({}, config + s3);
    const without = await cloud.setup();
    expect([without.code, without.output]).toEqual([
      1,
      expect.stringContaining("needs the secret S3_ACCESS_KEY_ID"),
    ]);
    const keys = { S3_ACCESS_KEY_ID: "the id", S3_SECRET_ACCESS_KEY: "the secret" };
    const { output } = await cloud.setupWith(keys, "--dry-run", "--json");
    expect(JSON.parse(output).steps[1].told).toContain("S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY");
    expect(output).not.toContain("the secret");
  });
});

describe("the secrets of webhooks", () => {
  const webhooks = ["CI_SECRET", "CHAT_SECRET", "CI_SECRET"]
    .map((it, at) => `\n[[vars.WEBHOOKS]]\nurl = "https://a.test/${at}"\nsecret = "${it}"\n`)
    .join("");
  const given = "given: 0123456789abcdef";

  it("are taken from the environment or made, once, and it says which", async () => {
    const cloud = await Cloud.open({}, projectConfig() + webhooks);
    const first = await cloud.setupWith({ CHAT_SECRET: given });
    expect([first.code, first.output]).toEqual([0, expect.stringContaining("test_repo works")]);
    expect(first.output).toContain("ACCOUNTS_SECRET, CI_SECRET, kept in .hexedge/hexedge; ");
    expect(first.output).toContain("CHAT_SECRET, taken from the environment; ");
    const path = ".hexedge/hexedge/webhook_CI_SECRET";
    expect(first.output).toContain(`receivers need what ${path} holds`);
    const made = readFileSync(join(cloud.folder, path), "utf8");
    const secrets = cloud.account.workers.hexedge?.secrets;
    expect([made.length >= 32, secrets?.CI_SECRET, secrets?.CHAT_SECRET]).toEqual([
      ...[true, made, given],
    ]);
    expect(cloud.output).not.toContain(made);
    expect(JSON.stringify(cloud.account.calls)).not.toContain("CHAT_SECRET");
    const { code, output } = await cloud.setup();
    expect([code, output]).toEqual([0, expect.stringContaining("all are there")]);
    expect(cloud.account.workers.hexedge?.secrets).toEqual(secrets);
  });

  it("are refused when they are too short, before anything is made", async () => {
    const cloud = await Cloud.open({}, projectConfig() + webhooks);
    const { code, output } = await cloud.setupWith({ CHAT_SECRET: "short" });
    expect([code, output]).toEqual([
      1,
      expect.stringContaining("CHAT_SECRET must have at least 16 characters"),
    ]);
    expect([cloud.account.buckets, cloud.account.workers]).toEqual([[], {}]);
  });
});

describe("the one value that changes", () => {
  const id = "0".repeat(32);
  const place = ["kv_namespaces", 1, "id"];
  it.each([
    [
      "comments and other namespaces",
      `# id = "${id}"\r\n[[kv_namespaces]]\r\nbinding="X"\r\nid = "${id}"\r\n[[kv_namespaces]] # id = "${id}"\r\n\tid   =   "`,
      `" # "${id}"\r\nbinding = 'INDEX'`,
    ],
    [
      "inline tables",
      `note = """\nid = "${id}"\n"""\nkv_namespaces = [ {binding="X", id='${id}'}, { id='`,
      `', binding = "INDEX", }, ]\n`,
    ],
    ["a byte order mark and odd blanks", `\ufeffkv_namespaces=[{id="a"},{id\t=\t"`, `"}]`],
  ])("leaves every other byte as it was: %s", (_what, before, after) => {
    const changed = replaceValue(`${before}${id}${after}`, place, "f".repeat(32));
    expect(changed).toBe(`${before}${"f".repeat(32)}${after}`);
  });

  it("says no when the value is not written as it is read", () => {
    const text = 'kv_namespaces=[{id="a"},{id="\\u0062"}]';
    expect(replaceValue(text, place, "c")).toBeUndefined();
    expect(replaceValue("x = 1", place, "c")).toBeUndefined();
  });
});

describe("wrangler itself", () => {
  it("has the commands and options that the fake knows; if not: node test/support/wrangler-help.ts", () => {
    expect(recordHelp()).toEqual(JSON.parse(readFileSync(helpPath, "utf8")));
  });

  it("takes the wrangler.toml that setup leaves, and writes where it is told to", async () => {
    const cloud = await Cloud.open();
    await cloud.setup();
    const output = join(cloud.folder, "output.ndjson");
    const said = spawnSync(
      join(projectFolder, "node_modules/.bin/wrangler"),
      ["deploy", "--dry-run", "--outdir", join(cloud.folder, "dist")],
      {
        cwd: cloud.folder,
        encoding: "utf8",
        env: { ...process.env, WRANGLER_OUTPUT_FILE_PATH: output, WRANGLER_SEND_METRICS: "false" },
        timeout: 100_000,
      },
    );
    expect([said.status, said.stderr]).toEqual([0, expect.any(String)]);
    expect(said.stdout).toContain(cloud.account.namespaces[0]?.id);
    expect(readFileSync(output, "utf8")).toContain('"wrangler-session"');
  });
});

function readIfThere(cloud: Cloud, name: string): string | undefined {
  const path = `.hexedge/hexedge/${name}`;
  return cloud.files().includes(path) ? readFileSync(join(cloud.folder, path), "utf8") : undefined;
}
