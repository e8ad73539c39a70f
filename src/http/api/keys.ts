/** Keys of oneself, of an organization, and for the admin of any user: server.md 1.9. */
import type { Context } from "hono";
import * as v from "valibot";
import type { NewKey } from "../../accounts/keys.ts";
import type { Owner, Subject, Verb } from "../../accounts/may.ts";
import { type Permission, parsePermission } from "../../accounts/permission.ts";
import { hashKeySecret, makeKeySecret } from "../../accounts/secret.ts";
import type { KeyRecord } from "../../accounts/types.ts";
import { keyView } from "../account-views.ts";
import type { App } from "../app-type.ts";
import { accountsOf, authorOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { parameters, text } from "../parameters.ts";
import { permit } from "../permit.ts";
import { type Refusal, refuse } from "../refusals.ts";

const permissionsMax = 100;

// Those would be no part of a path.
export const keyName = v.pipe(text(1, 255), v.notValues([".", ".."], "has invalid format"));

const newKey = v.object({
  name: keyName,
  permissions: v.optional(
    v.pipe(
      v.array(v.object({ domain: v.string("is invalid"), resource: v.nullish(v.string()) })),
      v.minLength(1, "can't be blank"),
      v.maxLength(permissionsMax, `should be at most ${permissionsMax}`),
    ),
    [{ domain: "api" }],
  ),
  revoke_at: v.nullish(
    v.pipe(
      v.string("is invalid"),
      v.transform((it) => Date.parse(it)),
      v.number("is invalid: a time such as 2030-01-31T00:00:00Z"),
    ),
  ),
});

/** `POST …/keys`: the answer is the only place where the secret ever stands. */
export async function createKey(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "make_keys");
  if ("refused" in owner) return refuse(c, owner.refused);
  const read = await parameters(c, newKey);
  if ("refused" in read) return refuse(c, read.refused);
  const permissions = checkPermissions(c, read.output.permissions);
  if ("refused" in permissions) return refuse(c, permissions.refused);
  const { name, revoke_at: revokeAt = null } = read.output;
  const made = await makeKey(c, owner, { name, permissions, revokeAt });
  if ("refused" in made) return refuse(c, made.refused);
  const { key, secret } = made;
  const view = keyView(urlsOf(c), key, { isAsking: false, secret });
  const location = `${urlsOf(c).origin}/api/keys/${encodeURIComponent(key.name)}`;
  return render(c, 201, view, { location });
}

/** `GET …/keys` */
export async function listKeys(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "read");
  if ("refused" in owner) return refuse(c, owner.refused);
  const keys = await accountsOf(c).keys(owner);
  return render(
    c,
    200,
    keys.map((key) => keyView(urlsOf(c), key, { isAsking: isAsking(c, key.id) })),
  );
}

/** `GET …/keys/NAME` */
export async function showKey(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "read");
  if ("refused" in owner) return refuse(c, owner.refused);
  const name = c.req.param("key") ?? "";
  const key = await accountsOf(c).key(owner, name);
  if (!key) return refuse(c, { reason: "key_not_found", key: name });
  return render(c, 200, keyView(urlsOf(c), key, { isAsking: isAsking(c, key.id) }));
}

/** `DELETE …/keys/NAME`: refused from the next request on that asks; reads notice within a minute. */
export async function revokeKey(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "make_keys");
  if ("refused" in owner) return refuse(c, owner.refused);
  const key = await accountsOf(c).revokeKey(owner, c.req.param("key") ?? "", authorOf(c));
  if ("refused" in key) return refuse(c, key.refused);
  return render(c, 200, keyView(urlsOf(c), key, { isAsking: isAsking(c, key.id) }));
}

/** `DELETE …/keys`: all of them, also the one that asks. @returns that one, or nothing else. */
export async function revokeAllKeys(c: Context<App>): Promise<Response> {
  const owner = await keyOwner(c, "make_keys");
  if ("refused" in owner) return refuse(c, owner.refused);
  const keys = await accountsOf(c).keys(owner);
  await accountsOf(c).revokeAllKeys(owner, authorOf(c));
  const asking = keys.find((key) => isAsking(c, key.id));
  if (!asking) return c.body(null, 204);
  return render(c, 200, keyView(urlsOf(c), asking, { isAsking: true }));
}

/** A key that can do no more than the credential that asks for it. @returns its secret, which is nowhere kept. */
export async function makeKey(
  c: Context<App>,
  owner: Owner,
  key: Omit<NewKey, "hash">,
): Promise<{ key: KeyRecord; secret: string } | { refused: Refusal }> {
  const secret = makeKeySecret();
  const hash = await hashKeySecret(c.get("config").accountsSecret, secret);
  const { credential } = c.get("identity");
  const made = await accountsOf(c).createKey(owner, { ...key, hash }, credential, authorOf(c));
  return "refused" in made ? made : { key: made, secret };
}

/** Whose keys the path means, if whoever asks may do this to them. */
export async function keyOwner(c: Context<App>, verb: Verb): Promise<Owner | { refused: Refusal }> {
  const organization = c.req.param("organization");
  const user = c.req.param("user");
  const subject: Subject =
    organization !== undefined
      ? { kind: "organization", name: organization }
      : { kind: user === undefined ? "account" : "registry" };
  const refused = await permit(c, verb, subject);
  if (refused) return { refused };
  const { actor } = c.get("identity");
  if (organization !== undefined) {
    if (!c.get("config").repositories.has(organization)) {
      return { refused: { reason: "repository_not_found", repository: organization } };
    }
    return { kind: "organization", name: organization };
  }
  if (actor.kind === "holder" && user === undefined) return actor.owner;
  const found = user === undefined ? null : await accountsOf(c).user(user);
  if (!found || found.deactivatedAt !== null) {
    // The admin key has no keys of its own.
    return { refused: { reason: "user_not_found", user: user ?? "admin" } };
  }
  return { kind: "user", id: found.id, name: found.name };
}

function isAsking(c: Context<App>, id: number): boolean {
  const { credential } = c.get("identity");
  return credential?.kind === "key" && credential.keyId === id;
}

/** `foo` is a package of the repository that the API's root means. */
function checkPermissions(
  c: Context<App>,
  asked: readonly { domain: string; resource?: string | null | undefined }[],
): Permission[] | { refused: Refusal } {
  const permissions: Permission[] = [];
  for (const { domain, resource } of asked) {
    const isBare = domain === "package" && resource && !resource.includes("/");
    const root = c.get("config").rootRepository;
    const permission = parsePermission(domain, isBare && root ? `${root}/${resource}` : resource);
    if (!permission) {
      const isKnown = ["api", "package", "repository", "repositories", "docs"].includes(domain);
      const errors = isKnown
        ? { resource: "invalid resource for given domain" }
        : { domain: "is invalid" };
      return { refused: { reason: "parameter_invalid", errors: { permissions: errors } } };
    }
    permissions.push(permission);
  }
  return permissions;
}
