import type { Context } from "hono";
import { isPackageName } from "../../hex/name.ts";
import type { App } from "../app-type.ts";
import { render } from "../format.ts";
import { permit } from "../permit.ts";
import { refuse } from "../refusals.ts";

/** `GET …/packages/NAME/verdicts`: what the rules of a curated mirror say about each release. */
export async function listVerdicts(c: Context<App>): Promise<Response> {
  const repository = c.get("repository");
  const { name, public: isPublic, isDeclared } = repository;
  const refused = await permit(c, "read", { kind: "repository", name, public: isPublic });
  if (refused) return refuse(c, refused);
  if (!isDeclared) return refuse(c, { reason: "repository_not_found", repository: name });
  if (repository.kind !== "mirror") return refuse(c, { reason: "not_a_mirror", repository: name });
  const { mode, only } = repository.declaration;
  if (mode !== "curated") return refuse(c, { reason: "not_curated", repository: name });
  const asked = c.req.param("name") ?? "";
  if (!isPackageName(asked)) return refuse(c, { reason: "package_not_found", package: asked });
  if (only && !only.includes(asked)) return refuse(c, { reason: "not_mirrored", package: asked });
  const judgement = await c.env.MIRROR.getByName(name).judge(asked);
  switch (judgement.kind) {
    case "missing":
      return refuse(c, { reason: "package_not_found", package: asked });
    case "unavailable":
      return refuse(c, { reason: "upstream_away", why: judgement.why });
    case "judged":
      return render(c, 200, {
        package: asked,
        releases: judgement.verdicts.map(({ version, isIn, rule, reason, until }) => ({
          ...{ version, in: isIn, rule, reason },
          until: until === null ? null : new Date(until).toISOString(),
        })),
      });
  }
}
