/** Where the Worker gets its keys from: the data folder of `npm start`, or the secrets of a Worker on Cloudflare. */
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Mistake } from "../mistake.ts";
import { readDeclared } from "../setup/declared.ts";
import { OwnFolder } from "../setup/own-folder.ts";
import { secretsThere } from "../setup/secrets.ts";
import { errorOf, Wrangler } from "../setup/wrangler.ts";
import { KeyFolder } from "./key-folder.ts";

export interface Place {
  keys: KeyFolder;
  /** The key of those repositories that have none of their own. */
  sharedKeyPath: string;
  /**
   * Before anything is made.
   * @param isOldKept whether the key that signs now is kept here.
   * @throws Mistake when it would be lost, or nothing would come of it.
   */
  check(isOldKept: boolean): Promise<void>;
  /** Gives the Worker the key; `keys` keep it afterwards. */
  give(pem: string): Promise<void>;
  /** What will be done, and what has to be done by hand then. */
  readonly how: string;
  readonly todo: string | undefined;
}

/** @throws Mistake when `npm start` has nothing there. */
export async function dataPlace(
  path: string,
  repository: string,
  environment: NodeJS.ProcessEnv,
): Promise<Place> {
  const isThere = await stat(join(path, "files")).catch(() => undefined);
  if (!isThere?.isDirectory()) {
    throw new Mistake(
      `${path} is no data folder of npm start: name it with --data, or say --cloudflare for a Worker there`,
    );
  }
  const secret = secretOf(repository);
  const keys = new KeyFolder(path, repository);
  return {
    keys,
    sharedKeyPath: join(path, "signing_key.pem"),
    check: async () => {
      if (environment[secret] === undefined) return;
      throw new Mistake(
        `${secret} of the environment wins over the data folder: change it where npm start gets it, and restart that`,
      );
    },
    give: async () => {},
    how: `puts it into ${keys.keyPath}`,
    todo: `restart npm start, which reads its keys when it starts (if its environment says ${secret}, that wins: take it out)`,
  };
}

/**
 * `wrangler secret bulk` with a file, as `npm run setup` does it with `deploy --secrets-file`: nothing secret is
 * an argument. (`secret put` was the alternative, and wants its standard input.)
 */
export async function cloudflarePlace(
  config: string,
  repository: string,
  isDryRun: boolean,
  environment: NodeJS.ProcessEnv,
): Promise<Place> {
  const declared = readDeclared(config);
  const wrangler = new Wrangler(config, environment, isDryRun);
  const folder = new OwnFolder(dirname(config), declared.name, isDryRun);
  const keys = new KeyFolder(folder.path, repository);
  const secret = secretOf(repository);
  return {
    keys,
    sharedKeyPath: folder.pathOf("signing_key.pem"),
    check: async (isOldKept) => {
      const there = await secretsThere(wrangler, declared, { isLoggedIn: true, takeOver: false });
      if (there.length === 0) {
        throw new Mistake(`there is no Worker ${declared.name} yet: \`npm run setup\` makes it`);
      }
      // Cloudflare never gives a secret back.
      if (!there.includes(secret) || isOldKept) return;
      throw new Mistake(
        `the Worker has a ${secret} that is not kept here, and that would be lost: put its PEM into ${keys.keyPath}, and run this again`,
      );
    },
    give: async (pem) => {
      const name = "upload.json";
      try {
        const args = [
          "secret",
          "bulk",
          await folder.write(name, JSON.stringify({ [secret]: pem })),
        ];
        // Not as a change, whose failure would lead to `npm run setup`.
        const said = await wrangler.look(args);
        if (said.code === 0) return;
        throw new Mistake(
          `npx wrangler ${args.join(" ")} failed: ${errorOf(said)}\nThe new key is kept, and running this again goes on with it.`,
        );
      } finally {
        await folder.remove(name);
      }
    },
    how: `puts it into the secret ${secret} of the Worker ${declared.name} (npx wrangler secret bulk), and into ${keys.keyPath}`,
    todo: undefined,
  };
}

export function secretOf(repository: string): string {
  return `SIGNING_KEY_${repository.toUpperCase()}`;
}
