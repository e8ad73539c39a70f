/** `user …`: who there is. */
import type { Command } from "commander";
import * as v from "valibot";
import { type User, user } from "../answers.ts";
import { path } from "../client.ts";
import { examples } from "../examples.ts";
import { Mistake } from "../mistake.ts";
import { readPassword } from "../password.ts";
import { openSession } from "../session.ts";
import { date, details, minute, table } from "../table.ts";

export function userCommands(program: Command): void {
  const users = program.command("user").description("users of the registry");

  const add = users
    .command("add <name>")
    .description("make a user; without a password they can only use keys")
    .option("--email <email>", "where they can be reached")
    .option("--full-name <name>", "how people call them")
    .option("--password-stdin", "read a password from standard input")
    .action(addUser);
  examples(add, [
    "user add ann --email ann@example.com --full-name 'Ann Lee'",
    "user add ann --password-stdin < password.txt",
  ]);

  const list = users.command("list").description("all users").action(listUsers);
  examples(list, ["user list", "user list --json | jq -r '.[].username'"]);

  const show = users.command("show <name>").description("one user").action(showUser);
  examples(show, ["user show ann", "user show ann@example.com"]);

  const remove = users
    .command("remove <name>")
    .description("deactivate a user: their keys and memberships end, their name stays taken")
    .option("--yes", "really")
    .action(removeUser);
  examples(remove, ["user remove ann --yes"]);

  const password = users
    .command("password <name>")
    .description("give a user another password, and end their sessions")
    .option("--password-stdin", "read it from standard input; on a terminal it is asked for")
    .action(setPassword);
  examples(password, ["user password ann", "user password ann --password-stdin < password.txt"]);
}

type NewUser = { email?: string; fullName?: string; passwordStdin?: true };

async function addUser(name: string, options: NewUser, command: Command): Promise<void> {
  const session = await openSession(command);
  const { email, fullName, passwordStdin } = options;
  const password = passwordStdin ? await readPassword() : undefined;
  const body = { username: name, email, full_name: fullName, password };
  const answer = await session.ask("/users", { method: "POST", body });
  session.show(answer, user, ({ username }) => `Added the user ${username}.`);
}

async function listUsers(_options: unknown, command: Command): Promise<void> {
  const session = await openSession(command);
  session.show(await session.ask("/users"), v.array(user), (users) =>
    table(
      ["NAME", "FULL NAME", "EMAIL", "ORGANIZATIONS", "PASSWORD", "SINCE (UTC)", "DEACTIVATED"],
      users.map((it) => [
        ...[it.username, it.full_name, it.email, organizationsOf(it)],
        ...[yesOrNo(it.has_password), minute(it.inserted_at), minute(it.deactivated_at)],
      ]),
    ),
  );
}

async function showUser(name: string, _options: unknown, command: Command): Promise<void> {
  const session = await openSession(command);
  session.show(await session.ask(path`/users/${name}`), user, userDetails);
}

async function removeUser(name: string, options: { yes?: true }, command: Command): Promise<void> {
  if (!options.yes) {
    throw new Mistake(`removing ${name} ends their keys and memberships: say so with --yes`);
  }
  const session = await openSession(command);
  const answer = await session.ask(path`/users/${name}`, { method: "DELETE" });
  session.done(answer, `Deactivated the user ${name}.`);
}

async function setPassword(
  name: string,
  options: { passwordStdin?: true },
  command: Command,
): Promise<void> {
  if (!options.passwordStdin && !process.stdin.isTTY) {
    command.error("error: without a terminal the password comes with --password-stdin");
  }
  const session = await openSession(command);
  const body = { password: await readPassword() };
  const answer = await session.ask(path`/users/${name}/password`, { method: "POST", body });
  session.done(answer, `${name} has a new password.`);
}

/** What there is about a user; who may not see all of it is shown less. */
export function userDetails(it: User): string {
  const since = it.inserted_at;
  return details([
    ["name", it.username],
    ["full name", it.full_name],
    ["email", it.email],
    ...(it.organizations ? [["organizations", organizationsOf(it)] as const] : []),
    ...(it.has_password === undefined ? [] : [["password", yesOrNo(it.has_password)] as const]),
    ...(since ? [["since", date(since)] as const] : []),
    ...(it.deactivated_at ? [["deactivated", date(it.deactivated_at)] as const] : []),
  ]);
}

function organizationsOf({ organizations = [] }: User): string {
  return organizations.map(({ name, role }) => `${name}:${role}`).join(", ");
}

function yesOrNo(it: boolean | undefined): string | undefined {
  return it === undefined ? undefined : it ? "yes" : "no";
}
