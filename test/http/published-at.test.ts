/** Releases that were published elsewhere before, and keep their date. */
import { describe, expect, it } from "vitest";
import { read } from "../support/answers.ts";
import { author, storedPackage, upload } from "../support/direct.ts";
import { begin, crash, ending, injectFaults, runAlarm } from "../support/faulty-storage.ts";
import { organizationKey, user } from "../support/people.ts";
import { packageTarball, type ReleaseOptions } from "../support/tarball.ts";
import { expectSound, type Person, storedFiles, type World, world } from "../support/world.ts";

const day = (text: string) => `${text}T03:04:05.678Z`;

async function publishAt(
  person: Person,
  date: string,
  release: ReleaseOptions & { replace?: boolean } = {},
): Promise<Response> {
  const query = new URLSearchParams({ published_at: date, replace: `${release.replace === true}` });
  return person.api(`/publish?${query}`, { method: "POST", body: await packageTarball(release) });
}

/** Version → the date that packages/foo says. */
async function datesOf(it: World): Promise<Record<string, string>> {
  const releases = (await storedPackage(it, "foo"))?.releases ?? [];
  return Object.fromEntries(
    releases.map(({ version, publishedAt }) => {
      const { seconds = 0, nanos = 0 } = publishedAt ?? {};
      return [version, new Date(seconds * 1000 + nanos / 1_000_000).toISOString()];
    }),
  );
}

async function packageOf(it: World) {
  return read(await it.admin.api("/packages/foo"));
}

describe("a release that was published before", () => {
  it("has its date in the registry and in the API, and the package that of its oldest release", async () => {
    const it = await world();
    const first = await publishAt(it.admin, day("2020-01-02"), { version: "1.1.0" });
    expect(first.status).toBe(201);
    expect(await read(first)).toMatchObject({ inserted_at: day("2020-01-02") });
    await publishAt(it.admin, "2019-01-02T03:04:05Z", { version: "1.0.0" });
    await publishAt(it.admin, day("2021-01-02"), { version: "2.0.0" });
    expect(await datesOf(it)).toEqual({
      ...{ "1.0.0": "2019-01-02T03:04:05.000Z", "1.1.0": day("2020-01-02") },
      "2.0.0": day("2021-01-02"),
    });
    expect((await it.admin.publish({ version: "2.1.0" })).status).toBe(201);
    const { inserted_at, updated_at } = await packageOf(it);
    expect(inserted_at).toBe("2019-01-02T03:04:05.000Z");
    expect(Date.now() - Date.parse(String(updated_at))).toBeLessThan(60_000);
    await expectSound(it);
  });

  it("keeps the date of its first publish when it is replaced", async () => {
    const it = await world();
    await publishAt(it.admin, day("2020-01-02"));
    expect((await it.admin.publish({ salt: "other", replace: true })).status).toBe(200);
    const again = { salt: "third", replace: true };
    expect((await publishAt(it.admin, day("2015-01-02"), again)).status).toBe(200);
    expect(await datesOf(it)).toEqual({ "1.0.0": day("2020-01-02") });
    expect((await packageOf(it)).inserted_at).toBe(day("2020-01-02"));
  });

  it("has it also when the instance that took it died", async () => {
    const it = await world();
    const { publication, tarball } = await upload();
    const dated = { ...publication, publishedAt: Date.parse(day("2020-01-02")) };
    const storage = await injectFaults(it);
    storage.fault = { at: 1, happens: true, kind: "death" };
    await ending(await begin(it, (to) => to.publish(dated, tarball, author)), storage);
    expect(await storedFiles(it)).toEqual(["tarballs/foo-1.0.0.tar"]);
    await crash(it);
    await runAlarm(it);
    expect(await datesOf(it)).toEqual({ "1.0.0": day("2020-01-02") });
    await expectSound(it);
  });

  it("is told of in the audit log with the date that somebody said, and only then", async () => {
    const it = await world();
    await publishAt(it.admin, day("2020-01-02"));
    await publishAt(it.admin, day("2015-01-02"), { salt: "other", replace: true });
    await it.admin.publish({ version: "2.0.0" });
    const log = Object.values(await read(await it.admin.api("/packages/foo/audit-logs")));
    expect(log).toMatchObject([
      { params: expect.not.objectContaining({ published_at: expect.anything() }) },
      { params: { replaced: true } },
      { params: { replaced: false, published_at: day("2020-01-02") } },
    ]);
    expect(JSON.stringify(log)).not.toContain("2015");
  });
});

describe("when a release was published", () => {
  it.each([{ public: true }, { public: false }])(
    "only admins of the repository say: %o",
    async (options) => {
      const it = await world(options);
      const admin = await user(it, "admin");
      expect((await publishAt(admin, day("2020-01-02"))).status).toBe(201);
      const owner = await user(it, "write");
      expect((await owner.publish({ name: "bar" })).status).toBe(201); // and owns it fully
      const before = await storedFiles(it);
      for (const person of [
        ...[owner, await organizationKey(it, "api")],
        await admin.with(`package:${it.repository}/bar`),
      ]) {
        const refused = await publishAt(person, day("2020-01-02"), {
          ...{ name: "bar", version: "2.0.0" },
        });
        expect(refused.status).toBe(403);
        expect(await read(refused)).toEqual({
          status: 403,
          message:
            "Only an admin of the repository says when a release was published: leave published_at out",
        });
        // Not even for one that they may replace, and whatever they say.
        expect((await publishAt(person, "", { name: "bar", replace: true })).status).toBe(403);
      }
      expect((await publishAt(it.guest, day("2020-01-02"))).status).toBe(401);
      expect(await storedFiles(it)).toEqual(before);
    },
  );

  it("is a moment between 2010 and now, in UTC", async () => {
    const it = await world();
    const wrong: [string, RegExp][] = [
      ...["", "yesterday", "2020-01-02", "2020-01-02T03:04:05", "2020-01-02T03:04:05+01:00"],
      ...["2020-02-30T00:00:00Z", "2020-13-01T00:00:00Z", "1577934245", "2020-01-02T24:00:00Z"],
      ...["+020020-01-02T03:04:05Z", " 2020-01-02T03:04:05Z"],
    ].map((text) => [text, /must be a moment in UTC/]);
    wrong.push(["2009-12-31T23:59:59Z", /before 2010/], ["1970-01-01T00:00:00Z", /before 2010/]);
    wrong.push([new Date(Date.now() + 60_000).toISOString(), /future/]);
    wrong.push(["9999-12-31T23:59:59Z", /future/]);
    for (const [text, message] of wrong) {
      const refused = await publishAt(it.admin, text);
      expect([text, refused.status]).toEqual([text, 422]);
      expect(await read(refused)).toMatchObject({
        errors: { published_at: expect.stringMatching(message) },
      });
    }
    expect(await storedFiles(it)).toEqual([]);
    expect((await publishAt(it.admin, "2010-01-01T00:00:00Z")).status).toBe(201);
    const leapDay = await publishAt(it.admin, "2020-02-29T00:00:00.123456789Z", {
      version: "2.0.0",
    });
    expect(await read(leapDay)).toMatchObject({ inserted_at: "2020-02-29T00:00:00.123Z" });
  });
});
