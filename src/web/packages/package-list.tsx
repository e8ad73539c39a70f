/** Packages one below the other, with the ways to sort them. */
import { latestVersion } from "../../hex/version.ts";
import type { PackageRecord } from "../../repository/types.ts";
import { countText, Day, Pager, withQuery } from "../parts.tsx";

export const listPerPage = 30;

const sorts: [sort: string, label: string][] = [
  ["name", "Name"],
  ["updated_at", "Recent release"],
  ["downloads", "Downloads"],
];

export interface ShownList {
  packages: readonly PackageRecord[];
  count: number;
  page: number;
  sort: string;
  search: string;
  /** Where the list is. */
  path: string;
  /** More parameters of it. */
  query?: Record<string, string>;
}

/** @param withRepository say of each package which repository it is in. */
export function PackageList(props: ShownList & { withRepository: boolean }) {
  const { packages, count, page, sort, search, path, query, withRepository } = props;
  const hrefOf = (more: Record<string, string | number>) =>
    withQuery(path, { ...query, search, sort, ...more });
  return (
    <>
      <div class="list-head">
        <p aria-live="polite" class="count">
          {countText(count, "package")}
        </p>
        <nav aria-label="Sort by" class="sorts">
          {sorts.map(([value, label]) => (
            <a href={hrefOf({ sort: value })} aria-current={value === sort ? "true" : undefined}>
              {label}
            </a>
          ))}
        </nav>
      </div>
      <ul class="packages">
        {packages.map((record) => (
          <PackageItem record={record} withRepository={withRepository} />
        ))}
      </ul>
      <Pager
        page={page}
        count={count}
        perPage={listPerPage}
        hrefOf={(number) => hrefOf({ page: number })}
      />
    </>
  );
}

export function PackageItem(props: { record: PackageRecord; withRepository: boolean }) {
  const { record, withRepository } = props;
  const { repository, name, meta, downloads, updatedAt } = record;
  const versions = record.releases.map(({ version }) => version);
  const latest = latestVersion(versions, { stableOnly: true }) ?? latestVersion(versions);
  return (
    <li>
      <a href={`/packages/${repository}/${name}`}>{name}</a>
      <span class="version">{latest}</span>
      {withRepository ? <span class="where">{repository}</span> : null}
      {meta.description ? <p>{cut(meta.description)}</p> : null}
      <p class="quiet">
        <Day at={updatedAt} /> · {countText(downloads.all, "download")}
      </p>
    </li>
  );
}

const descriptionLengthMax = 200;

function cut(text: string): string {
  return text.length <= descriptionLengthMax ? text : `${text.slice(0, descriptionLengthMax)}…`;
}
