/** `audit`: who did what. */
import { type Command, InvalidArgumentError, Option } from "commander";
import * as v from "valibot";
import { auditEntry } from "../answers.ts";
import { path } from "../client.ts";
import { examples } from "../examples.ts";
import { readTime } from "../key-options.ts";
import { openSession } from "../session.ts";
import { table } from "../table.ts";

export function auditCommand(program: Command): void {
  const command = program
    .command("audit")
    .description("who did what, the newest first, a hundred a page; for the admin key all of it")
    .addOption(new Option("--org <org>", "only in one organization").conflicts(["package", "me"]))
    .addOption(
      new Option("--package <repo/name>", "only with one package")
        .argParser(readPackage)
        .conflicts("me"),
    )
    .option("--me", "only one's own doings")
    .option("--page <number>", "1 for the newest, 2 for those before them, …", readPage, 1)
    .option("--before <date>", "only what is older, such as 2030-01-31", readTime)
    .action(showAudit);
  examples(command, [
    "audit",
    "audit --org acme --page 2",
    "audit --package acme/foo",
    "audit --me --before 2030-01-31T12:00:00Z",
  ]);
}

interface AuditOptions {
  org?: string;
  package?: [repository: string, name: string];
  me?: true;
  page: number;
  before?: string;
}

async function showAudit(options: AuditOptions, command: Command): Promise<void> {
  const session = await openSession(command);
  const query = new URLSearchParams({
    page: String(options.page),
    ...(options.before ? { before: options.before } : {}),
  });
  const answer = await session.ask(`${logOf(options)}?${query}`);
  session.show(answer, v.array(auditEntry), (entries) =>
    table(
      ["WHEN (UTC)", "WHO", "WITH", "FROM", "DID", "WHAT"],
      entries.map((it) => [
        ...[it.inserted_at.slice(0, 19).replace("T", " "), it.user, it.credential],
        ...[it.ip, it.action, paramsText(it.params)],
      ]),
    ),
  );
}

function logOf({ org, package: named, me }: AuditOptions): string {
  if (named) return path`/repos/${named[0]}/packages/${named[1]}/audit-logs`;
  if (org !== undefined) return path`/orgs/${org}/audit-logs`;
  return me ? "/users/me/audit-logs" : "/audit-logs";
}

/** `key=ci permissions=api:read,repositories` */
function paramsText(params: { [name: string]: unknown }): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : listText(value)}`)
    .join(" ");
}

function listText(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : JSON.stringify(value);
}

function readPackage(text: string): [string, string] {
  const [repository, name, ...more] = text.split("/");
  if (!repository || !name || more.length > 0) {
    throw new InvalidArgumentError("A package is named REPOSITORY/NAME");
  }
  return [repository, name];
}

function readPage(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("Pages are counted from 1");
  return Number(text);
}
