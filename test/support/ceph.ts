/** Ceph's S3 gateway, from Debian's packages: somebody else's S3, which lives as long as the test does. */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import { freePort, temporaryFolder } from "./server.ts";

const programs = ["radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "ceph-authtool"];

export const cephMissing = programs.some((name) => spawnSync("which", [name]).status !== 0)
  ? "needs Debian's packages radosgw, ceph-mon, ceph-osd"
  : undefined;

const keys = { accessKeyId: "TESTKEY", secretAccessKey: "test/secret+of=ceph" };

export interface Ceph {
  /** For an S3Storage. */
  options: { endpoint: string; region: string; bucket: string; prefix: string } & typeof keys;
  stop: () => Promise<void>;
}

export async function startCeph(): Promise<Ceph> {
  const [folder, monitor, port] = [temporaryFolder(), await freePort(), await freePort()];
  const ports = [monitor, port].map(String);
  const script = join(import.meta.dirname, "ceph.sh");
  const { accessKeyId, secretAccessKey } = keys;
  const ceph = spawn("bash", [script, folder, ...ports, accessKeyId, secretAccessKey], {
    // The end of its input is our end, whatever becomes of us.
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  const ended = new Promise<void>((done) => ceph.once("exit", () => done()));
  await new Promise<void>((ready, fail) => {
    for (const stream of [ceph.stdout, ceph.stderr]) {
      stream.on("data", (data) => {
        said += data;
        if (/^ready$/m.test(said)) ready();
      });
    }
    void ended.then(() => fail(new Error(`Ceph ended: ${said}`)));
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const made = await new AwsClient({ ...keys, service: "s3", region: "us-east-1" }).fetch(
    `${endpoint}/hexedge-test`,
    { method: "PUT" },
  );
  if (!made.ok) throw new Error(`Ceph makes no bucket: ${made.status} ${await made.text()}`);
  return {
    options: { endpoint, region: "us-east-1", bucket: "hexedge-test", prefix: "", ...keys },
    stop: async () => {
      ceph.stdin.end();
      await ended;
    },
  };
}
