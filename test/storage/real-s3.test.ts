/**
 * Storage on an S3 that others wrote: Ceph's gateway, as Debian has it. It keeps conditions, but takes
 * an ETag in `If-Match` without its quotes alone.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { S3Storage } from "../../src/storage/s3.ts";
import { type Ceph, cephMissing, startCeph } from "../support/ceph.ts";
import { storageCompliance } from "./compliance.ts";

describe.skipIf(cephMissing)(`Ceph's S3${cephMissing ? ` (${cephMissing})` : ""}`, () => {
  let ceph: Ceph;
  beforeAll(async () => {
    ceph = await startCeph();
  });
  afterAll(() => ceph?.stop());

  // 500 UnknownError, where others say 412 or 409.
  storageCompliance(() => new S3Storage(ceph.options), { losersThrow: true });

  describe("below a prefix", () => {
    const below = { prefix: "team a/hex+edge/" };
    storageCompliance(() => new S3Storage({ ...ceph.options, ...below }), { losersThrow: true });
  });

  it("refuses a wrong secret, an unknown key and a wrong bucket, and we say what to look at", async () => {
    const open = (options: object) => new S3Storage({ ...ceph.options, ...options });
    await expect(open({ secretAccessKey: "wrong" }).get("key")).rejects.toThrow(
      "S3_SECRET_ACCESS_KEY is not that of S3_ACCESS_KEY_ID",
    );
    await expect(open({ accessKeyId: "WRONG" }).get("key")).rejects.toThrow(
      "does not know S3_ACCESS_KEY_ID",
    );
    const nowhere = open({ bucket: "another" });
    await expect(nowhere.head("key")).rejects.toThrow("make it, or correct [vars.S3] bucket");
    await expect(nowhere.put("key", new Uint8Array(), { kind: "create" })).rejects.toThrow(
      "make it, or correct [vars.S3] bucket",
    );
  });

  it("keeps keys with every sign that a key of ours may have", async () => {
    const storage = new S3Storage(ceph.options);
    const keys = ["signs/a+b-1.0.0-rc.1+build.5.tar", "signs/a~b_c", "signs/é&<\">'", "signs/日本"];
    for (const key of keys) await storage.put(key, new Uint8Array([1]), { kind: "create" });
    const listed: string[] = [];
    for await (const key of storage.list("signs/")) listed.push(key);
    expect(listed).toEqual([...keys]);
    for (const key of keys) expect(await storage.head(key)).toMatchObject({ sizeBytes: 1 });
  });
});
