/** Worker entry. No logic. */

import { tellNews } from "./accounts/edge.ts";
import { readConfig } from "./config/config.ts";
import { accountsName, type Env } from "./env.ts";
import { createApp } from "./http/app.ts";
import { noteCron } from "./http/health/cron.ts";

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
    const accounts = env.ACCOUNTS_OBJECT.getByName(accountsName);
    const { hosted, repositories } = readConfig(env);
    const names = [...hosted.keys()];
    const mirrors = [...repositories.values()].filter(({ kind }) => kind === "mirror");
    const work = () =>
      Promise.all([
        ...names.map((name) => env.REPOSITORY.getByName(name).recover()),
        ...mirrors.map(({ name }) => env.MIRROR.getByName(name).recover()),
        tellNews(env.INDEX, accounts),
        accounts.tidy(),
      ]);
    await noteCron(env.INDEX, () => Date.now(), work);
  },
} satisfies ExportedHandler<Env>;
