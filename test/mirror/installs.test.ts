/** Hex itself through a mirror, for machines that cannot reach hex.pm. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { mirrorWorld } from "../support/mirror.ts";
import { world } from "../support/world.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("installs", () => {
  it("pass through a mirror, are kept for an hour, and served when upstream is away", async () => {
    const it = await mirrorWorld();
    let list = "2.4.0,1.18.0\n";
    it.upstream.answer = (path) =>
      path.startsWith("installs/") ? new Response(list) : new Response("no", { status: 404 });
    const path = "/installs/list.csv";
    expect(await (await it.reader.file(path)).text()).toBe(list);
    expect(await (await it.reader.file(path)).text()).toBe(list);
    expect(it.upstream.asked).toEqual(["installs/list.csv"]);
    list = "2.5.0,1.19.0\n";
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_601_000 });
    expect(await (await it.reader.file(path)).text()).toBe(list);
    it.upstream.goAway();
    vi.setSystemTime(Date.now() + 3_601_000);
    expect(await (await it.reader.file(path)).text()).toBe(list);
    expect((await it.reader.file("/installs/1.18.0/hex-2.4.0.ez")).status).toBe(504);
  });

  it("are passed on for paths below installs alone", async () => {
    const it = await mirrorWorld();
    for (const path of [
      "/installs/../names",
      "/installs/a/../../names",
      "/installs/a/b/c",
      "/installs/",
    ]) {
      await it.reader.file(path);
    }
    expect(it.upstream.asked.filter((path) => path.startsWith("installs"))).toEqual([]);
  });

  it("have no newer Hex in any other repository, there or not, so that mix does not warn", async () => {
    const [open, shut] = [await world({ public: true }), await world()];
    for (const person of [open.guest, shut.guest]) {
      const answer = await person.file("/installs/hex-1.x.csv");
      expect([answer.status, await answer.text()]).toEqual([200, ""]);
    }
    const unknown = await shut.guest.fetch("/repos/nowhere/installs/hex-1.x.csv");
    expect([unknown.status, await unknown.text()]).toEqual([200, ""]);
    expect((await open.guest.file("/installs/list.csv")).status).toBe(404);
  });
});
