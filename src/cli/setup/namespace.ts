/**
 * The KV namespace, whose id Cloudflare chooses: it is made under the Worker's name, asked for under that
 * name, and written into wrangler.toml. A crash between the two finds it again by its name.
 */

import { readFileSync } from "node:fs";
import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import * as v from "valibot";
import { Mistake } from "../mistake.ts";
import { type Declared, readDeclared } from "./declared.ts";
import { replaceValue, valueAt } from "./edit-toml.ts";
import type { OwnFolder } from "./own-folder.ts";
import type { Report } from "./report.ts";
import type { Wrangler } from "./wrangler.ts";

const listed = v.array(
  v.object({ id: v.pipe(v.string(), v.regex(/^[\w-]+$/)), title: v.string() }),
);

export async function makeNamespace(
  report: Report,
  wrangler: Wrangler,
  declared: Declared,
  folder: OwnFolder,
  isLoggedIn: boolean,
): Promise<void> {
  await report.step(
    "namespace",
    "KV keeps what pages and the API show, near the reader",
    async () => {
      const { path, name } = declared;
      const at = declared.kv_namespaces.findIndex(({ binding }) => binding === "INDEX");
      const id = declared.kv_namespaces[at]?.id;
      if (id === undefined) {
        throw new Mistake(
          `${path} has no KV namespace INDEX with an id: add [[kv_namespaces]] with binding = "INDEX" and id = ""`,
        );
      }
      const isPlaceholder = /^0*$/.test(id);
      const place = ["kv_namespaces", at, "id"];
      // Before anything is made.
      if (isPlaceholder && replaceValue(declared.text, place, "f".repeat(32)) === undefined) {
        throw new Mistake(
          `${path}: the id of INDEX is written in a way that cannot be changed safely: write it as id = ""`,
        );
      }
      const there = isLoggedIn ? await list(wrangler) : [];
      if (!isPlaceholder) {
        if (there.some((it) => it.id === id) || !isLoggedIn) {
          return { outcome: "there", told: `${id} is there`, value: undefined };
        }
        throw new Mistake(
          `${path} names the KV namespace ${id}, which this account does not have: use the login of the account that has it, or write id = "" to have one made`,
        );
      }
      const known = there.find(({ title }) => title === name);
      if (!known) await wrangler.change(["kv", "namespace", "create", name]);
      if (wrangler.isDryRun) {
        const found = known ? `writes ${known.id}` : `makes ${name} and writes its id`;
        return { outcome: "planned", told: `${found} into ${path}`, value: undefined };
      }
      const used = known ?? (await list(wrangler)).find(({ title }) => title === name);
      if (!used) {
        throw new Mistake(`KV does not list ${name} yet, which was just made: run this again`);
      }
      await writeId(declared, place, used.id, folder);
      const how = known ? "was there" : "made";
      return { outcome: "done", told: `${name} ${how}; ${path} has its id`, value: undefined };
    },
  );
}

async function list(wrangler: Wrangler): Promise<v.InferOutput<typeof listed>> {
  const args = ["kv", "namespace", "list"];
  const said = await wrangler.look(args);
  if (said.code !== 0) throw wrangler.failure(args, said);
  try {
    return v.parse(listed, JSON.parse(said.stdout));
  } catch {
    throw new Mistake(
      "`npx wrangler kv namespace list` printed no list: is wrangler another version?",
    );
  }
}

/** A copy of the file is kept until the new one is known to be read as it should. */
async function writeId(
  { path, text }: Declared,
  place: readonly (string | number)[],
  id: string,
  folder: OwnFolder,
): Promise<void> {
  const changed = replaceValue(text, place, id);
  if (changed === undefined) throw new Mistake(`${path}: put id = "${id}" into it by hand`);
  const target = await realpath(path);
  if (readFileSync(target, "utf8") !== text) {
    throw new Mistake(`${path} was changed meanwhile: run this again`);
  }
  const copy = await folder.write("wrangler.toml.before", text);
  const scratch = `${target}.new`;
  try {
    const { mode } = await stat(target);
    await writeFile(scratch, changed, { mode });
    const file = await open(scratch, "r+");
    await file.sync().finally(() => file.close());
    await rename(scratch, target);
  } catch (error) {
    await rm(scratch, { force: true });
    const why = error instanceof Error ? error.message : error;
    throw new Mistake(`cannot write ${path} (${why}): put id = "${id}" into it by hand`);
  }
  if (valueAt(readDeclared(path), place) !== id) {
    throw new Mistake(`${path} is not as it should be: what it was is in ${copy}`);
  }
  await folder.remove("wrangler.toml.before");
}
