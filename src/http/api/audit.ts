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
import { type Refusal, refuse } from "../refusals.ts";
import { organizationOf } from "./organizations.ts";

const perPage = 100;

/** `GET …/packages/NAME/audit-logs`: for whoever may see the package and is somebody. */
export async function packageAuditLog(c: Context<App>): Promise<Response> {
  if (c.get("identity").actor.kind === "anonymous") return refuse(c, { reason: "unauthenticated" });
  const name = c.req.param("name") ?? "";
  const repository = c.get("repository").name;
  return show(c, {
    organization: repository,
    read: async (range) => [
      (await repositoryOf(c).auditLog({ package: name, ...range })).map(viewIn(repository)),
    ],
  });
}

/** `GET …/orgs/NAME/audit-logs` */
export async function organizationAuditLog(c: Context<App>): Promise<Response> {
  return show(c, await organizationLog(c));
}

/** `GET …/users/me/audit-logs` */
export async function ownAuditLog(c: Context<App>): Promise<Response> {
  return show(c, await ownLog(c));
}

/** `GET …/audit-logs` */
export async function wholeAuditLog(c: Context<App>): Promise<Response> {
  return show(c, await wholeLog(c));
}

type Range = { before?: number; limit: number };

/** A log that whoever asks may read. */
export interface Log {
  /** The organization whose log it is; null when it goes across. */
  organization: string | null;
  read: (range: Range) => Promise<AuditView[][]>;
}

/** An organization's members, its keys, and everything in its repository. */
export async function organizationLog(c: Context<App>): Promise<Log | { refused: Refusal }> {
  const found = await organizationOf(c, "read");
  if ("refused" in found) return found;
  const { name } = found;
  return {
    organization: name,
    read: async (range) => [
      (await accountsOf(c).auditLog({ organization: name, ...range })).map(accountAuditView),
      (await c.env.REPOSITORY.getByName(name).auditLog(range)).map(viewIn(name)),
    ],
  };
}

/** What one did, and what was done to one's account. */
export async function ownLog(c: Context<App>): Promise<Log | { refused: Refusal }> {
  const refused = await permit(c, "read", { kind: "account" });
  if (refused) return { refused };
  const { actor } = c.get("identity");
  const user = actor.kind === "holder" ? actor.owner.name : actor.kind;
  const read = async (range: Range) => {
    const own = accountsOf(c).auditLog({ user, ...range });
    // Where they are nobody they did nothing, or have no business any more.
    const names = hostedNames(c).filter((name) => roleOf(actor, name) !== undefined);
    const elsewhere = everywhere(c, names, { author: user, ...range });
    return [(await own).map(accountAuditView), ...(await elsewhere)];
  };
  return { organization: null, read };
}

/** Everything; for the admin. */
export async function wholeLog(c: Context<App>): Promise<Log | { refused: Refusal }> {
  const refused = await permit(c, "administer", { kind: "registry" });
  if (refused) return { refused };
  const read = async (range: Range) => {
    const accounts = accountsOf(c).auditLog(range);
    return [
      (await accounts).map(accountAuditView),
      ...(await everywhere(c, hostedNames(c), range)),
    ];
  };
  return { organization: null, read };
}

/** Newest first, of all that the log is made of. */
export async function newestOf({ read }: Log, range: Range): Promise<AuditView[]> {
  return (await read(range)).flat().sort(byTime).slice(0, range.limit);
}

/** Of whose doings may whoever asks know from where, and with which program? */
export function originRule(c: Context<App>, { organization }: Log): (author: string) => boolean {
  const { actor } = c.get("identity");
  const mayAll =
    actor.kind === "admin" ||
    (organization !== null &&
      roleOf(actor, organization) === "admin" &&
      may(actor, "administer", { kind: "organization", name: organization }) === "yes");
  const own = actor.kind === "holder" ? actor.owner.name : undefined;
  return (author) => mayAll || author === own;
}

/** `?before=TIME`: what happened earlier; null when it is no time. */
export function beforeOf(c: Context<App>): { before?: number } | null {
  const asked = c.req.query("before");
  if (!asked) return {};
  const before = Date.parse(asked);
  return Number.isNaN(before) ? null : { before };
}

/** `page`, and `before` a time: newest first, a hundred a page. */
async function show(c: Context<App>, log: Log | { refused: Refusal }): Promise<Response> {
  if ("refused" in log) return refuse(c, log.refused);
  const page = pageOf(c);
  // Each source could have all of the pages up to this one.
  if (page > pageMax) return refuse(c, { reason: "page_too_far", pageMax });
  const before = beforeOf(c);
  if (!before) {
    const errors = { before: "must be a time such as 2030-01-31T00:00:00Z" };
    return refuse(c, { reason: "parameter_invalid", errors });
  }
  const limit = page * perPage;
  const entries = await newestOf(log, { ...before, limit });
  const showsOrigin = originRule(c, log);
  return render(
    c,
    200,
    entries.slice(limit - perPage, limit).map((entry) => auditView(entry, showsOrigin)),
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
