import type { Context } from "hono";
import type { RepositoryConfig } from "../../config/repositories.ts";
import type { App } from "../app-type.ts";
import { urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { permit } from "../permit.ts";
import { refuse } from "../refusals.ts";
import { apiUrl, repositoryUrl } from "../views.ts";

/** `GET /api`: where things are. */
export function showIndex(c: Context<App>): Response {
  const api = `${urlsOf(c).origin}/api`;
  const release = `${api}/packages/{name}/releases/{version}`;
  return render(c, 200, {
    packages_url: `${api}/packages`,
    package_url: `${api}/packages/{name}`,
    package_release_url: release,
    package_retirement_url: `${release}/retire`,
    package_owners_url: `${api}/packages/{name}/owners`,
    keys_url: `${api}/keys`,
    key_url: `${api}/keys/{name}`,
    documentation_url: "https://github.com/hexpm/specifications",
  });
}

/** `GET /api/repos`: those that they may read. */
export async function listRepositories(c: Context<App>): Promise<Response> {
  const found: RepositoryConfig[] = [];
  for (const repository of c.get("config").repositories.values()) {
    const { name, public: isPublic } = repository;
    const refused = await permit(c, "read", { kind: "repository", name, public: isPublic });
    if (refused?.reason === "unauthorized") return refuse(c, refused);
    if (!refused) found.push(repository);
  }
  return render(
    c,
    200,
    found.map((repository) => repositoryView(c, repository)),
  );
}

/**
 * `GET /api/repos/NAME`. Of a hosted one and of a group it also tells whether names and versions show all
 * that was answered with 201: they follow a moment later.
 */
export async function showRepository(c: Context<App>): Promise<Response> {
  const { name, public: isPublic, isDeclared } = c.get("repository");
  const subject = { kind: "repository", name, public: isPublic } as const;
  const refused = await permit(c, "read", subject);
  // A key that only fetches may know whether what it fetches is all.
  if (refused && (await permit(c, "fetch", subject))) return refuse(c, refused);
  if (!isDeclared) return refuse(c, { reason: "repository_not_found", repository: name });
  const repository = c.get("repository");
  const view = repositoryView(c, repository);
  if (repository.kind === "mirror") return render(c, 200, view);
  const { hosted } = c.get("config");
  const names = repository.kind === "hosted" ? [name] : repository.members;
  const ours = names.filter((it) => hosted.has(it)).map((it) => isPublished(c, it));
  return render(c, 200, { ...view, published: (await Promise.all(ours)).every(Boolean) });
}

async function isPublished(c: Context<App>, name: string): Promise<boolean> {
  const repository = c.env.REPOSITORY.getByName(name);
  const { published, next } = await repository.indexFacts("", 1);
  // Without any package the index is written when somebody reads it.
  if (published || next === null) return true;
  // Then what is in the bucket is all that there is, until somebody restores the ledger.
  return (await repository.facts("", 0)).lost;
}

function repositoryView(c: Context<App>, repository: RepositoryConfig) {
  const urls = urlsOf(c);
  const { name, kind, public: isPublic } = repository;
  return {
    ...{ name, kind, public: isPublic },
    ...(repository.kind === "hosted" ? { publish: repository.publish } : {}),
    url: apiUrl(urls, name),
    repository_url: repositoryUrl(urls, name),
  };
}
