import type { Context } from "hono";
import type { MirrorConfig, RepositoryConfig } from "../../config/repositories.ts";
import { isPackageName } from "../../hex/name.ts";
import type { Verdict } from "../../mirror/rules/verdict.ts";
import type { RepositoryRefusal } from "../../repository/types.ts";
import type { App } from "../app-type.ts";
import { render } from "../format.ts";
import { permit } from "../permit.ts";
import { type HttpRefusal, refuse } from "../refusals.ts";

export type { Verdict };

/** `GET …/packages/NAME/verdicts`: what the rules of a curated mirror say about each release. */
export async function listVerdicts(c: Context<App>): Promise<Response> {
  const repository = c.get("repository");
  const { name, public: isPublic, isDeclared } = repository;
  const refused = await permit(c, "read", { kind: "repository", name, public: isPublic });
  if (refused) return refuse(c, refused);
  if (!isDeclared) return refuse(c, { reason: "repository_not_found", repository: name });
  const asked = c.req.param("name") ?? "";
  const verdicts = await verdictsOn(c, repository, asked);
  if ("refused" in verdicts) return refuse(c, verdicts.refused);
  return render(c, 200, {
    package: asked,
    releases: verdicts.map(({ version, isIn, rule, reason, until }) => ({
      ...{ version, in: isIn, rule, reason },
      until: until === null ? null : new Date(until).toISOString(),
    })),
  });
}

/** For whoever may read the mirror, which the caller has to ask. */
export async function verdictsOn(
  c: Context<App>,
  repository: RepositoryConfig,
  asked: string,
): Promise<Verdict[] | { refused: HttpRefusal | RepositoryRefusal }> {
  const curated = curatedIn(repository);
  if ("refused" in curated) return curated;
  const { name, declaration } = curated;
  if (!isPackageName(asked)) return { refused: { reason: "package_not_found", package: asked } };
  if (declaration.only && !declaration.only.includes(asked)) {
    return { refused: { reason: "not_mirrored", package: asked } };
  }
  const judgement = await c.env.MIRROR.getByName(name).judge(asked);
  switch (judgement.kind) {
    case "missing":
      return { refused: { reason: "package_not_found", package: asked } };
    case "unavailable":
      return { refused: { reason: "upstream_away", why: judgement.why } };
    case "judged":
      return judgement.verdicts;
  }
}

/** Only a mirror with rules judges. */
export function curatedIn(repository: RepositoryConfig): MirrorConfig | { refused: HttpRefusal } {
  const { name } = repository;
  if (repository.kind !== "mirror") {
    return { refused: { reason: "not_a_mirror", repository: name } };
  }
  const isCurated = repository.declaration.mode === "curated";
  return isCurated ? repository : { refused: { reason: "not_curated", repository: name } };
}
