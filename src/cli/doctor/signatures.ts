/** Does what the world gets bear the signature of the key that the Worker has? */
import { RegistryError, unpackNames, unpackVersions } from "../../hex/registry.ts";
import { KeyError, parsePublicKey, publicKeyFingerprint } from "../../hex/sign.ts";
import { Mistake } from "../mistake.ts";
import { type Finding, fine, skipped, wrong } from "./finding.ts";
import type { Health, HealthRepository } from "./health.ts";
import { type Answered, type Site, siteGet } from "./site.ts";

export async function checkSignatures(site: Site, health: Health): Promise<Finding[]> {
  if (health.repositories.length === 0) {
    const todo = "declare [vars.REPOSITORIES.NAME] in wrangler.toml, and deploy";
    return [wrong("repositories", "none is declared", todo)];
  }
  const findings: Finding[] = [];
  // One after the other: this is no load test.
  for (const repository of health.repositories) {
    findings.push(await checkRepository(site, repository).catch(told(repository)));
  }
  return findings;
}

const told =
  ({ name }: HealthRepository) =>
  (error: unknown): Finding => {
    if (error instanceof Mistake || error instanceof KeyError || error instanceof RegistryError) {
      return wrong(`repository ${name}`, error.message, todoResign);
    }
    throw error;
  };

const todoResign =
  "is a proxy or cache in front that serves something else? If it was changed just now, wait for a minute; `GET /api/repos/NAME/check` tells what else is wrong";

async function checkRepository(site: Site, repository: HealthRepository): Promise<Finding> {
  const { name, kind, signed_name: signedName, signing_key: key } = repository;
  const check = `repository ${name}`;
  if (key === null) return skipped(check, `${kind}: upstream signs it`);
  if ("error" in key) {
    const secret = `SIGNING_KEY or SIGNING_KEY_${name.toUpperCase()}`;
    return wrong(
      check,
      key.error,
      `give the Worker another ${secret}: an RSA key of 2048 bits in PEM`,
    );
  }
  const publicKey = found(await siteGet(site, `/repos/${name}/public_key`));
  const served = await publicKeyFingerprint(publicKey.text);
  if (served !== key.fingerprint) {
    const message = `its public_key is ${served}, and the Worker signs with ${key.fingerprint}`;
    return wrong(check, message, todoResign);
  }
  const trusted = await parsePublicKey(publicKey.text);
  const expected = { repository: signedName };
  const names = found(await siteGet(site, `/repos/${name}/names`));
  const { packages } = await unpackNames(names.bytes, trusted, expected);
  const versions = found(await siteGet(site, `/repos/${name}/versions`));
  await unpackVersions(versions.bytes, trusted, expected);
  return fine(check, `${kind}, ${packages.length} packages, signed by ${served}`);
}

function found(answer: Answered): Answered {
  if (answer.status === 200) return answer;
  throw new Mistake(`${answer.path} is answered ${answer.status}: ${answer.text}`);
}
