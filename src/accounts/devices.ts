/** Device authorization, RFC 8628: a terminal waits while its user approves in a browser. */
import { audit } from "./audit.ts";
import { type Permission, scopeOf } from "./permission.ts";
import { hashToken, makeToken, makeUserCode } from "./secret.ts";
import { createSession, invalidGrant, issueTokens, sessionMs } from "./sessions.ts";
import type { Author, OAuthRefusal, Tokens } from "./types.ts";
import { first, parsePermissions, type World } from "./world.ts";

const deviceMs = 10 * 60_000;
const intervalMs = 5000;
/** The platform's clock and the client's sleep are not exact. */
const earlyMs = 500;
/** Nobody waits at so many terminals; whoever asks for more fills our tables. */
const waitingMax = 10_000;

type DeviceRow = {
  hash: string;
  user_code: string;
  client: string;
  name: string;
  permissions: string;
  ip: string | null;
  expires_at: number;
  poll_at: number;
  interval_ms: number;
  state: "pending" | "denied" | "approved" | "redeemed";
  session: string | null;
};

/** What the page shows of a terminal that waits. */
export interface Device {
  name: string;
  permissions: Permission[];
  ip: string | null;
}

export interface StartedDevice {
  deviceCode: string;
  userCode: string;
  expiresInSeconds: number;
  intervalSeconds: number;
}

export async function startDevice(
  world: World,
  asked: { client: string; name: string; permissions: Permission[]; ip: string | null },
): Promise<StartedDevice | OAuthRefusal> {
  const [deviceCode, userCode] = [makeToken(), makeUserCode()];
  const [hash, userHash] = [await hashToken(deviceCode), await hashToken(userCode)];
  const { client, name, permissions, ip } = asked;
  return world.step(() => {
    const now = world.now();
    world.sql.exec("DELETE FROM devices WHERE expires_at <= ?", now - deviceMs);
    const waiting = first<{ count: number }>(world, "SELECT count(*) AS count FROM devices");
    if ((waiting?.count ?? 0) >= waitingMax) {
      const description = "Too many devices wait for approval: try again in some minutes";
      return { error: "invalid_request", description };
    }
    world.sql.exec(
      "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', NULL)",
      ...[hash, userHash, client, name, JSON.stringify(permissions), ip],
      ...[now + deviceMs, now + intervalMs - earlyMs, intervalMs],
    );
    const seconds = { expiresInSeconds: deviceMs / 1000, intervalSeconds: intervalMs / 1000 };
    return { deviceCode, userCode, ...seconds };
  });
}

/** The terminal that shows this code, if it still waits. */
export async function findDevice(world: World, userCode: string): Promise<Device | undefined> {
  const row = waiting(world, await hashToken(normalCode(userCode)));
  return row && { name: row.name, permissions: parsePermissions(row.permissions), ip: row.ip };
}

/**
 * The user's answer.
 * @param granted some of what was asked for; null, or nothing, denies.
 * @returns false when the terminal does not wait any more.
 */
export async function decideDevice(
  world: World,
  userCode: string,
  user: { id: number; keyId: number | null },
  granted: Permission[] | null,
  author: Author,
): Promise<boolean> {
  const hash = await hashToken(normalCode(userCode));
  return world.step(() => {
    const row = waiting(world, hash);
    if (!row) return false;
    const asked = parsePermissions(row.permissions).map(scopeOf);
    if (!granted?.length || !granted.every((it) => asked.includes(scopeOf(it)))) {
      world.sql.exec("UPDATE devices SET state = 'denied' WHERE hash = ?", row.hash);
      audit(world, "session.deny", author, { params: { name: row.name } });
      return true;
    }
    const { client, name } = row;
    const session = {
      ...{ userId: user.id, keyId: user.keyId, client, name, permissions: granted },
      ms: sessionMs,
    };
    const id = createSession(world, session, author);
    world.sql.exec(
      "UPDATE devices SET state = 'approved', session = ? WHERE hash = ?",
      ...[id, row.hash],
    );
    return true;
  });
}

/** The terminal asks. Whoever asks too often waits longer. */
export async function pollDevice(
  world: World,
  deviceCode: string,
  client: string,
): Promise<Tokens | OAuthRefusal> {
  const hash = await hashToken(deviceCode);
  const answer = world.step((): string | OAuthRefusal => {
    const row = first<DeviceRow>(world, "SELECT * FROM devices WHERE hash = ?", hash);
    if (!row) return invalidGrant("Invalid device code");
    if (row.client !== client) return { error: "invalid_client", description: "Invalid client" };
    const now = world.now();
    if (row.expires_at <= now)
      return { error: "expired_token", description: "The code has expired" };
    if (row.state === "denied") return { error: "access_denied", description: "The user said no" };
    if (row.state === "redeemed") return invalidGrant("The device code has been used");
    const isEarly = now < row.poll_at;
    const interval = row.interval_ms + (isEarly ? intervalMs : 0);
    if (isEarly || row.state === "pending") {
      world.sql.exec(
        "UPDATE devices SET poll_at = ?, interval_ms = ? WHERE hash = ?",
        ...[now + interval - earlyMs, interval, hash],
      );
    }
    if (isEarly) return { error: "slow_down", description: `Ask every ${interval / 1000} seconds` };
    if (row.state === "pending") {
      return { error: "authorization_pending", description: "The user has not answered yet" };
    }
    world.sql.exec("UPDATE devices SET state = 'redeemed' WHERE hash = ?", hash);
    return row.session ?? "";
  });
  if (typeof answer !== "string") return answer;
  return (await issueTokens(world, answer)) ?? invalidGrant("The login has been revoked");
}

/** People type small letters, blanks, and the dash that mix shows in the middle. */
export function normalCode(text: string): string {
  return text.toUpperCase().replace(/[^0-9A-Z]/g, "");
}

function waiting(world: World, userHash: string): DeviceRow | undefined {
  return first<DeviceRow>(
    world,
    "SELECT * FROM devices WHERE user_code = ? AND state = 'pending' AND expires_at > ?",
    ...[userHash, world.now()],
  );
}
