/** What to paste next. The key is named by its file: what is printed ends up in logs. */
export function lines(world: {
  url: string;
  repository: string;
  publicKeyPem: string;
  publicKeyPath: string;
  adminKeyPath: string;
}): string {
  const { url, repository: name, publicKeyPem, publicKeyPath, adminKeyPath } = world;
  const [api, files] = [`${url}/api/repos/${name}`, `${url}/repos/${name}`];
  const key = `"$(cat ${adminKeyPath})"`;
  return `
Hexedge runs on ${url}. Keep the folder of ${adminKeyPath}: its keys are shown nowhere again.

Use the repository ${name} with mix:
  mix hex.repo add ${name} ${files} --public-key ${publicKeyPath} --auth-key ${key}

Publish to it:
  HEX_API_URL=${api} HEX_API_KEY=${key} mix hex.publish package --yes

With rebar3, in ~/.config/rebar3/rebar.config:
  {hex, [{repos, [#{name => <<"${name}">>, api_url => <<"${api}">>, repo_url => <<"${files}">>,
    repo_public_key => <<"${publicKeyPem.trim().replaceAll("\n", "\\n")}">>}]}]}.
and in ~/.config/rebar3/hex.config, with the key in ${adminKeyPath} for KEY:
  #{<<"${name}">> => #{api_key => <<"KEY">>, repo_key => <<"KEY">>}}.

Look after it (users, members, keys of their own, which people and CI should have instead of the admin key):
  HEXEDGE_KEY=${key} npm run doctor -- --url ${url}
  HEXEDGE_KEY=${key} npm run hexedge -- --url ${url} --help
`;
}
