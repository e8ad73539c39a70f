/** `npm run dev`: wrangler dev, with the secrets that it needs in `.dev.vars` (not in git). */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { makeKeySecret } from "../accounts/secret.ts";
import { generateSigningKey } from "../hex/sign.ts";
import { newAccountsSecret } from "./data-folder.ts";
import { run } from "./mistake.ts";

const secretsPath = ".dev.vars";

async function dev(): Promise<void> {
  if (!existsSync(secretsPath)) {
    const signingKey = (await generateSigningKey()).replaceAll("\n", "\\n");
    const secrets = [
      `ADMIN_KEY="${makeKeySecret()}"`,
      `ACCOUNTS_SECRET="${newAccountsSecret()}"`,
      `SIGNING_KEY="${signingKey}"\n`,
    ];
    writeFileSync(secretsPath, secrets.join("\n"), { mode: 0o600, flag: "wx" });
    console.log(`made the secrets that it needs in ${secretsPath}`);
  }
  const asked = process.argv.slice(2);
  const hasPort = asked.some((it) => it === "--port" || it.startsWith("--port="));
  const args = ["dev", ...(hasPort ? [] : ["--port", "4000"]), ...asked];
  spawn("wrangler", args, { stdio: "inherit" }).once("exit", (code) => process.exit(code ?? 0));
}

await run(dev);
