/** `GET /`: which repositories there are, what is new in them, and how to begin. */
import type { Context } from "hono";
import type { RepositoryConfig } from "../config/repositories.ts";
import type { App } from "../http/app-type.ts";
import { urlsOf } from "../http/context.ts";
import { listPackagesIn } from "../http/listing.ts";
import { showStart } from "../http/start.ts";
import { PackageItem } from "./packages/package-list.tsx";
import { refusePage, renderPage, wantsPage } from "./page.tsx";
import { Badge, Empty } from "./parts.tsx";
import { readableRepositories } from "./readable.ts";
import { PublishHelp } from "./usage.tsx";

const recentMax = 12;

export async function showStartPage(c: Context<App>): Promise<Response> {
  if (!wantsPage(c)) return showStart(c);
  const repositories = await readableRepositories(c);
  const hosted = repositories.filter(({ kind }) => kind === "hosted").map(({ name }) => name);
  const query = { search: "", sort: "updated_at", page: 1, perPage: recentMax };
  const recent = await listPackagesIn(c, hosted, query);
  if ("refused" in recent) return refusePage(c, recent.refused);
  const { actor } = c.get("identity");
  return renderPage(
    c,
    200,
    "Hexedge",
    <div data-live="/packages">
      <h1>Packages</h1>
      {repositories.length === 0 ? (
        <Empty title="Nothing to see without signing in">
          <p>
            All repositories here are private. <a href="/sign-in">Sign in</a> with your user name,
            or with a key.
          </p>
        </Empty>
      ) : (
        <Repositories repositories={repositories} />
      )}
      {recent.packages.length > 0 ? (
        <section>
          <h2>Recent releases</h2>
          <ul class="packages">
            {recent.packages.map((record) => (
              <PackageItem record={record} withRepository={true} />
            ))}
          </ul>
          <p>
            <a href="/packages?sort=updated_at">All packages</a>
          </p>
        </section>
      ) : null}
      {recent.packages.length === 0 && hosted[0] !== undefined ? (
        <Empty title="No package has been published yet">
          <PublishHelp urls={urlsOf(c)} repository={hosted[0]} isAdmin={actor.kind === "admin"} />
        </Empty>
      ) : null}
    </div>,
    { isPublic: true, description: "Packages for Elixir, Erlang and Gleam" },
  );
}

const kinds: Record<RepositoryConfig["kind"], string> = {
  hosted: "published here",
  mirror: "a mirror",
  group: "several seen as one",
};

function Repositories({ repositories }: { repositories: readonly RepositoryConfig[] }) {
  return (
    <section>
      <h2>Repositories</h2>
      <ul class="cards">
        {repositories.map(({ name, kind, public: isPublic }) => (
          <li>
            <a href={`/repositories/${name}`}>{name}</a>
            <span class="quiet">{kinds[kind]}</span>
            <Badge kind="plain">{isPublic ? "public" : "private"}</Badge>
          </li>
        ))}
      </ul>
    </section>
  );
}
