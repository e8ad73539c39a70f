/** Short forms of long URLs, which `mix hex.outdated` prints. */
import { first, type World } from "./world.ts";

/** Without a login anybody can make one, so there is an end. */
const shortUrlsMax = 100_000;
const keptMs = 90 * 24 * 3600_000;
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** The same code for the same URL. @returns undefined when there are too many. */
export function shorten(world: World, url: string): string | undefined {
  return world.step(() => {
    const known = first<{ code: string }>(world, "SELECT code FROM short_urls WHERE url = ?", url);
    if (known) return known.code;
    const now = world.now();
    world.sql.exec("DELETE FROM short_urls WHERE created_at < ?", now - keptMs);
    const all = first<{ count: number }>(world, "SELECT count(*) AS count FROM short_urls");
    if ((all?.count ?? 0) >= shortUrlsMax) return undefined;
    let code = makeCode();
    while (expand(world, code) !== undefined) code = makeCode();
    world.sql.exec("INSERT INTO short_urls VALUES (?, ?, ?)", code, url, now);
    return code;
  });
}

export function expand(world: World, code: string): string | undefined {
  return first<{ url: string }>(world, "SELECT url FROM short_urls WHERE code = ?", code)?.url;
}

/** Six characters that nobody takes for each other. */
function makeCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join("");
}
