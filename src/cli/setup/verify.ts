/** Is what was deployed a registry that works, with the keys that are kept here? */
import { createPublicKey } from "node:crypto";
import type { Config } from "../../config/config.ts";
import { publicKeyFingerprint } from "../../hex/sign.ts";
import { readHealth } from "../doctor/health.ts";
import { roundTrip } from "../doctor/round-trip.ts";
import { type Site, siteGet } from "../doctor/site.ts";
import { Mistake } from "../mistake.ts";
import type { OwnFolder } from "./own-folder.ts";
import type { Report } from "./report.ts";

/** Its name, and what for. */
export const verifyStep = [
  "publish and revert",
  "publishes a throw-away package, resolves it with its signature, takes it back",
] as const;
export const nothingHosted = "no hosted repository is declared";

/** @returns what clients need to know; undefined when nobody here may ask, or nothing can be published. */
export async function verify(
  report: Report,
  url: string,
  config: Pick<Config, "hosted">,
  folder: OwnFolder,
  environment: NodeJS.ProcessEnv,
): Promise<{ repository: string; publicKeyPem: string } | undefined> {
  return report.step(...verifyStep, async () => {
    const [repository] = config.hosted.keys();
    if (repository === undefined) {
      return { outcome: "skipped", told: nothingHosted, value: undefined };
    }
    const kept = await folder.read("admin_key");
    const key = kept ?? environment.HEXEDGE_KEY;
    if (key === undefined) {
      const told = `the Worker's ADMIN_KEY is not here; with it in HEXEDGE_KEY this is tried too`;
      return { outcome: "skipped", told, value: undefined };
    }
    const site: Site = { url, key: key.trim() };
    if ((await readHealth(site)).version === undefined) {
      const source = kept === undefined ? "HEXEDGE_KEY" : folder.pathOf("admin_key");
      throw new Mistake(
        `the key in ${source} is not the Worker's ADMIN_KEY: put the right one there, or give the Worker this one with \`npx wrangler secret put ADMIN_KEY < ${source}\`, and run this again`,
      );
    }
    const { ms } = await roundTrip(site, repository);
    const { text: publicKeyPem } = await siteGet(site, `/repos/${repository}/public_key`);
    const fingerprint = await publicKeyFingerprint(publicKeyPem);
    const ours = await folder.read("signing_key.pem");
    const remark =
      ours === undefined || environment[`SIGNING_KEY_${repository.toUpperCase()}`]
        ? ""
        : (await fingerprintOf(ours)) === fingerprint
          ? ""
          : `; ${folder.pathOf("signing_key.pem")} is not the key that signs it, but another one`;
    const told = `${repository} works (${ms} ms), signed by ${fingerprint}${remark}`;
    return { outcome: "done", told, value: { repository, publicKeyPem } };
  });
}

async function fingerprintOf(privateKeyPem: string): Promise<string> {
  const pem = createPublicKey(privateKeyPem).export({ type: "spki", format: "pem" });
  return publicKeyFingerprint(pem.toString());
}
