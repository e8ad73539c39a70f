/**
 * `POST /api/repos/NAME/restore`: makes a lost ledger anew of what lies in the bucket, a piece at a time; `next`
 * of the answer is `after` of the next request. Nothing in the bucket changes before `…/restore/finish`.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { signingKeyPem } from "../../config/signing-key.ts";
import { openStorage } from "../../config/storage.ts";
import { RegistryError } from "../../hex/registry.ts";
import { KeyError, parsePrivateKey, parsePublicKey, publicKeyPem } from "../../hex/sign.ts";
import { BadCursor } from "../../repository/check/step.ts";
import { type RestoreSource, restoreStep, Superseded } from "../../repository/restore/step.ts";
import type { App } from "../app-type.ts";
import { accountsOf, authorOf, repositoryOf } from "../context.ts";
import { render } from "../format.ts";
import { parameters } from "../parameters.ts";
import { refuse } from "../refusals.ts";

const schema = v.object({
  after: v.nullish(v.string("must be what the request before answered as next"), null),
  /** PEM of whoever signed the files; our own without it. */
  public_key: v.nullish(v.string("must be a public key in PEM"), null),
  indexed_only: v.nullish(v.boolean("must be true or false"), false),
});

export async function restoreRepository(c: Context<App>): Promise<Response> {
  const read = await parameters(c, schema);
  if ("refused" in read) return refuse(c, read.refused);
  const { after, public_key, indexed_only } = read.output;
  const repository = c.get("repository").name;
  const invalid = (field: string, why: string) =>
    refuse(c, { reason: "parameter_invalid", errors: { [field]: why } });
  try {
    const source = await sourceOf(c, public_key);
    const step = await restoreStep(
      openStorage(c.env, repository),
      { ...source, repository, indexedOnly: indexed_only, userIds: () => userIdsOf(c) },
      repositoryOf(c),
      after,
    );
    const { packages, releases, defects, next } = step;
    return render(c, 200, { packages, releases, defects: defects.map((it) => ({ ...it })), next });
  } catch (error) {
    if (error instanceof BadCursor) return invalid("after", error.message);
    if (error instanceof Superseded) {
      const { lost } = await repositoryOf(c).facts("", 0);
      const reason = lost ? ("restore_unfinished" as const) : ("ledger_not_lost" as const);
      return refuse(c, { reason, repository });
    }
    if (error instanceof KeyError) return invalid("public_key", error.message);
    if (error instanceof RegistryError) return invalid("public_key", `versions: ${error.message}`);
    throw error;
  }
}

/** `POST /api/repos/NAME/restore/finish`: from here on the ledger is the truth again. */
export async function finishRestore(c: Context<App>): Promise<Response> {
  const restored = await repositoryOf(c).finishRestore(authorOf(c));
  if ("refused" in restored) return refuse(c, restored.refused);
  const { packages, releases, backup } = restored;
  return render(c, 200, { packages, releases, backup });
}

/** Whoever has left meanwhile owns nothing again. */
async function userIdsOf(c: Context<App>): Promise<ReadonlySet<number>> {
  const users = await accountsOf(c).users();
  return new Set(users.filter((it) => it.deactivatedAt === null).map(({ id }) => id));
}

async function sourceOf(
  c: Context<App>,
  given: string | null,
): Promise<Pick<RestoreSource, "publicKey" | "isForeign">> {
  const own = await publicKeyPem(
    await parsePrivateKey(signingKeyPem(c.env, c.get("repository").name)),
  );
  const publicKey = await parsePublicKey(given ?? own);
  const isForeign = given !== null && given.trim() !== own.trim();
  return { publicKey, isForeign };
}
