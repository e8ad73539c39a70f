/** Making a key. Its secret is shown once, on the answer to the form, and is in no address. */
import type { Context } from "hono";
import type { Owner } from "../../accounts/may.ts";
import { keyOwner, makeKey } from "../../http/api/keys.ts";
import type { App } from "../../http/app-type.ts";
import { refusePage, renderPage, Wrong } from "../page.tsx";
import { readableRepositories } from "../readable.ts";
import { readForm } from "../sign-in.tsx";
import { Field, type Mistake, mistake } from "./forms.tsx";
import { KeyChoices } from "./key-choices.tsx";
import { type Draft, draftOf, keyOf } from "./key-draft.ts";
import { MadeKey } from "./made-key.tsx";
import { pathOfKeys } from "./whose.ts";

/** `GET …/keys/new` */
export async function showNewKey(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "make_keys");
  if ("refused" in owner) return refusePage(c, owner.refused);
  return formPage(c, owner, draftOf(new URLSearchParams()));
}

/** `POST …/keys/new` */
export async function makeNewKey(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "make_keys");
  if ("refused" in owner) return refusePage(c, owner.refused);
  const draft = draftOf(await readForm(c));
  const asked = keyOf(draft);
  if ("status" in asked) return formPage(c, owner, draft, asked);
  const made = await makeKey(c, owner, asked);
  if ("refused" in made) return formPage(c, owner, draft, mistake(made.refused));
  const shown = { c, made: made.key, secret: made.secret, back: pathOfKeys(c) };
  const page = <MadeKey {...shown} repositories={await repositoriesFor(c, owner)} />;
  return renderPage(c, 200, "Your new key", page, { narrow: true });
}

async function formPage(
  c: Context<App>,
  owner: Owner,
  draft: Draft,
  mistake?: Mistake,
): Promise<Response> {
  const names = (await repositoriesFor(c, owner)).map(({ name }) => name);
  const held = c.get("identity").credential?.holder.permissions ?? "everything";
  const page = (
    <form method="post" action={c.req.path}>
      {mistake ? <Wrong>{mistake.sentence}</Wrong> : null}
      <Field
        label="Name"
        name="name"
        value={draft.name}
        required
        maxlength={255}
        hint="What it is for: you find it again by its name, such as “laptop” or “ci”."
      />
      <KeyChoices draft={draft} held={held} names={names} />
      <Field
        label="Works until the end of this day"
        name="expires"
        type="date"
        value={draft.expires}
        hint="Without a date it never expires. A key that is made with another ends with it."
      />
      <div class="buttons">
        <button type="submit">Make the key</button>
        <a href={pathOfKeys(c)}>Cancel</a>
      </div>
    </form>
  );
  const title = owner.kind === "user" ? "Make a key" : `Make a key of ${owner.name}`;
  return renderPage(c, mistake?.status ?? 200, title, page, { narrow: true });
}

/** An organization's key is for its own repository only. */
async function repositoriesFor(c: Context<App>, owner: Owner) {
  const repositories = await readableRepositories(c);
  return repositories.filter(({ name }) => owner.kind === "user" || name === owner.name);
}
