/** Audit logs as people read them: one's own, an organization's, and for the admin all. */
import type { Context } from "hono";
import type { AuditView } from "../../http/account-views.ts";
import {
  beforeOf,
  type Log,
  newestOf,
  organizationLog,
  originRule,
  ownLog,
  wholeLog,
} from "../../http/api/audit.ts";
import type { App } from "../../http/app-type.ts";
import type { Refusal } from "../../http/refusals.ts";
import { refusePage, renderPage } from "../page.tsx";
import { Moment, withQuery } from "../parts.tsx";
import { OrganizationTabs } from "./organization-tabs.tsx";

const perPage = 50;

/** `GET /account/audit-log` */
export async function showOwnLog(c: Context<App>): Promise<Response> {
  return show(c, await ownLog(c), "What you did, and what was done to your account");
}

/** `GET /organizations/NAME/audit-log` */
export async function showOrganizationLog(c: Context<App>): Promise<Response> {
  return show(c, await organizationLog(c), "Members, keys, and everything in the repository");
}

/** `GET /audit-log` */
export async function showWholeLog(c: Context<App>): Promise<Response> {
  return show(c, await wholeLog(c), "Everything that was done in this registry");
}

async function show(
  c: Context<App>,
  log: Log | { refused: Refusal },
  about: string,
): Promise<Response> {
  if ("refused" in log) return refusePage(c, log.refused);
  const before = beforeOf(c);
  if (!before) {
    const errors = { before: "must be a time such as 2030-01-31T00:00:00Z" };
    return refusePage(c, { reason: "parameter_invalid", errors });
  }
  const found = await newestOf(log, { ...before, limit: perPage + 1 });
  const entries = wholeMoments(found);
  const oldest = entries.length < found.length ? entries.at(-1)?.at : undefined;
  const { organization } = log;
  return renderPage(
    c,
    200,
    "Audit log",
    <>
      <h1>{organization ?? "Audit log"}</h1>
      {organization === null ? null : <OrganizationTabs name={organization} current="Audit log" />}
      <p class="quiet">{about}, the newest first.</p>
      {entries.length === 0 ? <p>Nothing{"before" in before ? " before this" : " yet"}.</p> : null}
      <ol class="rows log">
        {entries.map((entry) => (
          <Entry entry={entry} showsOrigin={originRule(c, log)(entry.author.name)} />
        ))}
      </ol>
      <Pages path={c.req.path} isFirst={!("before" in before)} oldest={oldest} />
    </>,
  );
}

function Pages(props: { path: string; isFirst: boolean; oldest: string | undefined }) {
  const { path, isFirst, oldest } = props;
  if (isFirst && oldest === undefined) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {isFirst ? null : <a href={path}>Newest</a>}
      {oldest === undefined ? null : (
        <a rel="next" href={withQuery(path, { before: oldest })}>
          Earlier
        </a>
      )}
    </nav>
  );
}

/** What happened in one moment stays together, so that the next page can begin before it. */
function wholeMoments(found: readonly AuditView[]): readonly AuditView[] {
  if (found.length <= perPage) return found;
  const whole = found.filter(({ at }) => at !== found.at(-1)?.at);
  return whole.length > 0 ? whole : found.slice(0, perPage);
}

function Entry({ entry, showsOrigin }: { entry: AuditView; showsOrigin: boolean }) {
  const { at, action, author, params } = entry;
  const details = Object.entries(params).filter(([, value]) => value !== null && value !== "");
  const { credential, ip, userAgent } = author;
  const origin = showsOrigin ? [ip && `from ${ip}`, userAgent && `with ${userAgent}`] : [];
  return (
    <li>
      <div>
        <strong>{author.name}</strong> {words[action] ?? action}
        <p class="details">
          {details.map(([name, value]) => (
            <span>
              {name.replaceAll("_", " ")}: <b>{Array.isArray(value) ? value.join(", ") : value}</b>
            </span>
          ))}
        </p>
        <p class="quiet">
          <Moment at={at} />, {[credential, ...origin].filter(Boolean).join(", ")}
        </p>
      </div>
    </li>
  );
}

const words: Record<string, string> = {
  "docs.publish": "published documentation",
  "docs.revert": "took documentation back",
  "git.update": "updated a mirror of git",
  "key.generate": "made a key",
  "key.remove": "revoked a key",
  "name.conflict": "noticed a name of ours upstream",
  "organization.member.add": "added a member",
  "organization.member.remove": "removed a member",
  "organization.member.role": "set a member’s role",
  "owner.add": "added an owner",
  "owner.remove": "removed an owner",
  "owner.transfer": "handed a package over",
  "owner.update": "changed an owner",
  "password.update": "set a password",
  "release.publish": "published a release",
  "release.retire": "retired a release",
  "release.revert": "took a release back",
  "release.unretire": "took a retirement back",
  "session.create": "signed in",
  "session.deny": "denied a login",
  "session.revoke": "ended a login",
  "repository.check": "checked all files",
  "repository.repair": "repaired files",
  "repository.restore": "restored the ledger",
  "user.create": "made a user",
  "user.deactivate": "deactivated a user",
};
