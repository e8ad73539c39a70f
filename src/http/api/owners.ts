/** Who owns a package: server.md 1.8. */
import type { Context } from "hono";
import * as v from "valibot";
import { isPackageName } from "../../hex/name.ts";
import type { OwnerRecord } from "../../repository/types.ts";
import { userView } from "../account-views.ts";
import type { App } from "../app-type.ts";
import { accountsOf, authorOf, repositoryOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { parameters } from "../parameters.ts";
import { type Refusal, refuse } from "../refusals.ts";
import { mayKnow } from "./users.ts";

/** `GET …/packages/NAME/owners` */
export async function listOwners(c: Context<App>): Promise<Response> {
  const owners = await ownersOf(c);
  if ("refused" in owners) return refuse(c, owners.refused);
  return render(c, 200, await Promise.all(owners.map((owner) => ownerView(c, owner))));
}

/** `GET …/packages/NAME/owners/USER`, also by e-mail */
export async function showOwner(c: Context<App>): Promise<Response> {
  const owners = await ownersOf(c);
  if ("refused" in owners) return refuse(c, owners.refused);
  const named = c.req.param("user") ?? "";
  const user = await accountsOf(c).user(named);
  const owner = owners.find(({ userId }) => userId === user?.id);
  const isGuessed = user && named.includes("@") && !mayKnow(c.get("identity").actor, user);
  if (!owner || isGuessed) return refuse(c, { reason: "user_not_found", user: named });
  return render(c, 200, await ownerView(c, owner));
}

const change = v.object({
  level: v.optional(v.picklist(["full", "maintainer"], "is invalid"), "full"),
  transfer: v.optional(
    v.union(
      [
        v.boolean(),
        v.pipe(
          v.string(),
          v.transform((it) => it === "true"),
        ),
      ],
      "is invalid",
    ),
    false,
  ),
});

/** `PUT …/packages/NAME/owners/USER` with `level` and `transfer`, which makes it the only owner. */
export async function setOwner(c: Context<App>): Promise<Response> {
  const read = await parameters(c, change);
  if ("refused" in read) return refuse(c, read.refused);
  const { level, transfer } = read.output;
  const name = c.req.param("name") ?? "";
  const named = c.req.param("user") ?? "";
  const { name: repository, public: isPublic } = c.get("repository");
  if (c.get("config").repositories.has(named)) return giveToOrganization(c, name, named, transfer);
  const user = await accountsOf(c).user(named);
  if (!user || user.deactivatedAt !== null)
    return refuse(c, { reason: "user_not_found", user: named });
  if (!isPublic && !Object.hasOwn(user.roles, repository)) {
    return refuse(
      c,
      wrongUser(`is no member of ${repository}: they could not even see the package`),
    );
  }
  const refused = await repositoryOf(c).setOwner(
    ...([name, { id: user.id, name: user.name }, level, { transfer }, authorOf(c)] as const),
  );
  return refused ? refuse(c, refused.refused) : c.body(null, 204);
}

/** `DELETE …/packages/NAME/owners/USER` */
export async function removeOwner(c: Context<App>): Promise<Response> {
  const named = c.req.param("user") ?? "";
  const user = await accountsOf(c).user(named);
  if (!user) return refuse(c, { reason: "user_not_found", user: named });
  const { public: isPublic } = c.get("repository");
  const name = c.req.param("name") ?? "";
  const refused = await repositoryOf(c).removeOwner(name, user.id, isPublic, authorOf(c));
  return refused ? refuse(c, refused.refused) : c.body(null, 204);
}

/** To the organization of the repository a package belongs when nobody else owns it; to others never. */
async function giveToOrganization(
  c: Context<App>,
  name: string,
  organization: string,
  transfer: boolean,
): Promise<Response> {
  if (organization !== c.get("repository").name) {
    const advice = `publish it to the repository ${organization} instead`;
    return refuse(
      c,
      wrongUser(`is an organization, which owns what is in its own repository: ${advice}`),
    );
  }
  if (!transfer) {
    return refuse(c, wrongUser("can only be transferred, removing all existing owners"));
  }
  const refused = await repositoryOf(c).disown(name, authorOf(c));
  return refused ? refuse(c, refused.refused) : c.body(null, 204);
}

async function ownersOf(c: Context<App>): Promise<OwnerRecord[] | { refused: Refusal }> {
  const name = c.req.param("name") ?? "";
  const owners = isPackageName(name) ? await repositoryOf(c).owners(name) : null;
  return owners ?? { refused: { reason: "package_not_found", package: name } };
}

async function ownerView(c: Context<App>, { username, level }: OwnerRecord) {
  const user = await accountsOf(c).user(username);
  const { actor } = c.get("identity");
  if (!user) return { username, email: null, level };
  const isKnown = mayKnow(actor, user);
  // mix prints the e-mail of each, so it is there, if only as nothing.
  return { email: null, ...userView(urlsOf(c), user, isKnown), level };
}

function wrongUser(username: string): Refusal {
  return { reason: "parameter_invalid", errors: { username } };
}
