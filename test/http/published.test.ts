/** `GET /api/repos/NAME`: whether names and versions show all that was published, for whoever copies them. */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { read } from "../support/answers.ts";
import { loseLedger } from "../support/lost-ledger.ts";
import { user } from "../support/people.ts";
import type { Person, World } from "../support/world.ts";
import { world } from "../support/world.ts";

async function says(who: Pick<Person, "api">): Promise<Record<string, unknown>> {
  const answer = await who.api("");
  expect(answer.status).toBe(200);
  return (await read(answer)) as Record<string, unknown>;
}

/** As it is in the moment between the answer and the next flush. */
async function holdBack({ stub }: World): Promise<void> {
  await runInDurableObject(stub, ({ world }) => {
    world.ledger.setState("published", world.ledger.sequence() - 1);
  });
}

describe("what is said of a hosted repository", () => {
  it("is whether its index shows what was published, also to a key that only fetches", async () => {
    const it = await world();
    const people = [
      it.admin,
      await user(it, "read"),
      await user(it, "read", `repository:${it.repository}`),
    ];
    for (const who of people) expect(await says(who)).toMatchObject({ published: true });
    await it.admin.publish({ name: "foo" });
    await it.stub.recover();
    expect(await says(it.admin)).toMatchObject({ published: true });
    expect((await it.admin.file("/versions")).status).toBe(200);
    await holdBack(it);
    for (const who of people) {
      expect(await says(who)).toMatchObject({ kind: "hosted", published: false });
    }
    expect((await it.guest.api("")).status).toBe(401);
    expect((await (await user(it)).api("")).status).toBe(404);
  });

  it("is not that something is to come when the ledger is lost: a copy can still be made", async () => {
    const it = await world();
    await it.admin.publish({ name: "foo" });
    await it.stub.recover();
    expect(await says(it.admin)).toMatchObject({ published: true });
    await loseLedger(it);
    expect((await it.admin.file("/packages/foo")).status).toBe(200);
    expect(await says(it.admin)).toMatchObject({ published: true });
  });
});
