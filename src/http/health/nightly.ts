/** Every hosted repository is checked once a night, by the cron: one after the other, as far as its time goes. */
import { readConfig } from "../../config/config.ts";
import { openStorage } from "../../config/storage.ts";
import type { Env } from "../../env.ts";
import { checkAtNight } from "../../repository/check/nightly.ts";
import type { Task } from "./cron.ts";

/** The cron comes every five minutes; what is left it goes on with then. */
const msOfEach = 120_000;

/** A task of the cron for all of them. One that cannot be checked keeps no other one from it. */
export function nightlyCheck(env: Env): Task {
  const work = async () => {
    const untilMs = Date.now() + msOfEach;
    const failures: unknown[] = [];
    for (const name of readConfig(env).hosted.keys()) {
      const repository = env.REPOSITORY.getByName(name);
      const checked = checkAtNight(openStorage(env, name), repository, untilMs);
      await checked.catch((error: unknown) => failures.push(`${name}: ${error}`));
    }
    if (failures.length > 0) throw new Error(failures.join("; "));
  };
  return ["nightly check", work];
}
