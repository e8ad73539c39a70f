/** `GET /packages?search=…`: packages of all repositories that one may see, or of one. */
import type { Context } from "hono";
import type { App } from "../../http/app-type.ts";
import { listPackagesIn, readableHosted } from "../../http/listing.ts";
import { pageOf } from "../../http/parameters.ts";
import { refusePage, renderPage } from "../page.tsx";
import { Empty } from "../parts.tsx";
import { listPerPage, PackageList } from "./package-list.tsx";

export async function findPackages(c: Context<App>): Promise<Response> {
  const readable = await readableHosted(c);
  if ("refused" in readable) return refusePage(c, readable.refused);
  const asked = c.req.query("repository");
  const names =
    asked === undefined ? readable.names : readable.names.filter((name) => name === asked);
  const search = c.req.query("search")?.trim() ?? "";
  const [sort, page] = [c.req.query("sort") ?? "name", pageOf(c)];
  const listing = await listPackagesIn(c, names, { search, sort, page, perPage: listPerPage });
  if ("refused" in listing) return refusePage(c, listing.refused);
  const shown = { ...listing, search, sort, page, path: "/packages" };
  const query = asked === undefined ? {} : { repository: asked };
  const isEmpty = listing.packages.length === 0;
  return renderPage(
    c,
    200,
    search === "" ? "Packages" : `Packages: ${search}`,
    <section data-live="/packages">
      <h1>{search === "" ? "Packages" : `Packages for “${search}”`}</h1>
      {isEmpty ? <NothingFound search={search} /> : null}
      {isEmpty ? null : <PackageList {...shown} query={query} withRepository={true} />}
    </section>,
    { isPublic: search === "", description: "All packages" },
  );
}

function NothingFound({ search }: { search: string }) {
  return (
    <Empty title="No package matches">
      {search === "" ? (
        <p>
          Nothing that you may see has been published. See how on the <a href="/">start page</a>.
        </p>
      ) : (
        <>
          <p>Look for a part of a name, or for words of a description. These work as well:</p>
          <ul>
            <li>
              <code>phoenix*</code> – names that begin with it
            </li>
            <li>
              <code>depends:ecto</code> – packages that need another
            </li>
            <li>
              <code>build_tool:rebar3</code> – packages made with a tool
            </li>
          </ul>
        </>
      )}
    </Empty>
  );
}
