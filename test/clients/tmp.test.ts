import { it, expect } from "vitest";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import { gzipSync } from "fflate";
import { startServer } from "../support/server.ts";
import { packageTarball, tar } from "../support/tarball.ts";
it("settles", async () => { 
 let s = await startServer(); await s.publish({ name: "x", version: "1.0.0" }); 
 const contents = gzipSync(tar([{ path: "data", bytes: randomBytes(8e6) }]), { level: 0 });
 const ts = await Promise.all([1,2,3,4].map(i => packageTarball({ name: "big", version: `1.0.${i}`, contents })));
 const ps = ts.map(t => s.upload(t).then(r => r.status, () => "cut")); await sleep(260); await s.run.killGroup("SIGKILL"); console.log(await Promise.all(ps));
 s = await startServer({ port: s.port, dataPath: s.dataPath });
 const chk = async () => (await s.fetch("/api/repos/test_repo/check")).json();
 console.log(await chk());
 console.log("again", await Promise.all(ts.map(async t => { const r = await s.upload(t); return [r.status, (await r.text()).slice(0, 200)] })));
 await sleep(5000); console.log(await chk());  await sleep(35000); console.log(await chk());
}, 100000);
