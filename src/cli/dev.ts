/** `npm run dev`: wrangler dev, with the two secrets that it needs in `.dev.vars` (not in git). */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { generateSigningKey } from "../hex/sign.ts";
import { newAdminKey } from "./data-folder.ts";
import { run } from "./mistake.ts";

const secretsPath = ".dev.vars";

async function dev(): Promise<void> {
  if (!existsSync(secretsPath)) {
    const signingKey = (await generateSigningKey()).replaceAll("\n", "\\n");
    const secrets = `ADMIN_KEY="${newAdminKey()}"\nSIGNING_KEY="${signingKey}"\n`;
    writeFileSync(secretsPath, secrets, { mode: 0o600, flag: "wx" });
    console.log(`made an admin key and a signing key in ${secretsPath}`);
  }
  const args = ["dev", "--port", "4000", ...process.argv.slice(2)];
  spawn("wrangler", args, { stdio: "inherit" }).once("exit", (code) => process.exit(code ?? 0));
}

await run(dev);
