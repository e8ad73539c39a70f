/**
 * Kill -9 in the middle of publishing, again and again, seen from outside: what was answered is so
 * afterwards, byte for byte, what was cut off happened or did not, and all of it can be verified.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { unpackNames, unpackPackage, unpackVersions } from "../../src/hex/registry.ts";
import { parsePublicKey } from "../../src/hex/sign.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { askHexCore } from "../support/rebar3.ts";
import { freePort, type Server, startServer, temporaryFolder, until } from "../support/server.ts";
import { packageTarball } from "../support/tarball.ts";

const rounds = 10;
const publishers = 6;
const packages = 8;

/** A release, and what may be there of it by what was answered; null is nothing. */
interface Release {
  name: string;
  version: string;
  possible: (Uint8Array | null)[];
}

describe("kill -9 while several people publish, replace and revert", () => {
  const releases: Release[] = [];
  const answers: number[] = [];
  let cutOff = 0;
  const startsMs: number[] = [];
  let server: Server;

  beforeAll(async () => {
    const [port, dataPath] = [await freePort(), temporaryFolder()];
    for (let round = 0; round < rounds; round++) {
      const begun = performance.now();
      server = await startServer({ port, dataPath });
      startsMs.push(performance.now() - begun);
      if (round === 0) await publishAnchors();
      const people = Array.from({ length: publishers }, (_, at) => publishUntilKilled(round, at));
      // Sooner or later in a flush, but always while requests are under way.
      await sleep(200 + Math.random() * 1300);
      await server.run.killGroup("SIGKILL");
      await Promise.all(people);
    }
    server = await startServer({ port, dataPath });
  }, 100_000);

  /** A package whose only release was being reverted is closed for half a minute after a crash. */
  async function publishAnchors(): Promise<void> {
    for (let at = 0; at < packages; at++) {
      expect((await server.publish({ name: `crash_${at}`, version: "0.0.0-anchor" })).status).toBe(
        201,
      );
    }
  }

  /** One person, who works on versions of their own in packages that all share. */
  async function publishUntilKilled(round: number, person: number): Promise<void> {
    for (let number = 0; ; number++) {
      const name = `crash_${(person + number) % packages}`;
      const version = `${round}.${person}.${number}`;
      const release: Release = { name, version, possible: [null] };
      releases.push(release);
      const tarball = await packageTarball({ name, version, salt: `${round} ${person}` });
      if (!(await attempt(release, tarball, () => server.upload(tarball)))) return;
      if (number % 4 === 1) {
        const other = await packageTarball({ name, version, salt: `${round} ${person} again` });
        if (!(await attempt(release, other, () => server.upload(other, true)))) return;
      }
      if (number % 8 === 2) {
        const path = `/api/repos/test_repo/packages/${name}/releases/${version}`;
        const revert = () => server.fetch(path, { method: "DELETE" });
        if (!(await attempt(release, null, revert))) return;
      }
    }
  }

  /** @returns whether it was answered. */
  async function attempt(
    release: Release,
    outcome: Uint8Array | null,
    send: () => Promise<Response>,
  ): Promise<boolean> {
    const before = release.possible;
    release.possible = [...before, outcome];
    const response = await send().catch(() => undefined);
    if (!response) {
      cutOff++;
      return false;
    }
    answers.push(response.status);
    release.possible = response.ok ? [outcome] : before;
    await response.body?.cancel().catch(() => {});
    return true;
  }

  const certain = () => releases.filter(({ possible }) => possible.length === 1);

  it("was a real test: hundreds were answered, none refused, and every kill cut some off", () => {
    expect(answers.length).toBeGreaterThan(rounds * publishers);
    expect([...new Set(answers)].sort()).toEqual([200, 201, 204]);
    expect(cutOff).toBeGreaterThanOrEqual(rounds);
  });

  it("starts again every time, as fast as ever", () => {
    expect(Math.max(...startsMs)).toBeLessThan(5000);
  });

  it("has names and versions right within two seconds, with nobody asking for more", async () => {
    const isRight = async () => {
      const { names, versions } = await listed(server);
      return certain().every(({ name, version, possible: [tarball] }) =>
        tarball
          ? names.has(name) && versions.has(`${name} ${version}`)
          : !versions.has(`${name} ${version}`),
      );
    };
    await until(isRight, "names and versions", 2000);
  });

  it("has every release as it was answered, byte for byte, and no half of any other", async () => {
    const key = await parsePublicKey(server.publicKeyPem);
    const wrong: string[] = [];
    for (const name of new Set(releases.map((it) => it.name))) {
      const file = await server.file(`/packages/${name}`);
      const told = await unpackPackage(file, key, { repository: "test_repo", name });
      const checksums = new Map(
        told.releases.map(({ version, outerChecksum }) => [version, outerChecksum]),
      );
      for (const { version, possible } of releases.filter((it) => it.name === name)) {
        const checksum = checksums.get(version);
        const served = await server.fetch(`/repos/test_repo/tarballs/${name}-${version}.tar`);
        const bytes = Buffer.from(await served.arrayBuffer());
        // Told of nothing, a client asks for nothing; the bytes are removed a moment later.
        const isRight = possible.some((it) =>
          it && checksum ? bytes.equals(it) : it === null && !checksum,
        );
        const isSound = !checksum || toHex(await sha256(bytes)) === toHex(checksum);
        if (!isRight || !isSound)
          wrong.push(`${name} ${version}: ${served.status} ${isRight} ${isSound}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("finds nothing wrong with itself", async () => {
    expect(await server.problems()).toEqual([]);
  });

  const title = "is all that hex_core wants: every file verifies, every checksum agrees";
  it.skipIf(!erlangAvailable)(
    erlangAvailable ? title : `${title} (skipped: Erlang and rebar3 are not installed)`,
    () => {
      const { all } = askHexCore(server, {
        all: `{ok, {200, _, Names}} = r3_hex_repo:get_names(C),
          {ok, {200, _, Versions}} = r3_hex_repo:get_versions(C),
          true = [N || #{name := N} <- Names] =:= [N || #{name := N} <- Versions],
          lists:sum(lists:map(fun(#{name := Name, versions := Vs}) ->
            {ok, {200, _, Releases}} = r3_hex_repo:get_package(C, Name),
            Vs = [V || #{version := V} <- Releases],
            lists:foreach(fun(#{version := V, outer_checksum := Outer, inner_checksum := Inner}) ->
              {ok, {200, _, T}} = r3_hex_repo:get_tarball(C, Name, V),
              Outer = crypto:hash(sha256, T),
              {ok, #{inner_checksum := Inner}} = r3_hex_tarball:unpack(T, memory)
            end, Releases),
            length(Releases)
          end, Versions))`,
      });
      const published = certain().filter(({ possible: [tarball] }) => tarball);
      expect(Number(all), all).toBeGreaterThanOrEqual(published.length);
    },
  );
});

/** What names and versions say, each verified with the public key. */
async function listed(server: Server) {
  const key = await parsePublicKey(server.publicKeyPem);
  const mine = { repository: "test_repo" };
  const names = await unpackNames(await server.file("/names"), key, mine);
  const versions = await unpackVersions(await server.file("/versions"), key, mine);
  return {
    names: new Set(names.packages.map(({ name }) => name)),
    versions: new Set(
      versions.packages.flatMap((it) => it.versions.map((version) => `${it.name} ${version}`)),
    ),
  };
}
