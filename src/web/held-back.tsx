/** `GET /repositories/NAME/held-back`: what a curated mirror does not let in, why, and until when. */
import type { Context } from "hono";
import { curatedIn, type Verdict, verdictsOn } from "../http/api/verdicts.ts";
import type { App } from "../http/app-type.ts";
import { answerTo, type Refusal } from "../http/refusals.ts";
import { sentenceOf } from "./account/words.ts";
import { keptPackages } from "./kept.ts";
import { refusePage, renderPage, Wrong } from "./page.tsx";
import { countText, Day, withQuery } from "./parts.tsx";
import { readableRepository } from "./readable.ts";

/** More are found with the search box. */
const namesMax = 500;

export async function showHeldBack(c: Context<App>): Promise<Response> {
  const refused = await readableRepository(c, "read");
  if (refused) return refusePage(c, refused);
  const curated = curatedIn(c.get("repository"));
  if ("refused" in curated) return refusePage(c, curated.refused);
  const { name, public: isPublic } = curated;
  const asked = c.req.query("package")?.trim() ?? "";
  const verdicts = asked === "" ? undefined : await verdictsOn(c, curated, asked);
  const wrong = verdicts && "refused" in verdicts ? verdicts.refused : undefined;
  const kept = asked === "" ? await keptPackages(c.env, name, namesMax + 1, "upstream") : [];
  return renderPage(
    c,
    wrong ? answerTo(wrong).status : 200,
    `Held back in ${name}`,
    <>
      <p class="path">
        <a href={`/repositories/${name}`}>{name}</a>
      </p>
      <h1>{asked === "" ? "What is held back" : `What is held back of ${asked}`}</h1>
      <LookForm name={name} asked={asked} {...(wrong ? { wrong } : {})} />
      {verdicts && !("refused" in verdicts) ? <Verdicts verdicts={verdicts} /> : null}
      {asked === "" ? <Names path={`/repositories/${name}/held-back`} kept={kept} /> : null}
    </>,
    { isPublic },
  );
}

function LookForm({ name, asked, wrong }: { name: string; asked: string; wrong?: Refusal }) {
  return (
    <form action={`/repositories/${name}/held-back`} class="look">
      {wrong ? <Wrong>{sentenceOf(wrong)}</Wrong> : null}
      <p>The rules of this mirror decide which releases it lets in, a package at a time.</p>
      <div class="inline">
        <label for="package">Package</label>
        <input
          type="search"
          id="package"
          name="package"
          value={asked}
          required
          maxlength={255}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
        <button type="submit" class="second">
          Look it up
        </button>
      </div>
    </form>
  );
}

function Verdicts({ verdicts }: { verdicts: readonly Verdict[] }) {
  // The newest is what people ask about.
  const held = verdicts.filter(({ isIn }) => !isIn).reverse();
  const letIn = countText(verdicts.length - held.length, "release");
  if (held.length === 0) return <p>Nothing of it is held back: {letIn} let in.</p>;
  return (
    <>
      <p class="count">
        {countText(held.length, "release")} held back, {letIn} let in
      </p>
      <ul class="rows">
        {held.map(({ version, reason, until }) => (
          <li>
            <div>
              <strong>{version}</strong>
              <p>{reason}</p>
              <p class="quiet">
                {until === null ? (
                  "Until the rules change."
                ) : (
                  <>
                    Until <Day at={new Date(until).toISOString()} />, if nothing else holds it then.
                  </>
                )}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function Names({ path, kept }: { path: string; kept: readonly string[] }) {
  if (kept.length === 0) return <p>Nothing has been asked for here yet.</p>;
  return (
    <section>
      <h2>Packages that were asked for</h2>
      <ul class="names">
        {kept.slice(0, namesMax).map((it) => (
          <li>
            <a href={withQuery(path, { package: it })}>{it}</a>
          </li>
        ))}
      </ul>
      {kept.length > namesMax ? <p class="quiet">There are more: look them up by name.</p> : null}
    </section>
  );
}
