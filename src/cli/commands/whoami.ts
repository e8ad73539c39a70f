/** `whoami`: whose key it is. */
import type { Command } from "commander";
import { user } from "../answers.ts";
import { Refused } from "../client.ts";
import { examples } from "../examples.ts";
import { Mistake } from "../mistake.ts";
import { openSession } from "../session.ts";
import { userDetails } from "./users.ts";

export function whoamiCommand(program: Command): void {
  const command = program
    .command("whoami")
    .description("whose key this is, and which organizations they are in")
    .action(whoami);
  examples(command, ["whoami", "whoami --url https://hex.example.com"]);
}

async function whoami(_options: unknown, command: Command): Promise<void> {
  const session = await openSession(command);
  const answer = await session.ask("/users/me").catch((error: unknown) => {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    // Whom the API knows and cannot show is no user.
    throw new Mistake(`${session.url} takes the key, but it is an organization's, not a user's`);
  });
  session.show(answer, user, userDetails);
}
