/** `GET /repositories/NAME`: what it is, how to use it, and what is in it. */
import type { Context } from "hono";
import type { GroupConfig, MirrorConfig } from "../config/repositories.ts";
import type { App } from "../http/app-type.ts";
import { urlsOf } from "../http/context.ts";
import { listPackagesIn } from "../http/listing.ts";
import { pageOf } from "../http/parameters.ts";
import { roleOf } from "../http/permit.ts";
import { keptPackages } from "./kept.ts";
import { listPerPage, PackageList } from "./packages/package-list.tsx";
import { refusePage, renderPage } from "./page.tsx";
import { Badge, countText, Empty } from "./parts.tsx";
import { readableRepository } from "./readable.ts";
import { PublishHelp, RepositoryHelp } from "./usage.tsx";

export async function showRepositoryPage(c: Context<App>): Promise<Response> {
  const refused = await readableRepository(c, "read");
  if (refused) return refusePage(c, refused);
  const repository = c.get("repository");
  const { name, kind, public: isPublic } = repository;
  const content = await (repository.kind === "hosted"
    ? hostedContent(c, name)
    : repository.kind === "mirror"
      ? mirrorContent(c, repository)
      : groupContent(repository));
  if (content instanceof Response) return content;
  const { actor } = c.get("identity");
  return renderPage(
    c,
    200,
    name,
    <>
      <h1>
        {name} <Badge kind="plain">{isPublic ? "public" : "private"}</Badge>
      </h1>
      {kind === "hosted" && roleOf(actor, name) !== undefined ? (
        <nav class="tabs" aria-label="This repository">
          <a href={`/organizations/${name}`}>Members</a>
          <a href={`/organizations/${name}/audit-log`}>Audit log</a>
        </nav>
      ) : null}
      <details class="help">
        <summary>Use this repository</summary>
        <RepositoryHelp urls={urlsOf(c)} repository={repository} />
      </details>
      {content}
    </>,
    { isPublic, ...(kind === "hosted" ? { feed: `/repositories/${name}/feed.atom` } : {}) },
  );
}

async function hostedContent(c: Context<App>, name: string) {
  const [sort, page] = [c.req.query("sort") ?? "name", pageOf(c)];
  const search = "";
  const listing = await listPackagesIn(c, [name], { search, sort, page, perPage: listPerPage });
  if ("refused" in listing) return refusePage(c, listing.refused);
  const isAdmin = c.get("identity").actor.kind === "admin";
  if (listing.count === 0) {
    return (
      <Empty title="No package has been published here yet">
        <PublishHelp urls={urlsOf(c)} repository={name} isAdmin={isAdmin} />
      </Empty>
    );
  }
  const shown = { ...listing, search, sort, page, path: `/repositories/${name}` };
  return (
    <section>
      <h2>Packages</h2>
      <PackageList {...shown} withRepository={false} />
    </section>
  );
}

/** More are not counted. */
const keptMax = 1000;

async function mirrorContent(c: Context<App>, { name, declaration }: MirrorConfig) {
  const kept = await keptPackages(c.env, name, keptMax + 1);
  const isCurated = declaration.mode === "curated";
  return (
    <>
      <p>
        A mirror of <strong>{declaration.upstream_name}</strong> at {declaration.upstream_url}
        {isCurated
          ? ". It lets in what its rules allow, and signs it anew."
          : ", byte for byte as it is signed there."}{" "}
        What has been asked for once is kept, and there when upstream is away.
      </p>
      {isCurated ? (
        <p>
          <a href={`/repositories/${name}/held-back`}>What is held back, and why</a>
        </p>
      ) : null}
      {kept.length === 0 ? (
        <Empty title="Nothing has been asked for yet">
          <p>The first build that uses this mirror fills it.</p>
        </Empty>
      ) : (
        <section>
          <h2>
            {kept.length > keptMax
              ? `More than ${keptMax} packages`
              : countText(kept.length, "package")}
          </h2>
          <ul class="names">
            {kept.slice(0, keptMax).map((it) => (
              <li>
                <a href={`/packages/${name}/${it}`}>{it}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

async function groupContent({ signedName, members }: GroupConfig) {
  return (
    <>
      <p>
        These repositories, seen as one under the name <strong>{signedName}</strong>. A name that
        one of ours has is never looked up in a mirror.
      </p>
      <ul class="cards">
        {members.map((member) => (
          <li>
            <a href={`/repositories/${member}`}>{member}</a>
          </li>
        ))}
      </ul>
    </>
  );
}
