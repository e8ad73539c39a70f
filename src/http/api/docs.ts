import type { Context } from "hono";
import { checkDocs, tarballLimits } from "../../hex/tarball.ts";
import type { App } from "../app-type.ts";
import { withBody } from "../body.ts";
import { authorOf, releaseOf, repositoryOf, urlsOf } from "../context.ts";
import { refuse } from "../refusals.ts";
import { docsTarballUrl } from "../views.ts";

/** `GET …/releases/VERSION/docs`: where the docs tarball is. */
export async function findDocs(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  if ("refused" in asked) return refuse(c, asked.refused);
  const { name, version } = asked;
  const record = await repositoryOf(c).package(name);
  const release = record?.releases.find((it) => it.version === version);
  if (!release) return refuse(c, { reason: "release_not_found", package: name, version });
  if (!release.hasDocs) return refuse(c, { reason: "docs_not_found", package: name, version });
  // Absolute: mix crashes on a relative one.
  return c.redirect(docsTarballUrl(urlsOf(c), c.get("repository").name, name, version), 302);
}

/** `POST …/releases/VERSION/docs`: the body is a gzipped tar. */
export async function publishDocs(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  // Not 400 for what is no version, which rebar3 takes for success: no release has it.
  if ("refused" in asked) return refuse(c, { reason: "not_found" });
  const { name, version } = asked;
  const outcome = await withBody(c, tarballLimits.tarballBytesMax, async (body) => {
    const docs = await checkDocs(body);
    if ("refused" in docs) return docs;
    return repositoryOf(c).publishDocs(name, version, body, docs.checksum, authorOf(c));
  });
  if (outcome) return refuse(c, outcome.refused);
  const location = docsTarballUrl(urlsOf(c), c.get("repository").name, name, version);
  return c.body(null, 201, { location });
}

/** `DELETE …/releases/VERSION/docs` */
export async function revertDocs(c: Context<App>): Promise<Response> {
  const asked = releaseOf(c);
  if ("refused" in asked) return refuse(c, asked.refused);
  const outcome = await repositoryOf(c).revertDocs(asked.name, asked.version, authorOf(c));
  return outcome ? refuse(c, outcome.refused) : c.body(null, 204);
}
