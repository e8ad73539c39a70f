import type { Context } from "hono";
import { may, type Subject, type Verb } from "../../accounts/may.ts";
import { includes, type Permission, parsePermission } from "../../accounts/permission.ts";
import type { App } from "../app-type.ts";
import { renewIdentity } from "../authenticate.ts";
import { render } from "../format.ts";
import { type HttpRefusal, refuse } from "../refusals.ts";

/**
 * `GET …/auth?domain=DOMAIN&resource=RESOURCE`: is the credential good for this, and may its owner do it?
 * `mix hex.organization auth` asks (server.md 4.5).
 */
export async function showAuth(c: Context<App>): Promise<Response> {
  const domain = c.req.query("domain");
  if (!domain) return refuse(c, { reason: "parameter_missing", parameter: "domain" });
  // Whoever asks for it wants to know it now.
  const renewed = await renewIdentity(c);
  if (typeof renewed === "object") return refuse(c, renewed.refused);
  const { actor, credential } = c.get("identity");
  if (actor.kind === "admin") {
    return render(c, 200, { key: { name: "admin", owner: { type: "user", name: "admin" } } });
  }
  if (actor.kind === "anonymous") return refuse(c, { reason: "unauthenticated" });
  const permission = parsePermission(domain, c.req.query("resource"));
  const { permissions, owner } = actor;
  if (!permission || permissions === "everything") return refuse(c, { reason: "unauthorized" });
  // A token names the repositories that `repositories` means.
  const isAll = credential?.kind === "token" && permission.domain === "repositories";
  if (!includes(permissions, permission) && !(isAll && permissions.some(isOfRepository))) {
    return refuse(c, { reason: "unauthorized" });
  }
  const refused = accessOf(c, permission);
  if (refused) return refuse(c, refused);
  if (credential?.kind !== "key") return c.body(null, 204);
  const name = credential.label.replace(/^key /, "");
  return render(c, 200, { key: { name, owner: { type: owner.kind, name: owner.name } } });
}

const isOfRepository = ({ domain }: Permission) => domain === "repository";

/** Not 404 for what is hidden: whoever asks names it themselves, and what is not there is answered alike. */
function accessOf(c: Context<App>, permission: Permission): HttpRefusal | undefined {
  const asked = questionOf(c, permission);
  if (!asked) return undefined;
  const isYes = may(c.get("identity").actor, ...asked) === "yes";
  return isYes ? undefined : { reason: "forbidden" };
}

function questionOf(
  c: Context<App>,
  { domain, resource }: Permission,
): [Verb, Subject] | undefined {
  if (domain === "api" || domain === "repositories") return undefined;
  const [name = "", pkg] = resource.split("/");
  const declared = c.get("config").repositories.get(name);
  const repository = { name, public: declared?.public ?? false, publish: "members" as const };
  if (pkg === undefined) {
    const subject = { kind: "repository", name, public: repository.public } as const;
    return [domain === "docs" ? "fetch_docs" : "fetch", subject];
  }
  return ["write", { kind: "package", repository, name: pkg, exists: true, level: null }];
}
