import { parsePrivateKey, publicKeyFingerprint, publicKeyPem } from "../hex/sign.ts";
import type { DataFolder, Secrets } from "./data-folder.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

/** What to paste next, filled in. The public key is written beside the private one for it. */
export async function welcome(world: {
  origin: string;
  config: WranglerConfig;
  data: DataFolder;
  secrets: Secrets;
}): Promise<string> {
  const { origin, config, data, secrets } = world;
  const [name = "NAME"] = Object.keys(config.vars.REPOSITORIES ?? {});
  const signingKey =
    secrets.ownSigningKeys[`SIGNING_KEY_${name.toUpperCase()}`] ?? secrets.signingKey;
  const pem = await publicKeyPem(await parsePrivateKey(signingKey));
  const fingerprint = await publicKeyFingerprint(pem);
  const publicKey = await data.write("public_key.pem", pem);
  const key = secrets.isAdminKeyGiven ? "$ADMIN_KEY" : secrets.adminKey;
  const [api, files] = [`${origin}/api/repos/${name}`, `${origin}/repos/${name}`];
  return `
Hexedge listens on ${origin}, data in ${data.path}

Use the repository ${name} with mix:
  mix hex.repo add ${name} ${files} --public-key ${publicKey} --auth-key ${key}
  (or with --fetch-public-key ${fingerprint} instead of --public-key)

Publish to it:
  HEX_API_URL=${api} HEX_API_KEY=${key} mix hex.publish package --yes

With rebar3, in ~/.config/rebar3/rebar.config:
  {hex, [{repos, [#{name => <<"${name}">>, api_url => <<"${api}">>, repo_url => <<"${files}">>,
    repo_public_key => <<"${pem.trim().replaceAll("\n", "\\n")}">>}]}]}.
and in ~/.config/rebar3/hex.config:
  #{<<"${name}">> => #{api_key => <<"${key}">>, repo_key => <<"${key}">>}}.
`;
}
