import type { Context } from "hono";
import { checkMetadata, type Metadata } from "../../hex/metadata.ts";
import { type Tarball, tarballLimits, unpackTarball } from "../../hex/tarball.ts";
import type { Publication } from "../../repository/types.ts";
import type { App } from "../app-type.ts";
import { withBody } from "../body.ts";
import { authorOf, repositoryOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { takeStanding } from "../permit.ts";
import { type Refusal, refuse } from "../refusals.ts";
import { releaseUrl, releaseView } from "../views.ts";
import { readPublishedAt } from "./published-at.ts";

/**
 * `POST …/publish` and `POST …/packages/NAME/releases`: the body is a package tarball. With `?replace=true`
 * also for a version that is there, and with `?published_at=` as one that was published then.
 */
export async function publishRelease(c: Context<App>): Promise<Response> {
  const date = await readPublishedAt(c);
  if ("refused" in date) return refuse(c, date.refused);
  const outcome = await withBody(c, tarballLimits.tarballBytesMax, async (body) => {
    const publication = await readPublication(c, body);
    if ("refused" in publication) return publication;
    // A view would take its whole buffer along over RPC; this one is the body and nothing else.
    const dated = { ...publication, ...date };
    const published = await repositoryOf(c).publish(dated, body, authorOf(c));
    return { publication, published };
  });
  if ("refused" in outcome) return refuse(c, outcome.refused);
  const { publication, published } = outcome;
  if ("refused" in published) return refuse(c, published.refused);

  const { package: name, version } = publication;
  const repository = c.get("repository").name;
  const urls = urlsOf(c);
  const message = `published ${name} ${version} to ${repository}`;
  c.set("done", { message, package: name, version });
  return render(
    c,
    published.replaced ? 200 : 201,
    releaseView(urls, repository, name, published.release),
    published.replaced ? {} : { location: releaseUrl(urls, repository, name, version) },
  );
}

async function readPublication(
  c: Context<App>,
  body: Uint8Array,
): Promise<Publication | { refused: Refusal }> {
  const tarball = await unpackTarball(body);
  if ("refused" in tarball) return tarball;
  const checked = checkMetadata(tarball.terms, { public: c.get("repository").public });
  if ("refused" in checked) return checked;
  const { metadata } = checked;
  const named = c.req.param("name");
  if (named !== undefined && named !== metadata.name)
    return { refused: { reason: "name_differs" } };
  // Until here it was not known which package it is.
  const refused = named === undefined && (await takeStanding(c, "write", metadata.name));
  if (refused) return { refused };
  return publicationOf(tarball, metadata, body.length, c.req.query("replace") === "true");
}

function publicationOf(
  { innerChecksum, outerChecksum }: Tarball,
  metadata: Metadata,
  sizeBytes: number,
  replace: boolean,
): Publication {
  const { name, version, app, buildTools, elixir, requirements, ...meta } = metadata;
  const { description, licenses, links, maintainers } = meta;
  return {
    ...{ package: name, version, innerChecksum, outerChecksum, sizeBytes, replace },
    ...{ app, buildTools, elixir, requirements },
    meta: { description, licenses, links, maintainers, extra: JSON.stringify(meta.extra) },
  };
}
