/** The one page that a new key's secret stands on, with what to do with it. */
import type { Context } from "hono";
import type { Permission } from "../../accounts/permission.ts";
import type { KeyRecord } from "../../accounts/types.ts";
import type { RepositoryConfig } from "../../config/repositories.ts";
import type { App } from "../../http/app-type.ts";
import { urlsOf } from "../../http/context.ts";
import { apiUrl } from "../../http/views.ts";
import { Snippet } from "../parts.tsx";
import { RepositoryHelp } from "../usage.tsx";

/** A page of help, not a list of everything. */
const helpMax = 3;

export function MadeKey(props: {
  c: Context<App>;
  made: KeyRecord;
  secret: string;
  /** Those that whoever made it may read. */
  repositories: readonly RepositoryConfig[];
  back: string;
}) {
  const { c, made, secret, repositories, back } = props;
  const fetched = fetchedWith(made.permissions, repositories).slice(0, helpMax);
  const published = publishedWith(made.permissions, repositories);
  const isOpen = fetched.length === 1;
  return (
    <>
      <p>
        This is the key <strong>{made.name}</strong>. It is shown only now: keep it where you keep
        passwords.
      </p>
      <Snippet label="The key">{secret}</Snippet>
      {published === undefined ? null : (
        <section>
          <h2>To publish</h2>
          <Snippet label="mix">
            {`HEX_API_URL=${apiUrl(urlsOf(c), published)} HEX_API_KEY=${secret} mix hex.publish`}
          </Snippet>
          <Snippet label="rebar3">{`HEX_API_KEY=${secret} rebar3 hex publish -r ${published}`}</Snippet>
        </section>
      )}
      {fetched.length === 0 ? null : (
        <section>
          <h2>To fetch packages</h2>
          {fetched.map((repository) => (
            <details open={isOpen}>
              <summary>{repository.name}</summary>
              <RepositoryHelp urls={urlsOf(c)} repository={repository} secret={secret} />
              {repository.kind === "mirror" ? null : (
                <Snippet label="rebar3, in ~/.config/rebar3/hex.config">
                  {`#{<<"${repository.name}">> => #{repo_key => <<"${secret}">>}}.`}
                </Snippet>
              )}
            </details>
          ))}
        </section>
      )}
      <p>
        <a href={back}>Done: I have kept it</a>
      </p>
    </>
  );
}

/** Private ones, where a key is needed; the first that comes, if none is. */
function fetchedWith(
  permissions: readonly Permission[],
  repositories: readonly RepositoryConfig[],
): readonly RepositoryConfig[] {
  if (permissions.some(({ domain }) => domain === "repositories")) {
    const shut = repositories.filter((it) => !it.public);
    return shut.length > 0 ? shut : repositories.slice(0, 1);
  }
  return repositories.filter(({ name }) =>
    permissions.some(({ domain, resource }) => domain === "repository" && resource === name),
  );
}

/** A repository that it may publish into. */
function publishedWith(
  permissions: readonly Permission[],
  repositories: readonly RepositoryConfig[],
): string | undefined {
  const named = permissions.find(({ domain }) => domain === "package")?.resource?.split("/")[0];
  if (named !== undefined) return named;
  const writes = permissions.some(
    ({ domain, resource }) => domain === "api" && resource !== "read",
  );
  return writes ? repositories.find(({ kind }) => kind === "hosted")?.name : undefined;
}
