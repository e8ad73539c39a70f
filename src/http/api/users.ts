import type { Context } from "hono";
import * as v from "valibot";
import type { Actor } from "../../accounts/may.ts";
import { hashPassword } from "../../accounts/password.ts";
import type { UserRecord } from "../../accounts/types.ts";
import type { NewUser } from "../../accounts/users.ts";
import { organizationsOf, userDetails, userView } from "../account-views.ts";
import type { App } from "../app-type.ts";
import { accountsOf, addressOf, authorOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { parameters, text } from "../parameters.ts";
import { permit, roleOf } from "../permit.ts";
import { type Refusal, refuse } from "../refusals.ts";
import { packagePageUrl, packageUrl } from "../views.ts";

/** As it is: a blank at its end is part of it. */
export const password = v.pipe(
  v.string("can't be blank"),
  v.check((it) => it.isWellFormed(), "has invalid format"),
  v.minLength(8, "should be at least 8 character(s)"),
  v.maxLength(256, "should be at most 256 character(s)"),
);

export const newUser = v.object({
  username: v.pipe(
    text(3, 64),
    v.toLowerCase(),
    v.regex(/^[a-z0-9_\-.]+$/, "has invalid format"),
    v.notValues(
      ["me", "hex", "hexpm", "elixir", "erlang", "otp", "admin", "anonymous"],
      "is reserved",
    ),
  ),
  password: v.nullish(password),
  email: v.nullish(email()),
  /** As old clients send it. */
  emails: v.nullish(v.array(v.object({ email: email() }))),
  full_name: v.nullish(text(1, 128)),
});

/** `POST …/users`: by the admin, or by anyone who signs up where that is open. */
export async function createUser(c: Context<App>): Promise<Response> {
  const isAdmin = c.get("identity").actor.kind === "admin";
  if (!isAdmin && !c.get("config").isSignupOpen) return refuse(c, { reason: "signup_closed" });
  const read = await parameters(c, newUser);
  if ("refused" in read) return refuse(c, read.refused);
  const { username: name, password: given, emails, full_name: fullName = null } = read.output;
  const address = read.output.email ?? emails?.[0]?.email ?? null;
  const missing = [...(given ? [] : ["password"]), ...(address ? [] : ["email"])];
  if (!isAdmin && missing[0]) {
    return refuse(c, { reason: "parameter_invalid", errors: { [missing[0]]: "can't be blank" } });
  }
  const refused = isAdmin ? null : await accountsOf(c).admitSignup(addressOf(c));
  if (refused) return refuse(c, refused.refused);
  const author = isAdmin ? authorOf(c) : { ...authorOf(c), name, credential: "sign-up" };
  const asked = { name, email: address, fullName, password: given ?? null };
  const user = await makeUser(c, asked, author);
  if ("refused" in user) return refuse(c, user.refused);
  const location = `${urlsOf(c).origin}/api/users/${user.name}`;
  return render(c, 201, userView(urlsOf(c), user, true), { location });
}

/** @param user their password as it is typed; null for somebody who only has keys. */
export async function makeUser(
  c: Context<App>,
  user: NewUser,
  author = authorOf(c),
): Promise<UserRecord | { refused: Refusal }> {
  const { password: typed } = user;
  const hash = typed === null ? null : await hashPassword(typed);
  return accountsOf(c).createUser({ ...user, password: hash }, author);
}

/** `GET …/users/me`: mix asks it before every publish, and maps over `organizations`. */
export async function showMe(c: Context<App>): Promise<Response> {
  const refused = await permit(c, "read", { kind: "self" });
  if (refused) return refuse(c, refused);
  const { actor } = c.get("identity");
  if (actor.kind !== "holder") return render(c, 200, adminView(urlsOf(c).origin));
  const user = await accountsOf(c).user(actor.owner.name);
  if (!user) return refuse(c, { reason: "hidden", repository: null });
  return render(c, 200, {
    ...userView(urlsOf(c), user, true),
    ...(await packagesOf(c, user)),
    organizations: organizationsOf(user),
  });
}

/** `GET …/users/NAME`, also by e-mail. */
export async function showUser(c: Context<App>): Promise<Response> {
  const refused = await permit(c, "read", { kind: "account" });
  if (refused) return refuse(c, refused);
  const name = c.req.param("user") ?? "";
  const user = await accountsOf(c).user(name);
  const { actor } = c.get("identity");
  if (!user || (name.includes("@") && !mayKnow(actor, user))) {
    return refuse(c, { reason: "user_not_found", user: name });
  }
  const view =
    actor.kind === "admin"
      ? userDetails(urlsOf(c), user)
      : userView(urlsOf(c), user, mayKnow(actor, user));
  return render(c, 200, { ...view, ...(await packagesOf(c, user)) });
}

/** `GET …/users`: for the admin. */
export async function listUsers(c: Context<App>): Promise<Response> {
  const users = await accountsOf(c).users();
  return render(
    c,
    200,
    users.map((user) => userDetails(urlsOf(c), user)),
  );
}

/** `DELETE …/users/NAME`: the user leaves; for the admin. */
export async function deactivateUser(c: Context<App>): Promise<Response> {
  const refused = await accountsOf(c).deactivateUser(c.req.param("user") ?? "", authorOf(c));
  return refused ? refuse(c, refused.refused) : c.body(null, 204);
}

/** `POST …/users/NAME/password` with `password`; for the admin, and for oneself. */
export async function setPassword(c: Context<App>): Promise<Response> {
  const { actor, credential } = c.get("identity");
  const named = c.req.param("user");
  const isOwn = actor.kind === "holder" && actor.owner.name === named;
  const subject = isOwn ? ({ kind: "account" } as const) : ({ kind: "registry" } as const);
  const refused = await permit(c, "administer", subject);
  if (refused) return refuse(c, refused);
  // A key or token that leaks must not become the password.
  if (isOwn && credential?.kind !== "password") return refuse(c, { reason: "forbidden" });
  const read = await parameters(c, v.object({ password }));
  if ("refused" in read) return refuse(c, read.refused);
  const hash = await hashPassword(read.output.password);
  const outcome = await accountsOf(c).setPassword(named ?? "", hash, authorOf(c));
  return outcome ? refuse(c, outcome.refused) : c.body(null, 204);
}

/** May they see the e-mail? */
export function mayKnow(actor: Actor, user: Pick<UserRecord, "name" | "roles">): boolean {
  if (actor.kind !== "holder") return actor.kind === "admin";
  if (actor.owner.kind === "user" && actor.owner.name === user.name) return true;
  return Object.keys(user.roles).some((organization) => Object.hasOwn(actor.roles, organization));
}

/** What they own, where whoever asks may see it. */
async function packagesOf(c: Context<App>, user: UserRecord) {
  const { actor } = c.get("identity");
  const urls = urlsOf(c);
  const repositories = [...c.get("config").hosted.values()].filter(
    ({ name, public: isPublic }) =>
      isPublic || (Object.hasOwn(user.roles, name) && roleOf(actor, name) !== undefined),
  );
  const owned = await Promise.all(
    repositories.map(async ({ name: repository }) => {
      const names = await c.env.REPOSITORY.getByName(repository).ownedBy(user.id);
      return names.map((name) => ({
        ...{ name, repository },
        url: packageUrl(urls, repository, name),
        html_url: packagePageUrl(urls, repository, name),
      }));
    }),
  );
  const packages = owned.flat();
  const ownedPackages = Object.fromEntries(packages.map(({ name, url }) => [name, url]));
  return { packages, owned_packages: ownedPackages };
}

function adminView(origin: string) {
  return {
    ...{ username: "admin", full_name: "Administrator", handles: {} },
    url: `${origin}/api/users/me`,
    ...{ packages: [], owned_packages: {}, organizations: [] },
  };
}

function email() {
  return v.pipe(
    text(3, 254),
    v.toLowerCase(),
    v.regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "has invalid format"),
  );
}
