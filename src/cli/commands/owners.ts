/** `owner …`: whose package it is. */
import { type Command, Option } from "commander";
import * as v from "valibot";
import { owner } from "../answers.ts";
import { path } from "../client.ts";
import { examples } from "../examples.ts";
import { openSession } from "../session.ts";
import { table } from "../table.ts";

export function ownerCommands(program: Command): void {
  const owners = program.command("owner").description("owners of a package");

  const list = owners.command("list <repo> <package>").description("all owners").action(listOwners);
  examples(list, ["owner list acme foo"]);

  const add = owners
    .command("add <repo> <package> <user>")
    .description("make a user an owner, or change the level of one")
    .addOption(
      new Option("--level <level>", "maintainers publish, full owners also say who owns it")
        .choices(["full", "maintainer"])
        .default("full"),
    )
    .option("--transfer", "make them the only owner; an organization's name gives it back to that")
    .action(addOwner);
  examples(add, ["owner add acme foo ann", "owner add acme foo bob --level maintainer"]);

  const remove = owners
    .command("remove <repo> <package> <user>")
    .description("take a package from one of its owners")
    .action(removeOwner);
  examples(remove, ["owner remove acme foo ann"]);
}

async function listOwners(
  repository: string,
  name: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const answer = await session.ask(path`/repos/${repository}/packages/${name}/owners`);
  session.show(answer, v.array(owner), (owners) =>
    owners.length === 0
      ? `${name} belongs to everybody who may write to ${repository}.`
      : table(
          ["NAME", "LEVEL", "FULL NAME", "EMAIL"],
          owners.map((it) => [it.username, it.level, it.full_name, it.email]),
        ),
  );
}

async function addOwner(
  repository: string,
  name: string,
  user: string,
  { level, transfer = false }: { level: string; transfer?: boolean },
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const answer = await session.ask(path`/repos/${repository}/packages/${name}/owners/${user}`, {
    ...{ method: "PUT", body: { level, transfer } },
  });
  const what = transfer ? "is now the only owner" : `is an owner (${level})`;
  session.done(answer, `${user} ${what} of ${repository}/${name}.`);
}

async function removeOwner(
  repository: string,
  name: string,
  user: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const where = path`/repos/${repository}/packages/${name}/owners/${user}`;
  const answer = await session.ask(where, { method: "DELETE" });
  session.done(answer, `${user} is no owner of ${repository}/${name} any more.`);
}
