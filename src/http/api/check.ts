import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import { check } from "../../repository/check.ts";
import type { App } from "../app-type.ts";
import { repositoryOf } from "../context.ts";
import { render } from "../format.ts";

/** `GET /api/repos/NAME/check`: reads the whole repository as a distrusting client would. */
export async function checkRepository(c: Context<App>): Promise<Response> {
  const facts = await repositoryOf(c).facts();
  const problems = await check(openStorage(c.env, facts.repository), facts);
  return render(c, 200, {
    status: problems.length === 0 ? "ok" : "broken",
    packages: facts.packages.filter(({ releases }) => releases.length > 0).length,
    releases: facts.packages.reduce((sum, { releases }) => sum + releases.length, 0),
    // While something is on its way, the registry files need not agree with each other yet.
    settled: facts.clean,
    problems,
  });
}
