/** What to paste: to depend on a package, to add a repository, to publish into it. */
import type { RepositoryConfig } from "../config/repositories.ts";
import { parseVersion } from "../hex/version.ts";
import { apiUrl, configsFor, repositoryUrl, type Urls } from "../http/views.ts";
import { Snippet } from "./parts.tsx";

/** The line for each build tool. */
export function DependencyHelp(props: {
  /** As clients call it: null where it is what they have anyway. */
  repository: string | null;
  isPublic: boolean;
  name: string;
  version: string;
  app: string;
}) {
  const { repository, isPublic, name, version, app } = props;
  const configs = configsFor(repository, name, { version, app });
  const organization = configs["mix.exs"].replace("repo:", "organization:");
  return (
    <section class="usage" aria-label="How to depend on it">
      <Snippet label="mix.exs">{configs["mix.exs"]}</Snippet>
      {repository !== null && !isPublic ? (
        <details>
          <summary>Where this registry stands in for hex.pm</summary>
          <Snippet label="mix.exs">{organization}</Snippet>
        </details>
      ) : null}
      <Snippet label="rebar.config">{configs["rebar.config"]}</Snippet>
      <Snippet label="erlang.mk">{configs["erlang.mk"]}</Snippet>
      <Snippet label="gleam.toml">{gleamLine(name, version)}</Snippet>
    </section>
  );
}

/** How a machine comes to know the repository, once. */
export function RepositoryHelp(props: {
  urls: Urls;
  repository: RepositoryConfig;
  /** A key that was made just now, to have nothing left to fill in. */
  secret?: string;
}) {
  const { urls, repository, secret = "KEY" } = props;
  const { name, kind, public: isPublic } = repository;
  const files = repositoryUrl(urls, name);
  if (kind === "mirror") {
    return (
      <Snippet label="In the shell">
        {isPublic
          ? `HEX_MIRROR_URL=${files} mix deps.get`
          : `HEX_TRUSTED_MIRROR_URL=${files} HEX_REPOS_KEY=${secret} mix deps.get`}
      </Snippet>
    );
  }
  const curl = `curl -fo ${name}.pem ${isPublic ? "" : `-H "authorization: ${secret}" `}${files}/public_key`;
  const known = kind === "group" ? repository.signedName : name;
  const verb = known === "hexpm" ? "set hexpm --url" : `add ${name}`;
  const add = `mix hex.repo ${verb} ${files} --public-key ${name}.pem${isPublic ? "" : ` --auth-key ${secret}`}`;
  const rebar = `{hex, [{repos, [#{name => <<"${known}">>,
                  repo_url => <<"${files}">>,
                  repo_public_key => <<"the text of ${name}.pem">>}]}]}.`;
  return (
    <>
      <Snippet label="mix, once on each machine">{`${curl}\n${add}`}</Snippet>
      <Snippet label="rebar3, in ~/.config/rebar3/rebar.config">{rebar}</Snippet>
    </>
  );
}

/** The first package, with nothing left to fill in but a key. */
export function PublishHelp(props: { urls: Urls; repository: string; isAdmin: boolean }) {
  const { urls, repository, isAdmin } = props;
  const api = apiUrl(urls, repository);
  return (
    <>
      <p>
        {isAdmin
          ? "In the folder of an Elixir or Erlang project, with the admin key or any other that may publish:"
          : "In the folder of an Elixir or Erlang project, with a key that may publish:"}
      </p>
      <Snippet label="Elixir">
        {`HEX_API_URL=${api} HEX_API_KEY=KEY mix hex.publish package --yes`}
      </Snippet>
      <Snippet label="Erlang, with the repository in rebar.config">
        {`HEX_API_KEY=KEY rebar3 hex publish -r ${repository}`}
      </Snippet>
      <Snippet label="Any tarball that is built already">
        {`curl -X POST -H "authorization: KEY" --data-binary @NAME-VERSION.tar ${api}/publish`}
      </Snippet>
    </>
  );
}

/** Gleam knows ranges only. */
function gleamLine(name: string, version: string): string {
  const parsed = parseVersion(version);
  if (!parsed) return `${name} = "${version}"`;
  const [major, minor] = [Number(parsed.major), Number(parsed.minor)];
  const next = major === 0 ? `0.${minor + 1}.0` : `${major + 1}.0.0`;
  return `${name} = ">= ${version} and < ${next}"`;
}
