/** `npm run hexedge -- …`, from outside: what an administrator types, and what they and their scripts see. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readExpiry, readTime } from "../../src/cli/key-options.ts";
import {
  freePort,
  node,
  projectFolder,
  type Server,
  startServer,
  temporaryFolder,
} from "../support/server.ts";

interface Told {
  code: number | null;
  stdout: string;
  stderr: string;
}

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

/** Types a command, as the administrator of the server if the environment says nothing else. */
function type(
  args: readonly string[],
  { input = "", environment = {} as Record<string, string>, throughNpm = false } = {},
): Promise<Told> {
  const { HEXEDGE_KEY, HEXEDGE_URL, FORCE_COLOR, ...inherited } = process.env;
  const known = { HEXEDGE_URL: server.origin, HEXEDGE_KEY: server.adminKey, ...environment };
  const [command = node, ...start] = throughNpm
    ? ["npm", "run", "--silent", "hexedge", "--"]
    : [node, join(projectFolder, "src/cli/hexedge.ts")];
  const child = spawn(command, [...start, ...args], {
    cwd: projectFolder,
    env: { ...inherited, ...known },
    timeout: 60_000,
  });
  const told: Told = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (data) => {
    told.stdout += data;
  });
  child.stderr.on("data", (data) => {
    told.stderr += data;
  });
  child.stdin.on("error", () => {}); // it may not care for it
  child.stdin.end(input);
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done({ ...told, code }));
  });
}

/** What a command that succeeds prints; `line` is split at blanks. */
async function hexedge(line: string, input?: string): Promise<string> {
  const told = await type(line.split(" "), { ...(input === undefined ? {} : { input }) });
  expect(told).toMatchObject({ code: 0, stderr: "" });
  return told.stdout;
}

async function json(line: string, input?: string): Promise<unknown> {
  return JSON.parse(await hexedge(`${line} --json`, input));
}

/** The one sentence of a command that fails. */
async function mistake(line: string, options: Parameters<typeof type>[1] = {}, code = 1) {
  const told = await type(line.split(" "), options);
  expect(told).toMatchObject({ code, stdout: "" });
  expect(told.stderr).toMatch(/^hexedge: [^\n]+\n$/);
  return told.stderr.slice("hexedge: ".length).trim();
}

const rows = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(/ {2,}/));

const blank = "-";
const minute = /^\d{4}-\d\d-\d\d \d\d:\d\d$/;

const signIn = (name: string, password: string) =>
  fetch(`${server.origin}/api/users/me`, {
    headers: { authorization: `Basic ${btoa(`${name}:${password}`)}` },
  });

describe("user", () => {
  it("is added, listed, shown and removed", async () => {
    const add = ["user", "add", "ulla", "--email", "ulla@example.com", "--full-name", "Ulla Ask"];
    expect(await type(add)).toEqual({ code: 0, stdout: "Added the user ulla.\n", stderr: "" });
    const [head, ...users] = rows(await hexedge("user list"));
    expect(head).toEqual([
      ...["NAME", "FULL NAME", "EMAIL", "ORGANIZATIONS", "PASSWORD"],
      ...["SINCE (UTC)", "DEACTIVATED"],
    ]);
    expect(users.find(([name]) => name === "ulla")).toEqual([
      ...["ulla", "Ulla Ask", "ulla@example.com", blank, "no", expect.stringMatching(minute)],
      blank,
    ]);
    expect(rows(await hexedge("user show ulla@example.com")).slice(0, 3)).toEqual([
      ["name", "ulla"],
      ["full name", "Ulla Ask"],
      ["email", "ulla@example.com"],
    ]);
    expect(await mistake("user remove ulla")).toMatch(/--yes$/);
    expect(await hexedge("user remove ulla --yes")).toBe("Deactivated the user ulla.\n");
    expect(await mistake("user remove ulla --yes")).toBe("User ulla not found");
  });

  it("answers scripts with what the API says", async () => {
    const path = (name: string) => server.fetch(name).then((response) => response.json());
    expect(await json("user add ugo --email ugo@example.com")).toMatchObject({ username: "ugo" });
    expect(await json("user show ugo")).toEqual(await path("/api/users/ugo"));
    expect(await json("user list")).toEqual(await path("/api/users"));
    expect(await json("user password ugo --password-stdin", "long enough\n")).toBe(null);
    expect(await json("user remove ugo --yes")).toBe(null);
  });

  it("gets its password from standard input, without the end of the line", async () => {
    await hexedge("user add uma --password-stdin", "first password\n");
    expect((await signIn("uma", "first password")).status).toBe(200);
    const changed = await hexedge("user password uma --password-stdin", "second password");
    expect(changed).toBe("uma has a new password.\n");
    expect((await signIn("uma", "first password")).status).toBe(401);
    expect((await signIn("uma", "second password")).status).toBe(200);
  });

  it("says what is wrong with a password, and never shows it", async () => {
    const asked = "user password uma --password-stdin";
    expect(await mistake(asked, { input: "" })).toMatch(/^no password came in/);
    expect(await mistake(asked, { input: "two\nlines\n" })).toMatch(/^a password is one line/);
    expect(await mistake(asked, { input: "x".repeat(5000) })).toMatch(/too long/);
    expect(await mistake(asked, { input: "short" })).toMatch(/^password should be at least 8/);
    expect(await mistake("user password uma", {}, 2)).toMatch(/--password-stdin/);
    for (const line of ["user password uma hunter2", "user add uma --password=hunter2"]) {
      expect(await mistake(line, {}, 2)).not.toMatch("hunter2");
    }
  });

  it("hears of every field that is wrong", async () => {
    expect(await mistake("user add u --email nowhere")).toBe(
      "username should be at least 3 character(s); email has invalid format",
    );
  });
});

describe("member", () => {
  beforeAll(async () => {
    for (const name of ["mia", "max"]) await hexedge(`user add ${name}`);
  });

  it("is added, listed, given another role and removed", async () => {
    expect(await hexedge("member add test_repo mia --role admin")).toBe(
      "Added mia to test_repo: admin.\n",
    );
    expect(await json("member add test_repo max --role read")).toMatchObject({ role: "read" });
    expect(await hexedge("member role test_repo max write")).toBe(
      "max is in test_repo as write.\n",
    );
    expect(await json("member role test_repo max read")).toMatchObject({ username: "max" });
    expect(rows(await hexedge("member list test_repo"))).toEqual([
      ["NAME", "ROLE", "FULL NAME", "EMAIL"],
      ["max", "read", blank, blank],
      ["mia", "admin", blank, blank],
    ]);
    expect(await json("member list test_repo")).toHaveLength(2);
    expect(await mistake("member role test_repo mia read")).toBe(
      "role cannot demote last admin member",
    );
    expect(await hexedge("member remove test_repo max")).toBe(
      "max is no member of test_repo any more.\n",
    );
    expect(await json("member remove test_repo mia")).toBe(null);
    expect(await hexedge("member list test_repo")).toBe("none\n");
  });

  it("needs a role, an organization and a user that there are", async () => {
    expect(await mistake("member add test_repo mia", {}, 2)).toMatch(/--role/);
    expect(await mistake("member role test_repo mia boss", {}, 2)).toMatch(/read, write, admin/);
    expect(await mistake("member list nowhere")).toMatch(/^There is no repository nowhere here/);
    expect(await mistake("member add test_repo nobody --role read")).toBe("name unknown user");
  });
});

describe("key", () => {
  beforeAll(async () => {
    for (const name of ["kim", "kai"]) await hexedge(`user add ${name}`);
    await hexedge("member add test_repo kim --role write");
  });

  it("is made with its secret alone on standard output, also through npm", async () => {
    const line =
      "key create ci --user kim --permission api:read --permission package:test_repo/foo";
    const told = await type([...line.split(" "), "--expires", "30d"], { throughNpm: true });
    expect(told).toMatchObject({ code: 0, stderr: expect.stringContaining("Made the key") });
    expect(told.stdout).toMatch(/^hex_[0-9a-f]{40}\n$/);
    expect(told.stderr).toMatch(
      /^Made the key ci: api:read, package:test_repo\/foo, until \d{4}-\d\d-\d\d \d\d:\d\d UTC\./,
    );
    expect(told.stderr).not.toMatch(/hex_/);
    const asKim = { environment: { HEXEDGE_KEY: told.stdout.trim() } };
    expect((await type(["whoami"], asKim)).stdout).toMatch(/^name +kim\n/);
    expect(await mistake("key create more --permission api", asKim)).toBe(
      "key not authorized for this action: the key from HEXEDGE_KEY is not good for this",
    );
    expect((await type(["key", "list"], asKim)).stdout).toMatch(/^ci \(this one\) /m);
  });

  it("is made, listed and revoked for users and organizations", async () => {
    const made = await json(
      "key create deploy --org test_repo --permission repository:test_repo --expires 2099-01-31",
    );
    expect(made).toMatchObject({
      secret: expect.stringMatching(/^hex_/),
      permissions: [{ domain: "repository", resource: "test_repo" }],
      revoke_at: "2099-01-31T00:00:00.000Z",
    });
    await type("key create a/b --user kai --permission api".split(" "));
    expect(rows(await hexedge("key list --user kai"))).toEqual([
      ["NAME", "PERMISSIONS", "EXPIRES (UTC)", "MADE (UTC)", "LAST USE (UTC)"],
      ["a/b", "api", blank, expect.stringMatching(minute), blank],
    ]);
    expect(await json("key list --org test_repo")).toMatchObject([{ name: "deploy" }]);
    expect(await json("key revoke deploy --org test_repo")).toMatchObject({ name: "deploy" });
    expect(await hexedge("key revoke a/b --user kai")).toBe("Revoked the key a/b.\n");
    expect(await mistake("key revoke a/b --user kai")).toBe("Key a/b not found");
  });

  it("is revoked with all others", async () => {
    for (const name of ["one", "two"]) {
      await type(["key", "create", name, "--user", "kai", "--permission", "api"]);
    }
    expect(await hexedge("key revoke --all --user kai")).toBe("Revoked all keys.\n");
    expect(await json("key list --user kai")).toEqual([]);
    expect(await json("key revoke --all --user kai")).toBe(null);
  });

  it("is never all keys when one was meant", async () => {
    await type("key create kept --user kai --permission api".split(" "));
    for (const name of ["", ".", ".."]) {
      const told = await type(["key", "revoke", name, "--user", "kai"]);
      expect(told).toMatchObject({ code: 1, stderr: expect.stringMatching(/is no name/) });
    }
    expect(await json("key list --user kai")).toMatchObject([{ name: "kept" }]);
    expect(await mistake("key revoke --user kai", {}, 2)).toMatch(/^name one key, or all of them/);
    expect(await mistake("key revoke kept --all", {}, 2)).toMatch(/^name one key/);
  });

  it("needs permissions that there are, a future, and an owner", async () => {
    const create = "key create it --user kai";
    expect(await mistake(create, {}, 2)).toMatch(/--permission/);
    for (const wrong of ["everything", "api:", "api:all", "package:foo", "repository"]) {
      expect(await mistake(`${create} --permission ${wrong}`, {}, 2)).toMatch(/It must be api,/);
    }
    const good = `${create} --permission api`;
    for (const wrong of ["soon", "0d", "2030-02-31"]) {
      expect(await mistake(`${good} --expires ${wrong}`, {}, 2)).toMatch(/A date is such as/);
    }
    expect(await mistake(`${create} --permission package:test_repo/foo`)).toBe(
      "permissions: resource you do not have access to this package",
    );
    expect(await mistake(`${good} --expires 2020-01-01`)).toBe("revoke_at must be in the future");
    expect(await mistake(`${good} --org test_repo`, {}, 2)).toMatch(/cannot be used with/);
    expect(await mistake("key list")).toMatch(/say whose key it is with --user or --org$/);
  });

  it("reads days and times", () => {
    const now = Date.parse("2030-01-01T12:00:00Z");
    expect(readExpiry("30d", undefined, now)).toBe("2030-01-31T12:00:00.000Z");
    expect(readExpiry("2030-01-31", undefined, now)).toBe("2030-01-31T00:00:00.000Z");
    expect(readTime("2028-02-29T10:00:00+02:00")).toBe("2028-02-29T08:00:00.000Z");
    for (const wrong of ["2029-02-29", "2030-13-01", "2030", "30", "", "2030-01-01T25:00:00Z"]) {
      expect(() => readTime(wrong)).toThrow("A date is such as");
    }
  });
});

describe("owner", () => {
  it("is added, listed and removed", async () => {
    expect((await server.publish({ name: "owned", version: "1.0.0" })).status).toBe(201);
    for (const name of ["ole", "ona"]) {
      await hexedge(`user add ${name}`);
      await hexedge(`member add test_repo ${name} --role read`);
    }
    expect(await hexedge("owner list test_repo owned")).toBe(
      "owned belongs to everybody who may write to test_repo.\n",
    );
    expect(await hexedge("owner add test_repo owned ole")).toBe(
      "ole is an owner (full) of test_repo/owned.\n",
    );
    expect(await json("owner add test_repo owned ona --level maintainer")).toBe(null);
    expect(rows(await hexedge("owner list test_repo owned"))).toEqual([
      ["NAME", "LEVEL", "FULL NAME", "EMAIL"],
      ["ole", "full", blank, blank],
      ["ona", "maintainer", blank, blank],
    ]);
    expect(await hexedge("owner add test_repo owned ona --transfer")).toBe(
      "ona is now the only owner of test_repo/owned.\n",
    );
    expect(await json("owner list test_repo owned")).toMatchObject([{ username: "ona" }]);
    expect(await mistake("owner remove test_repo owned ole")).toBe(
      "username user is not an owner of package",
    );
    await hexedge("owner add test_repo owned ole");
    expect(await hexedge("owner remove test_repo owned ona")).toBe(
      "ona is no owner of test_repo/owned any more.\n",
    );
    expect(await json("owner add test_repo owned ona")).toBe(null);
    expect(await json("owner remove test_repo owned ole")).toBe(null);
  });

  it("is of a package that there is", async () => {
    expect(await mistake("owner list test_repo nothing")).toBe("Package nothing not found");
    expect(await mistake("owner list nowhere nothing")).toMatch(/^There is no repository nowhere/);
    expect(await mistake("owner add test_repo x ann --level half", {}, 2)).toMatch(/maintainer/);
  });
});

describe("audit", () => {
  it("shows who did what: everything, of an organization, of a package, one's own", async () => {
    expect((await server.publish({ name: "audited", version: "1.0.0" })).status).toBe(201);
    await hexedge("user add ava");
    await hexedge("member add test_repo ava --role read");
    const [head, first, second] = rows(await hexedge("audit"));
    expect(head).toEqual(["WHEN (UTC)", "WHO", "WITH", "FROM", "DID", "WHAT"]);
    expect(first?.slice(1)).toEqual([
      ...["admin", "admin key", blank, "organization.member.add"],
      "user=ava role=read organization=test_repo",
    ]);
    expect(second?.slice(4)).toEqual(["user.create", "user=ava"]);
    expect(await hexedge("audit --org test_repo")).not.toMatch("user.create");
    expect(await hexedge("audit --package test_repo/audited")).toMatch(
      /repository=test_repo package=audited version=1\.0\.0/,
    );
    const own = (await json("audit --me")) as { user: string }[];
    expect([...new Set(own.map(({ user }) => user))]).toEqual(["admin"]);
  });

  it("goes back by page and by date", async () => {
    expect(await hexedge("audit --page 99")).toBe("none\n");
    expect(await json("audit --before 2020-01-01")).toEqual([]);
    expect(await mistake("audit --page 101")).toMatch(/^page must be at most 100/);
    expect(await mistake("audit --page 0", {}, 2)).toMatch(/counted from 1/);
    expect(await mistake("audit --before yesterday", {}, 2)).toMatch(/A date is such as/);
    expect(await mistake("audit --package foo", {}, 2)).toMatch(/REPOSITORY\/NAME/);
    expect(await mistake("audit --me --org test_repo", {}, 2)).toMatch(/cannot be used with/);
  });
});

describe("which registry, and with which key", () => {
  it("takes the admin key of the data folder for a registry of this machine", async () => {
    const environment = { HEXEDGE_KEY: "" };
    const args = ["whoami", "--data", server.dataPath];
    const told = await type(args, { environment });
    expect(rows(told.stdout)[0]).toEqual(["name", "admin"]);
    const local = `http://localhost:${server.port}/`;
    expect((await type([...args, "--url", local], { environment })).code).toBe(0);
    const elsewhere = await mistake("whoami", { environment });
    expect(elsewhere).toMatch(/^no key: data\/admin_key (is not there|cannot)|invalid API key/);
  });

  it("sends the admin key of the data folder nowhere else", async () => {
    const environment = { HEXEDGE_KEY: "" };
    for (const host of ["hex.example.com", "127.0.0.1.example.com", "localhost.example.com"]) {
      const line = `whoami --data ${server.dataPath} --url https://${host}`;
      expect(await mistake(line, { environment })).toBe(
        `no key for https://${host}: set HEXEDGE_KEY to one`,
      );
    }
    expect(await mistake("whoami --data /nowhere", { environment })).toBe(
      "no key: /nowhere/admin_key is not there, so set HEXEDGE_KEY, or name the data folder with --data",
    );
  });

  it("says where a wrong key came from, and never shows it", async () => {
    const wrong = `hex_${"0".repeat(40)}`;
    const environment = { HEXEDGE_KEY: wrong };
    expect(await mistake("whoami", { environment })).toBe(
      "invalid API key: the key from HEXEDGE_KEY is not good for this",
    );
    expect(await mistake(`whoami --key ${wrong}`)).toMatch(/the key from --key/);
    expect(await mistake(`user show ${wrong}`)).toBe("User hex_… not found");
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "admin_key"), "two\nsecret lines");
    const told = await mistake(`whoami --data ${folder}`, { environment: { HEXEDGE_KEY: "" } });
    expect(told).toMatch(/admin_key holds no key/);
    expect(told).not.toMatch("secret");
  });

  it("says that there is no registry, or that it is something else", async () => {
    const port = await freePort();
    expect(await mistake(`whoami --url http://127.0.0.1:${port}`)).toBe(
      `cannot reach http://127.0.0.1:${port} (ECONNREFUSED): start it, or name another with --url`,
    );
    const other = createServer((request, response) => {
      if (request.url?.startsWith("/moved")) {
        response.writeHead(301, { location: "https://hex.example.com/" }).end();
      } else response.end("<h1>hello</h1>");
    });
    await new Promise<void>((done) => other.listen(port, "127.0.0.1", done));
    onTestFinished(() => void other.close());
    expect(await mistake(`whoami --url http://127.0.0.1:${port}`)).toMatch(
      /answers 200 without JSON: is that the address of a Hexedge\?$/,
    );
    expect(await mistake(`whoami --url http://127.0.0.1:${port}/moved`)).toMatch(
      /leads on to https:\/\/hex\.example\.com\/: use that address with --url$/,
    );
  });

  it("wants the address of a registry, and nothing secret in it", async () => {
    for (const url of ["hex.example.com", "ftp://hex.example.com", "http://"]) {
      expect(await mistake(`whoami --url ${url}`)).toMatch(/^the URL must be one such as/);
    }
    const secret = await mistake("whoami --url https://ann:hunter2@hex.example.com");
    expect(secret).toMatch(/^the URL must be only https:\/\/hex\.example\.com\//);
    expect(secret).not.toMatch("hunter2");
    expect(await mistake(`whoami --url ${server.origin}/api`)).toMatch(/give the registry's/);
  });
});

describe("whoami", () => {
  it("knows users, the admin, and keys of organizations", async () => {
    expect(await json("whoami")).toMatchObject({ username: "admin" });
    await hexedge("user add wim --email wim@example.com");
    await hexedge("member add test_repo wim --role write");
    const create = ["key", "create", "who", "--permission", "api"];
    const own = (await type([...create, "--user", "wim"])).stdout.trim();
    const told = await type(["whoami", "--key", own]);
    expect(rows(told.stdout).slice(0, 4)).toEqual([
      ["name", "wim"],
      ["full name", blank],
      ["email", "wim@example.com"],
      ["organizations", "test_repo:write"],
    ]);
    expect(await mistake(`user list --key ${own}`)).toBe(
      "account not authorized for this action: ask with a key that is, such as the admin key",
    );
    const theirs = (await type([...create, "--org", "test_repo"])).stdout.trim();
    expect(await mistake(`whoami --key ${theirs}`)).toMatch(/it is an organization's/);
  });
});

describe("help", () => {
  const groups = {
    user: ["add", "list", "show", "remove", "password"],
    member: ["add", "list", "role", "remove"],
    key: ["create", "list", "revoke"],
    owner: ["list", "add", "remove"],
  };
  const commands = Object.entries(groups).flatMap(([group, names]) =>
    names.map((name) => `${group} ${name}`),
  );

  it.each(["", "audit", "whoami", ...commands])("shows examples of %s", async (command) => {
    const told = await type([...command.split(" ").filter(Boolean), "--help"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toContain(`\nExamples:\n  npm run`);
    expect(told.stdout).toContain(`hexedge -- ${command}`);
    expect(told.stdout).toMatch(/better in the environment/);
  });

  it("tells of words that are no commands", async () => {
    expect(await mistake("usr list", {}, 2)).toMatch(/^unknown command 'usr' \(Did you mean user/);
    expect((await type(["user"])).code).toBe(2);
  });
});
