/**
 * The way back: somebody whose mix has our group in the place of hexpm types one line, and all comes from
 * upstream again. hex.pm itself cannot be reached from here; another Hexedge stands where it is.
 */
import { rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { mixHexAvailable, mixProject } from "../support/mix.ts";
import { run } from "../support/process.ts";
import { startProxy } from "../support/proxy.ts";
import { type Server, startServer, temporaryFolder } from "../support/server.ts";

/** The README's, under "One repository for everything". */
const wayBack = "hex.repo remove hexpm";

const title = mixHexAvailable
  ? "the way back to upstream with mix"
  : "the way back to upstream with mix (skipped: `mix hex` is not installed)";

const head = `compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
`;
const upstreamConfig = `${head}
[vars.REPOSITORIES.test_repo]
kind = "hosted"
public = true
[vars.REPOSITORIES.hex_pm]
kind = "group"
name = "hexpm"
members = ["test_repo"]
`;
const ourConfig = (upstream: Server) => `${head}
[vars.REPOSITORIES.test_repo]
kind = "hosted"
[vars.REPOSITORIES.copy]
kind = "mirror"
upstream_url = "${upstream.files("hex_pm")}"
upstream_name = "hexpm"
upstream_public_key = ${JSON.stringify(upstream.publicKeyPem)}
[vars.REPOSITORIES.all]
kind = "group"
name = "hexpm"
members = ["test_repo", "copy"]
`;

describe.skipIf(!mixHexAvailable)(title, () => {
  let upstream: Server;
  let ours: Server;

  beforeAll(async () => {
    upstream = await startServer({ config: upstreamConfig });
    expect((await upstream.publish({ name: "theirs" })).status).toBe(201);
    ours = await startServer({ config: ourConfig(upstream) });
    expect((await ours.publish({ name: "own" })).status).toBe(201);
  });

  /** In the place of hex.pm; only hex.pm has the key that belongs to hex.pm. */
  const standIn = ({ origin }: { origin: string }) => ({
    ...{ HEX_MIRROR_URL: `${origin}/repos/hex_pm`, HEX_UNSAFE_REGISTRY: "1" },
  });

  /** Somebody with everything of mix in a home that can be looked into. */
  async function switchedOver() {
    const home = temporaryFolder();
    // No MixUser, whose HEX_MIRROR_URL would come before the address that is set.
    const own = { HEX_HOME: home, MIX_ENV: "prod", HEX_NO_SHORT_URLS: "1", HEX_HTTP_TIMEOUT: "10" };
    const user = {
      mix: (folder: string, args: string, environment: Record<string, string> = {}) =>
        run("mix", args.split(" "), folder, { ...own, ...environment }, 60_000),
    };
    const key = join(temporaryFolder(), "all.pem");
    const answer = await ours.fetch("/repos/all/public_key");
    writeFileSync(key, await answer.text());
    const set = `hex.repo set hexpm --url ${ours.files("all")} --public-key ${key} --auth-key ${ours.adminKey} --no-oauth-exchange`;
    const told = await user.mix(temporaryFolder(), set);
    expect(told, told.output).toMatchObject({ code: 0 });
    const config = () => readFile(join(home, "hex.config"), "utf8");
    const forgetCache = () => rmSync(join(home, "packages"), { recursive: true });
    return { user, config, forgetCache };
  }

  it("is one line, after which the same lock file is fetched from upstream, and no key is kept", async () => {
    const proxy = await startProxy(upstream.origin);
    const { user, config, forgetCache } = await switchedOver();
    const folder = mixProject({ app: "app", version: "0.1.0", deps: '[{:theirs, "~> 1.0"}]' });
    const there = await user.mix(folder, "deps.get");
    expect(there, there.output).toMatchObject({ code: 0 });
    const lock = await readFile(join(folder, "mix.lock"), "utf8");
    expect(lock).toContain('"hexpm"');

    const back = await user.mix(temporaryFolder(), wayBack);
    expect(back, back.output).toMatchObject({ code: 0 });
    expect(await config()).not.toContain(ours.adminKey);
    const shown = await user.mix(temporaryFolder(), "hex.repo show hexpm");
    expect(shown.output).toMatch(/^https:\/\/repo\.hex\.pm +SHA256:/m);
    expect(shown.output).not.toContain(ours.adminKey);

    rmSync(join(folder, "deps"), { recursive: true });
    forgetCache();
    const again = await user.mix(folder, "deps.get", standIn(proxy));
    expect(again, again.output).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, "deps/theirs/mix.exs"), "utf8")).toContain("MixProject");
    expect(await readFile(join(folder, "mix.lock"), "utf8")).toBe(lock);
    const asked = proxy.passed.map(({ path }) => path);
    expect(asked).toContain("/repos/hex_pm/tarballs/theirs-1.0.0.tar");
  });

  it("asks upstream for what was only ours, and does not find it", async () => {
    const proxy = await startProxy(upstream.origin);
    const { user } = await switchedOver();
    const deps = '[{:own, "~> 1.0"}]';
    const before = await user.mix(mixProject({ app: "app", version: "0.1.0", deps }), "deps.get");
    expect(before, before.output).toMatchObject({ code: 0 });
    await user.mix(temporaryFolder(), wayBack);
    const folder = mixProject({ app: "app", version: "0.1.0", deps });
    const after = await user.mix(folder, "deps.get", standIn(proxy));
    expect(after.code).toBe(1);
    expect(proxy.passed.map(({ path, status }) => [path, status])).toContainEqual([
      ...["/repos/hex_pm/packages/own", 404],
    ]);
  });
});
