/** What an import reads from, whichever way it is named. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { KeyError, parsePublicKey } from "../hex/sign.ts";
import type { SurveyedSource } from "../static/survey.ts";
import { DiskFolder } from "./disk-folder.ts";
import { Mistake } from "./mistake.ts";
import { HttpSource, readUrl } from "./source.ts";

export interface SourceOptions {
  /** Shown to a source behind a URL. */
  sourceKey?: string;
  /** Which one, where a MiniRepo's folder holds several. */
  from?: string;
}

/** A folder, a folder in a MiniRepo's data, or what is behind a URL. @returns it, and what to call it. */
export async function openSource(
  from: string,
  options: SourceOptions,
): Promise<{ source: SurveyedSource; called: string }> {
  if (/^https?:/i.test(from)) {
    const url = readUrl(from, `${from} is no URL: https://hex.example.com/repos/acme is one`);
    if (options.from !== undefined) {
      throw new Mistake(
        `--from is for a folder that holds several: name one by its URL, https://HOST/repos/NAME`,
      );
    }
    const key = options.sourceKey || process.env.HEXEDGE_SOURCE_KEY || undefined;
    return { source: new HttpSource({ url, key, help }), called: url };
  }
  if (options.sourceKey !== undefined) {
    throw new Mistake(`--source-key is for a source behind a URL: ${from} is a folder`);
  }
  const path = await findFolder(from, options.from);
  const folder = new DiskFolder(path);
  const source = {
    read: (file: string) => folder.read(file),
    list: (file: string) => folder.list(file),
  };
  return { source, called: path };
}

const help = {
  key: "--source-key, or better HEXEDGE_SOURCE_KEY",
  away: "is its URL right, and does it answer?",
};

/** The folder itself, or the one in `repos/` of a MiniRepo. */
async function findFolder(path: string, wanted: string | undefined): Promise<string> {
  const inside = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`;
    throw new Mistake(`${path} ${why}`);
  });
  if (inside.includes("names") && wanted === undefined) return path;
  if (inside.includes("names") && !inside.includes("repos")) {
    throw new Mistake(`${path} is a repository itself: --from is for a folder that holds several`);
  }
  if (!inside.includes("repos")) {
    throw new Mistake(`${path} holds no repository: there is neither names nor repos/NAME/names`);
  }
  const all = (await readdir(join(path, "repos"))).filter((name) => !name.startsWith("."));
  const [name = wanted, ...others] = all.filter((it) => wanted === undefined || it === wanted);
  if (name === undefined || !all.includes(name) || others.length > 0) {
    throw new Mistake(`${path} holds ${all.join(", ") || "nothing"}: say which one with --from`);
  }
  return join(path, "repos", name);
}

/** The key that it has itself. @throws Mistake when there is none, or it is none. */
export async function keyOf(source: SurveyedSource, called: string): Promise<string> {
  const bytes = await source.read("public_key");
  if (!bytes) {
    throw new Mistake(
      `${called} has no public_key: give the key of the repository, --public-key FILE`,
    );
  }
  const pem = new TextDecoder().decode(bytes);
  await parsePublicKey(pem).catch((error: unknown) => {
    if (!(error instanceof KeyError)) throw error;
    throw new Mistake(`${called}/public_key: ${error.message}`);
  });
  return pem;
}
