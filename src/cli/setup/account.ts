/** Who is logged in, and which account it will be. */
import * as v from "valibot";
import { Mistake } from "../mistake.ts";
import type { Declared } from "./declared.ts";
import type { Report } from "./report.ts";
import { errorOf, type Wrangler } from "./wrangler.ts";

const answer = v.variant("loggedIn", [
  v.object({ loggedIn: v.literal(false) }),
  v.object({
    loggedIn: v.literal(true),
    email: v.optional(v.string()),
    accounts: v.array(v.object({ id: v.string(), name: v.string() })),
  }),
]);

const howTo =
  "`npx wrangler login` (opens a browser), or set CLOUDFLARE_API_TOKEN to a token that may edit Workers, KV and R2";

/** @returns whether somebody is; only a dry run goes on when not. */
export function checkAccount(
  report: Report,
  wrangler: Wrangler,
  { path, account_id: declared }: Declared,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  return report.step("login", "wrangler acts for whoever is logged in", async () => {
    const args = ["whoami", "--json"];
    const said = await wrangler.look(args);
    const read = v.safeParse(answer, parse(said.stdout));
    if (!read.success) {
      if (wrangler.isDryRun) return notIn(`unknown (${errorOf(said)})`);
      throw wrangler.failure(args, said);
    }
    if (!read.output.loggedIn) {
      if (wrangler.isDryRun) return notIn(`nobody is logged in: ${howTo}`);
      throw new Mistake(`nobody is logged in at Cloudflare: ${howTo}; then run this again`);
    }
    const { accounts, email } = read.output;
    const chosen = environment.CLOUDFLARE_ACCOUNT_ID ?? declared;
    if (accounts.length > 1 && chosen === undefined) {
      const list = accounts.map(({ id, name }) => `  ${id}  ${name}`).join("\n");
      throw new Mistake(
        `you are in several accounts: put account_id = "…" at the top of ${path}, or set CLOUDFLARE_ACCOUNT_ID, to one of\n${list}`,
      );
    }
    const account = accounts.find(({ id }) => id === chosen) ?? accounts[0];
    const where = account === undefined ? (chosen ?? "its account") : account.name;
    return { outcome: "there", told: `${email ?? "a token"}, for ${where}`, value: true };
  });
}

function notIn(told: string) {
  const plan = "; the plan takes it that nothing is there yet";
  return { outcome: "planned" as const, told: told + plan, value: false };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
