/** The audit log, as it can be read. */
import { describe, expect, it } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { author, docsTarball, person, stock, upload } from "../support/direct.ts";
import { expectSound, world } from "../support/world.ts";

const bob = { ...person("bob", 2, "member"), ip: "192.0.2.7", userAgent: "Hex/2.1" };

describe("the audit log", () => {
  it("says who did what to a package, newest first", async () => {
    const it = await world();
    const first = await upload({ salt: "one" });
    const second = await upload({ salt: "two", replace: true });
    const docs = docsTarball("docs");
    await it.stub.publish(first.publication, first.tarball, author);
    await it.stub.publish(second.publication, second.tarball, bob);
    await it.stub.publishDocs("foo", "1.0.0", docs, await sha256(docs), bob);
    await it.stub.retire("foo", "1.0.0", { reason: "security", message: "CVE" }, bob);
    await it.stub.retire("foo", "1.0.0", null, bob);
    await it.stub.revertDocs("foo", "1.0.0", bob);
    await it.stub.revert("foo", "1.0.0", bob);
    const log = await it.stub.auditLog({ package: "foo", limit: 100 });
    expect(log.map(({ action, params }) => [action, params])).toEqual([
      ["release.revert", {}],
      ["docs.revert", {}],
      ["release.unretire", {}],
      ["release.retire", { reason: "security", message: "CVE" }],
      ["docs.publish", {}],
      ["release.publish", { replaced: true, checksum: toHex(second.publication.outerChecksum) }],
      ["release.publish", { replaced: false, checksum: toHex(first.publication.outerChecksum) }],
    ]);
    expect(log[0]).toEqual({
      ...{ id: 7, at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u) },
      ...{ action: "release.revert", package: "foo", version: "1.0.0", params: {} },
      author: {
        ...{ name: "bob", credential: "key ci", requestId: "1" },
        ...{ ip: "192.0.2.7", userAgent: "Hex/2.1" },
      },
    });
    await expectSound(it);
  });

  it("can be asked about a package, an author and a time", async () => {
    const it = await world();
    await stock(it, [
      { name: "foo", at: 1000, by: author },
      { name: "bar", at: 2000, by: bob },
      { name: "foo", version: "1.1.0", at: 3000, by: bob },
    ]);
    const ask = async (query: object) => {
      const log = await it.stub.auditLog({ limit: 10, ...query });
      return log.map((event) => `${event.package} ${event.version} ${event.author.name}`);
    };
    expect(await ask({})).toEqual(["foo 1.1.0 bob", "bar 1.0.0 bob", "foo 1.0.0 ann"]);
    expect(await ask({ package: "foo" })).toEqual(["foo 1.1.0 bob", "foo 1.0.0 ann"]);
    expect(await ask({ author: "bob" })).toEqual(["foo 1.1.0 bob", "bar 1.0.0 bob"]);
    expect(await ask({ author: "bob", package: "foo" })).toEqual(["foo 1.1.0 bob"]);
    expect(await ask({ before: 3000 })).toEqual(["bar 1.0.0 bob", "foo 1.0.0 ann"]);
    expect(await ask({ limit: 1 })).toEqual(["foo 1.1.0 bob"]);
    expect(await ask({ author: "nobody" })).toEqual([]);
  });

  it("says nothing of what was refused", async () => {
    const it = await world();
    await stock(it, [{ name: "foo" }]);
    await it.stub.retire(
      "foo",
      "1.0.0",
      { reason: "other", message: null },
      person("eve", 5, "creator"),
    );
    await it.stub.revert("foo", "2.0.0", bob);
    expect(await it.stub.auditLog({ limit: 10 })).toHaveLength(1);
  });
});
