/** Small pieces that several pages are made of. */
import type { Child } from "hono/jsx";

/** A day, as people read it; the machine's own spelling beside it. */
export function Day({ at }: { at: string }) {
  return <time datetime={at}>{dayFormat.format(new Date(at))}</time>;
}

const dayFormat = new Intl.DateTimeFormat("en-GB", {
  ...{ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" },
});

/** A moment in the past, to the minute. */
export function Moment({ at }: { at: string }) {
  return <time datetime={at}>{`${at.slice(0, 10)} ${at.slice(11, 16)} UTC`}</time>;
}

/** Something to paste; with script there is a button that copies it. */
export function Snippet({ label, children }: { label: string; children: string }) {
  return (
    <figure class="snippet">
      <figcaption>{label}</figcaption>
      <pre tabindex={0} data-copy>
        {children}
      </pre>
    </figure>
  );
}

/** Nothing here yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children: Child }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Badge({ kind, children }: { kind: "good" | "bad" | "plain"; children: Child }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

/** Links to the page before and after. */
export function Pager(props: {
  page: number;
  count: number;
  perPage: number;
  hrefOf: (page: number) => string;
}) {
  const { page, count, perPage, hrefOf } = props;
  const last = Math.max(1, Math.ceil(count / perPage));
  if (last === 1 && page === 1) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 ? (
        <a rel="prev" href={hrefOf(Math.min(page - 1, last))}>
          Previous
        </a>
      ) : null}
      <span>
        Page {page} of {last}
      </span>
      {page < last ? (
        <a rel="next" href={hrefOf(page + 1)}>
          Next
        </a>
      ) : null}
    </nav>
  );
}

/** The address with these parameters; those that are empty or undefined are left out. */
export function withQuery(path: string, query: Record<string, string | number | undefined>) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
