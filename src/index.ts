/** Worker entry. No logic. */

import { tellNews } from "./accounts/edge.ts";
import { readConfig } from "./config/config.ts";
import { accountsName, type Env } from "./env.ts";
import { createApp } from "./http/app.ts";
import { noteCron, runAll, type Task } from "./http/health/cron.ts";
import { nightlyCheck } from "./http/health/nightly.ts";

export { Accounts } from "./accounts/accounts.ts";
export { Group } from "./group/group.ts";
export { Metrics } from "./metrics/metrics.ts";
export { Mirror } from "./mirror/mirror.ts";
export { Repository } from "./repository/repository.ts";

const app = createApp();

export default {
  fetch: app.fetch,

  /** A safety net under the repositories' alarms. */
  async scheduled(_controller, env): Promise<void> {
    await noteCron(
      env.INDEX,
      () => Date.now(),
      () => runAll(tasksOf(env)),
    );
  },
} satisfies ExportedHandler<Env>;

function tasksOf(env: Env): Task[] {
  const { repositories } = readConfig(env);
  const accounts = () => env.ACCOUNTS_OBJECT.getByName(accountsName);
  return [
    ...[...repositories.values()].flatMap(({ name, kind }): Task[] => {
      if (kind === "hosted") return [[name, () => env.REPOSITORY.getByName(name).recover()]];
      if (kind === "mirror") return [[name, () => env.MIRROR.getByName(name).recover()]];
      return [];
    }),
    ["news of accounts", () => tellNews(env.INDEX, accounts())],
    ["accounts", () => accounts().tidy()],
    nightlyCheck(env),
  ];
}
