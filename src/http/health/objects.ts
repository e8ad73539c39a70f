/** Does each kind of Durable Object answer, and how soon? One of a kind is asked what costs it least. */
import type { Config } from "../../config/config.ts";
import { accountsName, type Env, metricsName } from "../../env.ts";
import { faultOf } from "./fault.ts";

export interface AskedObject {
  binding: string;
  object: string;
  ok: boolean;
  ms: number;
  error?: string;
}

export function askObjects(env: Env, { repositories }: Config): Promise<AskedObject[]> {
  const firstOf = (kind: string) =>
    [...repositories.values()].find((repository) => repository.kind === kind)?.name;
  const [hosted, mirror, group] = [firstOf("hosted"), firstOf("mirror"), firstOf("group")];
  const asked = [
    ask("ACCOUNTS_OBJECT", accountsName, (name) => env.ACCOUNTS_OBJECT.getByName(name).news()),
    // There is no package of that name.
    ask("REPOSITORY", hosted, (name) => env.REPOSITORY.getByName(name).owners("-")),
    ask("MIRROR", mirror, (name) => env.MIRROR.getByName(name).status()),
    // Nothing is added.
    ask("METRICS", metricsName, (name) => env.METRICS.getByName(name).add([])),
    ask("GROUP", group, (name) => env.GROUP.getByName(name).conflicts()),
  ];
  return Promise.all(asked).then((all) => all.filter((it) => it !== undefined));
}

async function ask(
  binding: string,
  object: string | undefined,
  question: (object: string) => Promise<unknown>,
): Promise<AskedObject | undefined> {
  if (object === undefined) return undefined;
  const began = Date.now();
  try {
    await question(object);
    return { binding, object, ok: true, ms: Date.now() - began };
  } catch (error) {
    return { binding, object, ok: false, ms: Date.now() - began, ...faultOf(error) };
  }
}
