/**
 * `npm run hexedge -- mirror`: what it makes of lock files, and of a registry that is slow, away or says
 * no. The registry here only counts and answers; test/clients/mirror.test.ts has a real one.
 */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Lockfile, parseLockfile } from "../../src/hex/lockfile.ts";
import { hexedge } from "../support/hexedge.ts";
import { freePort, temporaryFolder } from "../support/server.ts";

const checksum = (letter: string) => letter.repeat(64);

const mixLock = `%{
  "app_name": {:hex, :pack, "1.0.0", "${checksum("a")}", [:mix], [], "hexpm", "${checksum("b")}"},
  "ours": {:hex, :ours, "2.0.0", "${checksum("a")}", [:mix], [], "acme", "${checksum("c")}"},
  "old": {:hex, :old, "0.1.0", "${checksum("d")}"},
  "forked": {:git, "https://example.com/forked.git", "${"0".repeat(40)}", []},
}
`;

const rebarLock = `{"1.2.0",
[{<<"pack">>,{pkg,<<"pack">>,<<"1.0.0">>},0},
 {<<"other">>,{pkg,<<"other">>,<<"3.0.0">>},1}]}.
[
{pkg_hash,[
 {<<"pack">>, <<"${checksum("A")}">>},
 {<<"other">>, <<"${checksum("E")}">>}]},
{pkg_hash_ext,[
 {<<"pack">>, <<"${checksum("B")}">>},
 {<<"other">>, <<"${checksum("F")}">>}]}
].
`;

const manifest = `packages = [
  { name = "gleam_stdlib", version = "0.40.0", build_tools = ["gleam"], requirements = [], otp_app = "gleam_stdlib", source = "hex", outer_checksum = "${checksum("9").toUpperCase()}" },
  { name = "beside", version = "1.0.0", build_tools = ["gleam"], requirements = [], source = "local", path = "../beside" },
]
`;

describe("hexedge mirror", () => {
  it("sends what the lock files pin, once, and says what became of it", async () => {
    const registry = await startRegistry();
    const told = await mirror(registry, [
      written("mix.lock", mixLock),
      written("rebar.lock", rebarLock),
      written("manifest.toml", manifest),
    ]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toBe(
      "SKIPPED     WHY\n" +
        "ours 2.0.0  it belongs to acme\n" +
        "forked      it comes from git\n" +
        "beside      it comes from a folder\n\n" +
        "the_mirror: 4 new, 0 already there, 0 missing, 0 wrong, 0 unavailable, 3 skipped\n",
    );
    expect(registry.asked).toEqual(["POST /api/repos/the_mirror/mirror the_key"]);
    const none = { outerChecksum: null, innerChecksum: null };
    expect(registry.lockfiles[0]?.releases).toEqual([
      {
        ...{ ...none, repository: null, package: "gleam_stdlib", version: "0.40.0" },
        outerChecksum: checksum("9"),
      },
      {
        ...{ repository: null, package: "other", version: "3.0.0" },
        ...{ innerChecksum: checksum("e"), outerChecksum: checksum("f") },
      },
      {
        ...{ repository: "acme", package: "ours", version: "2.0.0" },
        ...{ innerChecksum: checksum("a"), outerChecksum: checksum("c") },
      },
      {
        ...{ ...none, repository: "hexpm", package: "old", version: "0.1.0" },
        innerChecksum: checksum("d"),
      },
      {
        ...{ repository: "hexpm", package: "pack", version: "1.0.0" },
        ...{ innerChecksum: checksum("a"), outerChecksum: checksum("b") },
      },
    ]);
  });

  it("sends twenty releases at a time, two requests at once, and loses none", async () => {
    const registry = await startRegistry();
    const told = await mirror(registry, [written("mix.lock", lockOf(105))]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(/^the_mirror: 105 new, /);
    const sent = registry.lockfiles.map(({ releases }) => releases.length);
    expect(sent.toSorted()).toEqual([20, 20, 20, 20, 20, 5].toSorted());
    expect(registry.atOnceMost).toBe(2);
    const names = registry.lockfiles.flatMap((it) => it.releases.map((one) => one.package));
    expect(new Set(names).size).toBe(105);
  });

  it("names all that a build would miss, and ends with 1", async () => {
    const registry = await startRegistry({
      outcomes: {
        p2: ["missing", "upstream does not have it"],
        p21: ["wrong", "the lock file pins other bytes than upstream has"],
        p7: ["unavailable", "upstream is away"],
        p3: ["there", null],
      },
    });
    const lock = written("mix.lock", lockOf(25));
    const told = await mirror(registry, [lock]);
    expect(told.code).toBe(1);
    expect(told.stdout).toBe(
      "RELEASE    OUTCOME      WHY\n" +
        "p2 1.0.0   missing      upstream does not have it\n" +
        "p21 1.0.0  wrong        the lock file pins other bytes than upstream has\n" +
        "p7 1.0.0   unavailable  upstream is away\n\n" +
        "the_mirror: 21 new, 1 already there, 1 missing, 1 wrong, 1 unavailable, 0 skipped\n",
    );
    const sentence =
      "the_mirror does not hold 3 of 25 pinned releases: run it again to try only these";
    expect(told.stderr).toBe(`hexedge: ${sentence}\n`);

    const scripted = await mirror(registry, [lock, "--json"]);
    expect(scripted.code).toBe(1);
    const document = JSON.parse(scripted.stdout);
    expect(Object.keys(document)).toEqual([
      "repository",
      "summary",
      "releases",
      "skipped",
      "warnings",
    ]);
    expect(document.summary).toEqual({
      ...{ new: 21, there: 1, missing: 1, wrong: 1, unavailable: 1, skipped: 0 },
    });
    expect(document.releases).toHaveLength(25);
    expect(document.releases).toContainEqual({
      ...{ package: "p2", version: "1.0.0", outcome: "missing", why: "upstream does not have it" },
    });
  });

  it("counts what a newer registry says in words of its own as not there", async () => {
    const registry = await startRegistry({ outcomes: { p0: ["hidden", "a rule hides it"] } });
    const told = await mirror(registry, [written("mix.lock", lockOf(1))]);
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/p0 1\.0\.0 +hidden +a rule hides it/);
  });

  it("tries a piece again, twice", async () => {
    const registry = await startRegistry({ faults: ["503", "cut"] });
    const told = await mirror(registry, [written("mix.lock", lockOf(3))]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(registry.asked).toHaveLength(3);
  });

  it("reports a piece that fails three times, and goes on with the others", async () => {
    const faults = (lockfile: Lockfile) =>
      lockfile.releases.some((it) => it.package === "p30") ? "cut" : undefined;
    const registry = await startRegistry({ faults });
    const told = await mirror(registry, [written("mix.lock", lockOf(60))]);
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/: 40 new, 0 already there, 0 missing, 0 wrong, 20 unavailable/);
    expect(told.stdout).toMatch(/p30 1\.0\.0 +unavailable +cannot reach http/);
    expect(registry.asked).toHaveLength(5);
  });

  it("says in one sentence that nobody is there", async () => {
    const origin = `http://127.0.0.1:${await freePort()}`;
    const lock = written("mix.lock", lockOf(300));
    const told = await mirror({ origin, adminKey: "the_key" }, [lock]);
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr).toMatch(/^hexedge: cannot reach http:[^\n]+\n$/);
  });

  it("says in one sentence that it may not, without trying again", async () => {
    const registry = await startRegistry({ faults: () => "403" });
    const told = await mirror(registry, [written("mix.lock", lockOf(300))]);
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr).toMatch(/^hexedge: account not authorized[^\n]+\n$/);
    expect(registry.asked.length).toBeLessThanOrEqual(2);
  });

  it.each([
    ["not there", undefined, /nowhere\.lock is not there$/],
    ["another file", "hello", /: this is neither a mix\.lock nor/],
    ["in conflict", "<<<<<<< HEAD\n%{}\n", /: the file has conflict markers, .* \(line 1\)$/],
    ["not text", "\xff", /is no lock file: it is not text in UTF-8$/],
    ["too big", " ".repeat(1024 * 1024 + 1), /is too big: a lock file has at most 1048576 bytes$/],
  ])("says what is wrong with a file that is %s, and asks nobody", async (_how, text, sentence) => {
    const registry = await startRegistry();
    const good = written("mix.lock", lockOf(1));
    const bad = text === undefined ? "nowhere.lock" : written("bad.lock", text);
    const told = await mirror(registry, [good, bad]);
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr.trim()).toMatch(sentence);
    expect(told.stderr).toMatch(/^hexedge: [^\n]+\n$/);
    expect(registry.asked).toEqual([]);
  });

  it("refuses two files that pin one release with different checksums", async () => {
    const registry = await startRegistry();
    const one = written("one.lock", mixLock);
    const two = written("two.lock", mixLock.replace(checksum("b"), checksum("e")));
    const told = await mirror(registry, [one, two]);
    expect(told).toMatchObject({ code: 1, stdout: "" });
    const sentence = "pin pack 1.0.0 with different checksums: one of them is wrong";
    expect(told.stderr).toBe(`hexedge: ${one} and ${two} ${sentence}\n`);
  });

  it("has nothing to do for a lock file without releases", async () => {
    const registry = await startRegistry();
    const told = await mirror(registry, [written("mix.lock", "%{}\n")]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(/^the_mirror: 0 new, /);
    expect(registry.lockfiles).toMatchObject([{ releases: [], skipped: [] }]);
  });

  it("says that it is no mirror also when nothing is pinned", async () => {
    const registry = await startRegistry({ faults: ["404"] });
    const told = await mirror(registry, [written("mix.lock", "%{}\n")]);
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr).toBe("hexedge: the_mirror is no mirror\n");
  });

  it("warns of what an export would need and is not there, and ends with 0", async () => {
    const warnings = ["names: upstream did not answer a moment ago"];
    const registry = await startRegistry({ warnings });
    const told = await mirror(registry, [written("mix.lock", lockOf(45))]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout.match(/^warning: names: upstream did not answer.*$/gm)).toHaveLength(1);
    const json = await mirror(registry, [written("mix.lock", lockOf(1)), "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ warnings });
  });

  it("asks for a file and a mirror", async () => {
    const nobody = { origin: "http://127.0.0.1:9", adminKey: "the_key" };
    expect(await hexedge(nobody, ["mirror", "mix.lock"])).toMatchObject({ code: 2, stdout: "" });
    const told = await hexedge(nobody, ["mirror", "--repository", "the_mirror"]);
    expect(told).toMatchObject({ code: 2, stdout: "" });
  });
});

type Fault = "503" | "403" | "404" | "cut";

interface Registry {
  origin: string;
  adminKey: string;
  asked: string[];
  /** What was answered with an outcome. */
  lockfiles: Lockfile[];
  atOnceMost: number;
}

/** Answers as src/http/api/mirror.ts does. @param faults one for each request, or for some. */
async function startRegistry({
  outcomes = {},
  faults = [],
  warnings = [],
}: {
  warnings?: string[];
  outcomes?: Record<string, [outcome: string, why: string | null]>;
  faults?: Fault[] | ((lockfile: Lockfile) => Fault | undefined);
} = {}): Promise<Registry> {
  const registry: Registry = {
    ...{ origin: "", adminKey: "the_key", asked: [], lockfiles: [], atOnceMost: 0 },
  };
  let atOnce = 0;
  const server = createServer(async (request, response) => {
    atOnce += 1;
    registry.atOnceMost = Math.max(registry.atOnceMost, atOnce);
    response.once("close", () => {
      atOnce -= 1;
    });
    registry.asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    let text = "";
    for await (const chunk of request) text += chunk;
    const lockfile = parseLockfile(text);
    if ("refused" in lockfile) throw new Error(`the command sent ${text}`);
    const fault = typeof faults === "function" ? faults(lockfile) : faults.shift();
    if (fault === "cut") return request.socket.destroy();
    const answer = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (fault === "503") return answer(503, { status: 503, message: "try again" });
    if (fault === "404") return answer(404, { status: 404, message: "the_mirror is no mirror" });
    if (fault === "403") return answer(403, { status: 403, message: "account not authorized" });
    registry.lockfiles.push(lockfile);
    const releases = lockfile.releases.map(({ repository, package: name, version }) => {
      const [outcome, why] =
        repository === null || repository === "hexpm"
          ? (outcomes[name] ?? ["new", null])
          : ["elsewhere", `it belongs to ${repository}`];
      return { package: name, version, outcome, why };
    });
    const isComplete = releases.every(({ outcome }) => /new|there|elsewhere/.test(outcome));
    // So that those who come at once are seen to.
    setTimeout(() => answer(isComplete ? 200 : 422, { message: "…", releases, warnings }), 30);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  registry.origin = `http://127.0.0.1:${address.port}`;
  return registry;
}

function mirror(registry: Pick<Registry, "origin" | "adminKey">, args: readonly string[]) {
  return hexedge(registry, ["mirror", ...args, "--repository", "the_mirror"]);
}

function written(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text, "latin1");
  return path;
}

/** A mix.lock of p0, p1, … */
function lockOf(count: number): string {
  const entries = Array.from(
    { length: count },
    (_, at) =>
      `  "p${at}": {:hex, :p${at}, "1.0.0", "${checksum("a")}", [:mix], [], "hexpm", "${checksum("b")}"},\n`,
  );
  return `%{\n${entries.join("")}}\n`;
}
