/** Signing in with user name (or e-mail) and password: throttled first, then computed, then told. */
import { verifyPassword } from "./password.ts";
import type { Credential, Refused } from "./types.ts";

/** What the Accounts object does for it. */
export interface Passwords {
  challenge(nameOrEmail: string, address: string): Promise<{ stored: string | null } | Refused>;
  signedIn(nameOrEmail: string, stored: string, address: string): Promise<Credential | Refused>;
}

/** Computed here, in the Worker: the Accounts object would stand still for it, for everybody. */
export async function signIn(
  accounts: Passwords,
  nameOrEmail: string,
  password: string,
  address: string,
): Promise<Credential | Refused> {
  const challenge = await accounts.challenge(nameOrEmail, address);
  if ("refused" in challenge) return challenge;
  const isRight = await verifyPassword(password, challenge.stored);
  if (!isRight || challenge.stored === null) return { refused: { reason: "password_wrong" } };
  return accounts.signedIn(nameOrEmail, challenge.stored, address);
}
