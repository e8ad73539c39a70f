import { describe, expect, it } from "vitest";
import { hashPassword } from "../../src/accounts/password.ts";
import { hashKeySecret } from "../../src/accounts/secret.ts";
import { signIn } from "../../src/accounts/sign-in.ts";
import { accountsSecret, admin, Fresh, minuteMs, reason } from "./fresh.ts";

/** At the beginning of a window. */
function limited(failuresMax = 5): Fresh {
  const it = new Fresh();
  it.now = Math.floor(it.now / (15 * minuteMs)) * 15 * minuteMs;
  it.failuresMax = failuresMax;
  return it;
}

async function wrongKey(it: Fresh, address: string): Promise<string> {
  return reason(await it.show({ hash: await hashKeySecret(accountsSecret, "wrong") }, address));
}

async function challenge(it: Fresh, name: string, address: string): Promise<string> {
  return reason(await it.run((accounts) => accounts.challenge(name, address)));
}

describe("wrong keys", () => {
  it("are answered as wrong so often, then with when to come back, until the window is over", async () => {
    const it = limited();
    for (let at = 0; at < 5; at++) expect(await wrongKey(it, "a")).toBe("credential_unknown");
    it.now += 5 * minuteMs;
    expect(await it.show({ hash: "00" }, "a")).toEqual({
      refused: { reason: "too_many_failures", retryAfterSeconds: 600 },
    });
    expect(await wrongKey(it, "b")).toBe("credential_unknown");
    it.now += 10 * minuteMs - 1;
    expect(await wrongKey(it, "a")).toBe("too_many_failures");
    it.now += 1;
    expect(await wrongKey(it, "a")).toBe("credential_unknown");
  });

  it("do not keep a right one from the same address out, nor does a revoked one count", async () => {
    const it = limited();
    const { owner } = await it.user("ann", { acme: "read" });
    const [key, gone] = [await it.key(owner, "repositories"), await it.key(owner, "api")];
    await it.run((accounts) => accounts.revokeKey(owner, "ci-2", admin));
    for (let at = 0; at < 9; at++) {
      expect(reason(await it.show(gone, "a"))).toBe("credential_revoked");
    }
    for (let at = 0; at < 9; at++) await wrongKey(it, "a");
    expect(reason(await it.show(key, "a"))).toBe("yes");
    expect(reason(await it.exchange(key, "repositories", "a"))).toBe("yes");
    expect(reason(await it.exchange({ hash: "00" }, "repositories", "a"))).toBe(
      "too_many_failures",
    );
  });

  it("count where they are exchanged, too", async () => {
    const it = limited();
    for (let at = 0; at < 5; at++) {
      expect(reason(await it.exchange({ hash: "00" }, "api", "a"))).toBe("invalid_client");
    }
    expect(reason(await it.exchange({ hash: "00" }, "api", "a"))).toBe("too_many_failures");
    expect(await wrongKey(it, "a")).toBe("too_many_failures");
  });
});

describe("guesses of a password", () => {
  it("count before they are known to be wrong, so a thousand at once are a thousand", async () => {
    const it = limited(20);
    await it.user("ann");
    const guesses = Array.from({ length: 1000 }, (_, at) => challenge(it, "ann", `address ${at}`));
    const heard = await Promise.all(guesses);
    expect(heard.filter((one) => one === "yes")).toHaveLength(20);
  });

  it("a thousand at once with the right one among them: no more are computed than may be", async () => {
    const it = limited(3);
    const password = await hashPassword("right");
    await it.run((accounts) =>
      accounts.createUser({ name: "ann", email: null, fullName: null, password }, admin),
    );
    let computed = 0;
    const passwords = {
      challenge: async (name: string, address: string) => {
        const answer = await it.run((accounts) => accounts.challenge(name, address));
        if (!("refused" in answer)) computed++;
        return answer;
      },
      signedIn: (name: string, stored: string, address: string) =>
        it.run(async (accounts) => accounts.signedIn(name, stored, address)),
    };
    const guesses = Array.from({ length: 1000 }, (_, at) => (at === 1 ? "right" : `guess ${at}`));
    const answers = await Promise.all(
      guesses.map(async (guess) => reason(await signIn(passwords, "ann", guess, "a"))),
    );
    expect(computed).toBe(3);
    expect(answers.filter((one) => one === "yes")).toHaveLength(1);
    expect(answers.filter((one) => one === "password_wrong")).toHaveLength(2);
    expect(answers.filter((one) => one === "too_many_failures")).toHaveLength(997);
  });

  it("do not count when they are right, however many there are", async () => {
    const it = limited();
    await it.user("ann");
    for (let at = 0; at < 20; at++) {
      expect(await challenge(it, "ann", "a")).toBe("yes");
      const signedIn = await it.run(async (accounts) =>
        accounts.signedIn("ann", "stored password of ann", "a"),
      );
      expect(reason(signedIn)).toBe("yes");
    }
    for (let at = 0; at < 4; at++) await challenge(it, "ann", "a");
    expect(await challenge(it, "ann", "a")).toBe("yes");
    expect(await challenge(it, "ann", "a")).toBe("too_many_failures");
  });

  it("throttle the account, whatever the address, and by whichever name it is called", async () => {
    const it = limited();
    await it.user("ann");
    await it.user("bob");
    const names = ["ann", "ANN", "ann@hexedge.test", "Ann@Hexedge.Test", "aNn"];
    for (const [at, name] of names.entries()) {
      expect(await challenge(it, name, `address ${at}`)).toBe("yes");
    }
    for (const name of names) expect(await challenge(it, name, "new")).toBe("too_many_failures");
    expect(await challenge(it, "bob", "new")).toBe("yes");
  });

  it("throttle the address, whatever the account, and whether there is one or not", async () => {
    const it = limited();
    await it.user("ann");
    for (const name of ["x", "y", "z", "ann", "x@y.z"]) {
      expect(await challenge(it, name, "a")).toBe("yes");
    }
    expect(await challenge(it, "another", "a")).toBe("too_many_failures");
    expect(await challenge(it, "ann", "a")).toBe("too_many_failures");
    expect(await challenge(it, "ann", "b")).toBe("yes");
    // A throttled address does not add to the account's failures.
    for (let at = 0; at < 9; at++) await challenge(it, "ann", "a");
    expect(await challenge(it, "ann", "b")).toBe("yes");
  });

  it("say nothing of whether there is such a user, and give a stored password to nobody else", async () => {
    const it = limited(0);
    await it.user("ann");
    const nobody = await it.run((accounts) => accounts.challenge("nobody", "a"));
    expect(nobody).toEqual({ stored: null });
    const wrong = await it.run(async (accounts) => accounts.signedIn("ann", "another", "a"));
    const unknown = await it.run(async (accounts) => accounts.signedIn("nobody", "another", "a"));
    expect(wrong).toEqual(unknown);
  });
});

describe("guesses of a terminal's code", () => {
  it("count by address and by account, apart from wrong keys; found ones do not count", async () => {
    const it = limited();
    const { userCode } = await it.device("api");
    const guess = async (code: string, address: string, account: string | null) => {
      const found = await it.run((accounts) => accounts.findDevice(code, address, account));
      return found === null ? "none" : reason(found);
    };
    for (let at = 0; at < 9; at++) expect(await guess(userCode, "a", "ann")).toBe("yes");
    for (let at = 0; at < 5; at++) expect(await guess("22222222", `b${at}`, "ann")).toBe("none");
    expect(await guess(userCode, "c", "ann")).toBe("too_many_failures");
    expect(await guess(userCode, "c", "bob")).toBe("yes");
    for (let at = 0; at < 5; at++) expect(await guess("22222222", "d", null)).toBe("none");
    expect(await guess(userCode, "d", null)).toBe("too_many_failures");
    expect(await wrongKey(it, "d")).toBe("credential_unknown");
  });
});

describe("a limit of 0", () => {
  it("is none", async () => {
    const it = limited(0);
    await it.user("ann");
    for (let at = 0; at < 50; at++) {
      expect(await wrongKey(it, "a")).toBe("credential_unknown");
      expect(await challenge(it, "ann", "a")).toBe("yes");
    }
    expect((await it.dump()).failures).toEqual([]);
  });
});

describe("what was counted", () => {
  it("is forgotten when its window is over", async () => {
    const it = limited();
    for (let at = 0; at < 7; at++) await wrongKey(it, "a");
    await it.run((accounts) => accounts.tidy());
    expect(await wrongKey(it, "a")).toBe("too_many_failures");
    it.now += 15 * minuteMs;
    await it.run((accounts) => accounts.tidy());
    expect((await it.dump()).failures).toEqual([]);
  });

  it("outlives a crash", async () => {
    const it = limited();
    for (let at = 0; at < 5; at++) await wrongKey(it, "a");
    await it.crash();
    expect(await wrongKey(it, "a")).toBe("too_many_failures");
  });
});
