/**
 * Audit logs. What is done to packages stands in their repository's ledger, what is done to accounts in the
 * Accounts object, each written in the same step as what it tells of; reading brings them together.
 */
import type { Context } from "hono";
import { may } from "../../accounts/may.ts";
import type { AuditRecord } from "../../repository/types.ts";
import { type AuditView, accountAuditView, auditView } from "../account-views.ts";
import type { App } from "../app-type.ts";
import { accountsOf, repositoryOf } from "../context.ts";
import { render } from "../format.ts";
import { pageMax, pageOf } from "../parameters.ts";
import { permit, roleOf } from "../permit.ts";
import { refuse } from "../refusals.ts";
import { organizationOf } from "./organizations.ts";

const perPage = 100;

/** `GET …/packages/NAME/audit-logs`: for whoever may see the package and is somebody. */
export async function packageAuditLog(c: Context<App>): Promise<Response> {
  if (c.get("identity").actor.kind === "anonymous") return refuse(c, { reason: "unauthenticated" });
  const name = c.req.param("name") ?? "";
  const repository = c.get("repository").name;
  return show(c, repository, async (range) => [
    (await repositoryOf(c).auditLog({ package: name, ...range })).map(viewIn(repository)),
  ]);
}

/** `GET …/orgs/NAME/audit-logs`: its members, its keys, and everything in its repository. */
export async function organizationAuditLog(c: Context<App>): Promise<Response> {
  const found = await organizationOf(c, "read");
  if ("refused" in found) return refuse(c, found.refused);
  const { name } = found;
  return show(c, name, async (range) => [
    (await accountsOf(c).auditLog({ organization: name, ...range })).map(accountAuditView),
    (await c.env.REPOSITORY.getByName(name).auditLog(range)).map(viewIn(name)),
  ]);
}

/** `GET …/users/me/audit-logs`: what one did, and what was done to one's account. */
export async function ownAuditLog(c: Context<App>): Promise<Response> {
  const refused = await permit(c, "read", { kind: "account" });
  if (refused) return refuse(c, refused);
  const { actor } = c.get("identity");
  const user = actor.kind === "holder" ? actor.owner.name : actor.kind;
  return show(c, null, async (range) => {
    const own = accountsOf(c).auditLog({ user, ...range });
    // Where they are nobody they did nothing, or have no business any more.
    const names = hostedNames(c).filter((name) => roleOf(actor, name) !== undefined);
    const elsewhere = everywhere(c, names, { author: user, ...range });
    return [(await own).map(accountAuditView), ...(await elsewhere)];
  });
}

/** `GET …/audit-logs`: everything; for the admin. */
export async function wholeAuditLog(c: Context<App>): Promise<Response> {
  const refused = await permit(c, "administer", { kind: "registry" });
  if (refused) return refuse(c, refused);
  return show(c, null, async (range) => {
    const accounts = accountsOf(c).auditLog(range);
    return [
      (await accounts).map(accountAuditView),
      ...(await everywhere(c, hostedNames(c), range)),
    ];
  });
}

type Range = { before?: number; limit: number };

/** `page`, and `before` a time: newest first, a hundred a page. */
async function show(
  c: Context<App>,
  organization: string | null,
  read: (range: Range) => Promise<AuditView[][]>,
): Promise<Response> {
  const page = pageOf(c);
  // Each source could have all of the pages up to this one.
  if (page > pageMax) return refuse(c, { reason: "page_too_far", pageMax });
  const asked = c.req.query("before");
  const before = Date.parse(asked ?? "");
  if (asked && Number.isNaN(before)) {
    const errors = { before: "must be a time such as 2030-01-31T00:00:00Z" };
    return refuse(c, { reason: "parameter_invalid", errors });
  }
  const limit = page * perPage;
  const lists = await read(Number.isNaN(before) ? { limit } : { before, limit });
  const newestFirst = lists.flat().sort(byTime);
  const { actor } = c.get("identity");
  const mayAll =
    actor.kind === "admin" ||
    (organization !== null &&
      roleOf(actor, organization) === "admin" &&
      may(actor, "administer", { kind: "organization", name: organization }) === "yes");
  const own = actor.kind === "holder" ? actor.owner.name : undefined;
  return render(
    c,
    200,
    newestFirst
      .slice(limit - perPage, limit)
      .map((entry) => auditView(entry, (author) => mayAll || author === own)),
  );
}

/** Of one moment, as their source has them: the newest first. */
function byTime(one: AuditView, other: AuditView): number {
  if (one.at === other.at) return 0;
  return one.at < other.at ? 1 : -1;
}

function hostedNames(c: Context<App>): string[] {
  return [...c.get("config").hosted.keys()];
}

function everywhere(
  c: Context<App>,
  names: readonly string[],
  query: Range & { author?: string },
): Promise<AuditView[][]> {
  return Promise.all(
    names.map(async (name) =>
      (await c.env.REPOSITORY.getByName(name).auditLog(query)).map(viewIn(name)),
    ),
  );
}

function viewIn(repository: string) {
  return ({ at, action, author, params, package: name, version }: AuditRecord): AuditView => ({
    ...{ at, action, author },
    params: { repository, package: name, ...(version === null ? {} : { version }), ...params },
  });
}
