/** What to do about what Cloudflare, or wrangler, says no with. The numbers are those of Cloudflare's API. */

const advices: readonly [RegExp, string][] = [
  [
    /code: 10042|enable R2/i,
    "R2 is off in this account: turn it on in the dashboard (R2 Object Storage), which asks for a means of payment",
  ],
  [
    /fetch failed|ENOTFOUND|ECONNRE|ETIMEDOUT|EAI_AGAIN|network|timed? ?out|connectivity/i,
    "Cloudflare could not be reached: look at the network",
  ],
  [
    /code: (10000|9109|9106|10023)\b|authentication|unauthori[sz]ed|permission/i,
    "the login may not do that: `npx wrangler login`, or a CLOUDFLARE_API_TOKEN that may edit Workers, KV and R2",
  ],
  [
    /quota|limit|exceed|code: (10026|10027|10037|10021)\b/i,
    "the account is at a limit of its plan: remove what is not needed, or take a larger plan",
  ],
  [
    /workers\.dev subdomain|code: 10063/i,
    "the account has no workers.dev address yet: open Workers & Pages in the dashboard once",
  ],
  [
    /already exists|already in use|taken/i,
    "the name is somebody else's: choose another one in wrangler.toml",
  ],
];

const again = "What was made so far stays, and `npm run setup` goes on from here";

export function adviceFor(said: string): string {
  const [, advice] = advices.find(([pattern]) => pattern.test(said)) ?? [];
  return advice === undefined ? `${again}.` : `${advice}. ${again}.`;
}
