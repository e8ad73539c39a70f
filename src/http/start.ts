import type { Context } from "hono";
import type { App } from "./app-type.ts";
import { urlsOf } from "./context.ts";
import { roleOf } from "./permit.ts";
import { apiUrl, repositoryUrl } from "./views.ts";

/** `GET /`: how to use what one may read of this registry, in plain text. */
export function showStart(c: Context<App>): Response {
  const urls = urlsOf(c);
  const { actor } = c.get("identity");
  const readable = [...c.get("config").repositories.values()].filter(
    ({ name, public: isPublic }) => isPublic || roleOf(actor, name) !== undefined,
  );
  const sections = readable.map(({ name, public: open, kind }) => {
    if (kind === "mirror") return mirrorSection(name, open, repositoryUrl(urls, name));
    const api = apiUrl(urls, name);
    const files = repositoryUrl(urls, name);
    return `${name} (${open ? "anyone may read it" : "private"})

  Use it with mix:
    curl -fo ${name}.pem ${open ? "" : '-H "authorization: KEY" '}${files}/public_key
    mix hex.repo add ${name} ${files} --public-key ${name}.pem${open ? "" : " --auth-key KEY"}
    {:package, "~> 1.0", repo: "${name}"}          in deps of mix.exs

  Publish to it with mix:
    HEX_API_URL=${api} HEX_API_KEY=KEY mix hex.publish package --yes

  With rebar3, in ~/.config/rebar3/rebar.config, the key in hex.config beside it:
    {hex, [{repos, [#{name => <<"${name}">>,
                      api_url => <<"${api}">>,
                      repo_url => <<"${files}">>,
                      repo_public_key => <<"the text of ${name}.pem">>}]}]}.
`;
  });
  const hint =
    actor.kind === "anonymous"
      ? `\nWith a key there may be more: curl -H "authorization: KEY" ${urls.origin}/\n`
      : "";
  return c.text(`Hexedge: a Hex package registry.\n\n${sections.join("\n")}${hint}`);
}

function mirrorSection(name: string, open: boolean, files: string): string {
  const how = open
    ? `HEX_MIRROR_URL=${files} mix deps.get`
    : `HEX_TRUSTED_MIRROR_URL=${files} HEX_REPOS_KEY=KEY HEX_API_URL=… mix deps.get`;
  return `${name} (a mirror, ${open ? "anyone may read it" : "private"})

  ${how}
`;
}
