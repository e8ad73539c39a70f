/**
 * `installs/…`, where mix looks for Hex itself and for its newest version. A mirror passes them on from its
 * upstream and keeps them; everywhere else the list of versions is empty, which says that there is none.
 */
import type { Context } from "hono";
import { may } from "../accounts/may.ts";
import type { MirrorConfig } from "../config/repositories.ts";
import { openStorage } from "../config/storage.ts";
import type { App } from "./app-type.ts";
import { respond } from "./file-response.ts";
import type { FoundRepository } from "./find-repository.ts";
import { refuseInText } from "./refusals.ts";

/** mix asks for it once a day, without a credential, and warns when there is none. */
const versionsPath = "installs/hex-1.x.csv";

/** Such paths alone: nothing in them has to be encoded, and none leads out of the folder. */
export const isInstallPath = (path: string) =>
  /^installs\/[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/.test(path);

/** @param path below the repository, for which `isInstallPath` holds. */
export async function serveInstall(
  c: Context<App>,
  repository: FoundRepository,
  path: string,
): Promise<Response> {
  const mirror = mirrorFor(c, repository);
  if (mirror) {
    const freshness = await c.env.MIRROR.getByName(mirror.name).refreshInstall(path);
    if (freshness.kind === "unavailable" && path !== versionsPath) {
      return refuseInText(c, { reason: "upstream_away", why: freshness.why });
    }
    const key = `repos/${mirror.name}/${path}`;
    const visibility = mirror.public ? "public" : "private";
    const response = await respond(c, openStorage(c.env, mirror.name), key, visibility);
    if (response) return response;
  }
  // The same for what is private and what is not there.
  if (path === versionsPath) return c.body("", 200, { "content-type": "text/csv" });
  return refuseInText(c, { reason: "not_found" });
}

/** The mirror behind the repository, if there is one and they may read it. */
function mirrorFor(c: Context<App>, repository: FoundRepository): MirrorConfig | undefined {
  const names = repository.kind === "group" ? repository.members : [repository.name];
  const { actor } = c.get("identity");
  const { repositories } = c.get("config");
  return names
    .map((name) => repositories.get(name))
    .filter((it) => it?.kind === "mirror")
    .find(({ name, public: isPublic }) => {
      const subject = { kind: "repository", name, public: isPublic } as const;
      return may(actor, "fetch", subject) === "yes";
    });
}
