/** Which two releases a page compares, opened. */
import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import type { App } from "../../http/app-type.ts";
import type { Refusal } from "../../http/refusals.ts";
import type { ShownPackage } from "../../http/shown-package.ts";
import { openRelease } from "../../preview/open.ts";
import { fetchablePackage, keyOf, notOpened, releaseOf } from "../files/shown-release.ts";
import type { ReleasePlace } from "../paths.ts";

export interface Compared {
  shown: ShownPackage;
  left: ReleasePlace;
  right: ReleasePlace;
}

type Refused = { refused: Refusal };

/** What `diff/A..B` means. No version has two dots in a row. */
export async function comparedReleases(c: Context<App>): Promise<Compared | Refused> {
  const shown = await fetchablePackage(c);
  if ("refused" in shown) return shown;
  const versions = (c.req.param("versions") ?? "").split("..");
  const [from = "", to = ""] = versions;
  if (versions.length !== 2) return { refused: { reason: "not_found" } };
  const [left, right] = [releaseOf(shown, from), releaseOf(shown, to)];
  if ("refused" in left) return left;
  return "refused" in right ? right : { shown, left, right };
}

/** Opens both for as long as `work` takes. */
export async function withBoth<T>(
  c: Context<App>,
  { left, right }: Compared,
  work: (left: Uint8Array, right: Uint8Array) => Promise<T>,
): Promise<T | Refused> {
  const storage = openStorage(c.env, left.repository);
  const before = await openRelease(storage, keyOf(left));
  if (!before || !("close" in before)) return { refused: notOpened(c, left, before) };
  try {
    const after = await openRelease(storage, keyOf(right));
    if (!after || !("close" in after)) return { refused: notOpened(c, right, after) };
    try {
      return await work(before.contents, after.contents);
    } finally {
      after.close();
    }
  } finally {
    before.close();
  }
}
