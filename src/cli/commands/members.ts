/** `member …`: who is in an organization, which is a repository of the same name. */
import { Argument, type Command, Option } from "commander";
import * as v from "valibot";
import { type Role, roles } from "../../accounts/may.ts";
import { member } from "../answers.ts";
import { path } from "../client.ts";
import { examples } from "../examples.ts";
import { openSession } from "../session.ts";
import { table } from "../table.ts";

export function memberCommands(program: Command): void {
  const members = program.command("member").description("members of an organization");

  const add = members
    .command("add <org> <user>")
    .description("take a user, by name or e-mail, into an organization")
    .addOption(new Option("--role <role>", "what they may do").choices(roles).makeOptionMandatory())
    .action(addMember);
  examples(add, ["member add acme ann --role write"]);

  const list = members.command("list <org>").description("all members").action(listMembers);
  examples(list, ["member list acme"]);

  const role = members
    .command("role <org> <user>")
    .description("change what a member may do")
    .addArgument(new Argument("<role>", "what they may do").choices(roles))
    .action(setRole);
  examples(role, ["member role acme ann admin"]);

  const remove = members
    .command("remove <org> <user>")
    .description("take a member out of an organization")
    .action(removeMember);
  examples(remove, ["member remove acme ann"]);
}

async function addMember(
  organization: string,
  name: string,
  { role }: { role: Role },
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const body = { name, role };
  const answer = await session.ask(path`/orgs/${organization}/members`, { method: "POST", body });
  session.show(answer, member, (it) => `Added ${it.username} to ${organization}: ${it.role}.`);
}

async function listMembers(
  organization: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const answer = await session.ask(path`/orgs/${organization}/members`);
  session.show(answer, v.array(member), (members) =>
    table(
      ["NAME", "ROLE", "FULL NAME", "EMAIL"],
      members.map((it) => [it.username, it.role, it.full_name, it.email]),
    ),
  );
}

async function setRole(
  organization: string,
  name: string,
  role: Role,
  _options: unknown,
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const answer = await session.ask(path`/orgs/${organization}/members/${name}`, {
    ...{ method: "POST", body: { role } },
  });
  session.show(answer, member, (it) => `${it.username} is in ${organization} as ${it.role}.`);
}

async function removeMember(
  organization: string,
  name: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const where = path`/orgs/${organization}/members/${name}`;
  const answer = await session.ask(where, { method: "DELETE" });
  session.done(answer, `${name} is no member of ${organization} any more.`);
}
