/** `key …`: keys of users and of organizations. */
import { type Command, Option } from "commander";
import * as v from "valibot";
import type { Permission } from "../../accounts/permission.ts";
import { type Key, key } from "../answers.ts";
import { path, Refused } from "../client.ts";
import { examples } from "../examples.ts";
import { readExpiry, readPermissions } from "../key-options.ts";
import { checked, openSession, type Session } from "../session.ts";
import { date, minute, table } from "../table.ts";

export function keyCommands(program: Command): void {
  const keys = program.command("key").description("keys, which are shown instead of passwords");

  const create = ofOwner(keys.command("create <name>"))
    .description("make a key, and print its secret, which is shown nowhere again")
    .requiredOption(
      "--permission <permission>",
      "what it is good for: api, api:read, api:write, repositories, repository:acme, " +
        "package:acme/foo or docs:acme; may be given several times",
      readPermissions,
    )
    .option("--expires <when>", "30d for days from now, or a date such as 2030-01-31", readExpiry)
    .action(createKey);
  examples(create, [
    "key create ci --org acme --permission package:acme/foo --expires 90d",
    "key create laptop --user ann --permission api --permission repositories",
  ]).addHelpText(
    "after",
    "\nThe secret alone is on standard output:\n" +
      "  KEY=$(npm run --silent hexedge -- key create ci --org acme --permission api:write)",
  );

  const list = ofOwner(keys.command("list")).description("keys that are good").action(listKeys);
  examples(list, ["key list", "key list --user ann", "key list --org acme"]);

  const revoke = ofOwner(keys.command("revoke [name]"))
    .description("end a key, or all of them, at once")
    .option("--all", "every key there is of this owner, also the one that asks")
    .action(revokeKeys);
  examples(revoke, ["key revoke ci --org acme", "key revoke --all --user ann"]);
}

interface OwnerOptions {
  user?: string;
  org?: string;
}

function ofOwner(command: Command): Command {
  return command
    .addOption(new Option("--user <user>", "a user's, not one's own").conflicts("org"))
    .option("--org <org>", "an organization's");
}

type NewKey = OwnerOptions & { permission: Permission[]; expires?: string };

async function createKey(name: string, options: NewKey, command: Command): Promise<void> {
  const session = await openSession(command);
  const body = { name, permissions: options.permission, revoke_at: options.expires };
  const answer = await askKeys(session, options, "", { method: "POST", body });
  session.show(answer, v.object({ ...key.entries, secret: v.string() }), (made) => {
    const { revoke_at: end } = made;
    const until = end ? `until ${date(end)}` : "until it is revoked";
    console.error(`Made the key ${made.name}: ${scopesOf(made)}, ${until}.`);
    console.error("This is its secret, shown only now:");
    return made.secret;
  });
}

async function listKeys(options: OwnerOptions, command: Command): Promise<void> {
  const session = await openSession(command);
  session.show(await askKeys(session, options), v.array(key), (keys) =>
    table(
      ["NAME", "PERMISSIONS", "EXPIRES (UTC)", "MADE (UTC)", "LAST USE (UTC)"],
      keys.map((it) => [
        ...[it.authing_key ? `${it.name} (this one)` : it.name, scopesOf(it)],
        ...[minute(it.revoke_at), minute(it.inserted_at), minute(it.last_use?.used_at)],
      ]),
    ),
  );
}

async function revokeKeys(
  name: string | undefined,
  options: OwnerOptions & { all?: true },
  command: Command,
): Promise<void> {
  if ((name === undefined) !== (options.all === true)) {
    command.error("error: name one key, or all of them with --all");
  }
  const session = await openSession(command);
  const which = name === undefined ? "" : path`/${name}`;
  const answer = await askKeys(session, options, which, { method: "DELETE" });
  if (name === undefined) session.done(answer, "Revoked all keys.");
  else session.done(answer, `Revoked the key ${checked(key, answer).name}.`);
}

/** @param which `/NAME`, or all of them. */
async function askKeys(
  session: Session,
  { user, org }: OwnerOptions,
  which = "",
  request?: Parameters<Session["ask"]>[1],
): Promise<unknown> {
  const owner = user !== undefined ? path`/users/${user}` : org !== undefined && path`/orgs/${org}`;
  try {
    return await session.ask(`${owner || ""}/keys${which}`, request);
  } catch (error) {
    // The admin key and an organization's have no keys of their own.
    if (owner || !(error instanceof Refused) || error.status !== 404) throw error;
    throw new Refused(404, `${error.message}: say whose key it is with --user or --org`);
  }
}

function scopesOf({ permissions }: Key): string {
  return permissions
    .map(({ domain, resource }) => (resource ? `${domain}:${resource}` : domain))
    .join(", ");
}
