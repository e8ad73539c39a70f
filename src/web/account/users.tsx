/** `/users`: all users, for the registry's admin. */
import type { Context } from "hono";
import type { UserRecord } from "../../accounts/types.ts";
import { makeUser, newUser } from "../../http/api/users.ts";
import type { App } from "../../http/app-type.ts";
import { accountsOf } from "../../http/context.ts";
import { checked, pageOf } from "../../http/parameters.ts";
import { permit } from "../../http/permit.ts";
import { refusePage, renderPage, Wrong } from "../page.tsx";
import { Badge, countText, Pager, withQuery } from "../parts.tsx";
import { readForm } from "../sign-in.tsx";
import { Done, Field, goOn, type Mistake, mistake, pageOfList } from "./forms.tsx";

export const administers = (c: Context<App>) => permit(c, "administer", { kind: "registry" });

/** `GET /users?name=PART` */
export async function listUsers(c: Context<App>): Promise<Response> {
  const refused = await administers(c);
  if (refused) return refusePage(c, refused);
  const part = c.req.query("name")?.trim().toLowerCase() ?? "";
  const all = await accountsOf(c).users();
  const found = all.filter(({ name, email }) => name.includes(part) || email?.includes(part));
  const { shown, pager } = pageOfList(found, pageOf(c));
  return renderPage(
    c,
    200,
    "Users",
    <>
      <h1>Users</h1>
      <Done c={c} />
      <form action="/users" class="inline look">
        <label for="name">Name</label>
        <input
          type="search"
          id="name"
          name="name"
          value={part}
          maxlength={254}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
        <button type="submit" class="second">
          Look for it
        </button>
        <a class="button" href="/new-user">
          Make a user
        </a>
      </form>
      <p class="count">{countText(found.length, "user")}</p>
      <ul class="rows">
        {shown.map((user) => (
          <User user={user} />
        ))}
      </ul>
      <Pager {...pager} hrefOf={(page) => withQuery("/users", { name: part, page })} />
    </>,
  );
}

/** `GET /new-user`; below `/users` it could be somebody's name. */
export async function showNewUser(c: Context<App>): Promise<Response> {
  const refused = await administers(c);
  if (refused) return refusePage(c, refused);
  return formPage(c, { username: "", email: "", full_name: "" });
}

/** `POST /new-user` */
export async function makeNewUser(c: Context<App>): Promise<Response> {
  const refused = await administers(c);
  if (refused) return refusePage(c, refused);
  const form = await readForm(c);
  const typed = {
    username: form.get("username") ?? "",
    email: form.get("email") ?? "",
    full_name: form.get("full_name") ?? "",
  };
  const given = [...Object.entries(typed), ["password", form.get("password") ?? ""]];
  // An empty field of a form is one that nobody filled in.
  const filled = Object.fromEntries(given.filter(([, value]) => value !== ""));
  const read = checked(newUser, filled);
  if ("refused" in read) return formPage(c, typed, mistake(read.refused));
  const { username: name, email = null, full_name: fullName = null, password = null } = read.output;
  const made = await makeUser(c, { name, email, fullName, password });
  if ("refused" in made) return formPage(c, typed, mistake(made.refused));
  return goOn(c, `/users/${encodeURIComponent(made.name)}`, "user-made");
}

function User({ user }: { user: UserRecord }) {
  const { name, fullName, email, deactivatedAt, hasPassword } = user;
  return (
    <li>
      <div>
        <a href={`/users/${encodeURIComponent(name)}`}>{name}</a>{" "}
        {deactivatedAt === null ? null : <Badge kind="bad">deactivated</Badge>}
        {deactivatedAt === null && !hasPassword ? <Badge kind="plain">keys only</Badge> : null}
        <p class="quiet">{[fullName, email].filter(Boolean).join(", ")}</p>
      </div>
    </li>
  );
}

function formPage(
  c: Context<App>,
  typed: { username: string; email: string; full_name: string },
  mistake?: Mistake,
): Response | Promise<Response> {
  const page = (
    <form method="post" action="/new-user">
      {mistake ? <Wrong>{mistake.sentence}</Wrong> : null}
      <Field
        label="User name"
        name="username"
        value={typed.username}
        required
        maxlength={64}
        hint="Small letters, digits, “_”, “-” and “.”; it stays theirs for ever."
      />
      <Field
        label="E-mail (if any)"
        name="email"
        type="email"
        value={typed.email}
        maxlength={254}
      />
      <Field label="Full name (if any)" name="full_name" value={typed.full_name} maxlength={128} />
      <Field
        label="Password (if any)"
        name="password"
        type="password"
        autocomplete="new-password"
        hint="At least 8 characters. Without one they have keys only, which you make over the API."
      />
      <div class="buttons">
        <button type="submit">Make the user</button>
        <a href="/users">Cancel</a>
      </div>
    </form>
  );
  return renderPage(c, mistake?.status ?? 200, "Make a user", page, { narrow: true });
}
