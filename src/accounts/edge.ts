/**
 * Who shows this credential, answered where the request arrives. What an isolate and KV remember about
 * credentials is believed as long as the news (changes.ts) do not speak against it; whatever writes or
 * grants, and whatever is not known here, asks the Accounts object.
 */
import { isCurrent, type News, newsMsMax } from "./changes.ts";
import { hashKeySecret, isKeySecret } from "./secret.ts";
import { type Claims, readToken, type TokenUse } from "./token.ts";
import type { Credential, Refused } from "./types.ts";

/** The Accounts object, as far as it is asked here. */
export interface Truth {
  credentialOfKey(hash: string, address: string): Promise<Credential | Refused>;
  credentialOfToken(claims: Claims): Promise<Credential | Refused>;
  failed(address: string): Promise<Refused | null>;
  news(): Promise<News>;
}

/** KV, as far as it is used here. */
export interface Replica {
  get(key: string, options: { type: "json"; cacheTtl: number }): Promise<unknown>;
  put(key: string, value: string, options: { expirationTtl: number }): Promise<void>;
}

/** What one isolate remembers. */
export class Memory {
  /** By the credential as it was shown; the isolate has it in its hands anyway. */
  readonly credentials = new Map<string, Credential>();
  /** Addresses whose wrong credentials are not even counted any more, until when. */
  readonly noisy = new Map<string, number>();
  news: News | undefined;
  /** Somebody is fetching newer news; until when others need not. */
  refreshingUntil = 0;
  /** The Accounts object did not answer; until when not every read has to find that out. */
  awayUntil = 0;

  remember(shown: string, credential: Credential): void {
    forgetOldest(this.credentials, rememberedMax);
    this.credentials.set(shown, credential);
  }
}

export interface Edge {
  memory: Memory;
  replica: Replica;
  truth: Truth;
  secret: string;
  /** Under which the cookies of pages are signed. */
  pageSecret: string;
  now(): number;
  /** Lets work go on after the answer. */
  later(work: Promise<unknown>): void;
}

const rememberedMax = 5000;
const noisyMsMax = 60_000;
/** From here on newer news are fetched beside the requests, so that none has to wait. */
const newsAgingMs = 20_000;
/**
 * When the Accounts object cannot be reached, reads go on for as long as an access token lives. Nothing
 * can be written or granted meanwhile.
 */
const newsMsWithoutTruth = 30 * 60_000;
/** With `newsMsMax` well below a minute: one lost answer makes no revocation come later than that. */
const awayMs = 5000;
/** KV forgets by itself what nobody asks for. */
const replicaSeconds = 24 * 3600;

/**
 * The hot path of reads: who shows this, if that was asked a moment ago and the news are young. It looks
 * nowhere and waits for nothing.
 */
export function recall(memory: Memory, shown: string, now: number): Credential | undefined {
  const known = memory.credentials.get(shown);
  if (!known || !memory.news || now - memory.news.at > newsAgingMs) return undefined;
  const isOver = known.expiresAt !== null && known.expiresAt <= now;
  return isOver || !isCurrent(known, memory.news) ? undefined : known;
}

/** Puts the news into KV, so that there are some when the Accounts object cannot be reached. */
export async function tellNews(replica: Replica, truth: Pick<Truth, "news">): Promise<void> {
  await keep(replica, "news", await truth.news());
}

/** @param isFresh ask for the truth, whatever is remembered. */
export async function identify(
  edge: Edge,
  shown: string,
  address: string,
  isFresh: boolean,
): Promise<Credential | Refused> {
  const isToken = shown.includes(".");
  return isToken
    ? identifyToken(edge, shown, address, isFresh)
    : identifyKey(edge, shown, address, isFresh);
}

async function identifyKey(
  edge: Edge,
  secret: string,
  address: string,
  isFresh: boolean,
): Promise<Credential | Refused> {
  const { memory } = edge;
  const known = memory.credentials.get(secret);
  if (known && !isFresh && (await isBelievable(edge, known))) return known;
  if (!isKeySecret(secret)) return notACredential(edge, address);
  const hash = await hashKeySecret(edge.secret, secret);
  const key = `keys/${hash}`;
  if (!isFresh) {
    // Written by us, below.
    const kept = (await ask(edge.replica, key)) as Credential | null;
    if (kept && (await isBelievable(edge, kept))) {
      memory.remember(secret, kept);
      return kept;
    }
  }
  // Also from an address that has guessed: nobody guesses a key, and whoever has one is let in.
  const found = await edge.truth.credentialOfKey(hash, address);
  if ("refused" in found) {
    memory.credentials.delete(secret);
    noteNoise(edge, address, found);
    return found;
  }
  memory.remember(secret, found);
  if (!isFresh) edge.later(keep(edge.replica, key, found));
  return found;
}

async function identifyToken(
  edge: Edge,
  token: string,
  address: string,
  isFresh: boolean,
): Promise<Credential | Refused> {
  const { memory, now } = edge;
  const known = memory.credentials.get(token);
  if (known && !isFresh && (await isBelievable(edge, known))) return known;
  const read = await readToken(edge.secret, token, now());
  if (!read) return notACredential(edge, address);
  if (!isFresh && (await isBelievable(edge, read.credential))) {
    memory.remember(token, read.credential);
    return read.credential;
  }
  const found = await edge.truth.credentialOfToken(read.claims);
  if ("refused" in found) memory.credentials.delete(token);
  else memory.remember(token, found);
  return found;
}

/**
 * Who is signed in with a cookie, or came with a link to private docs. What is none is not counted as a
 * guess: browsers show what is over long after.
 */
export async function identifySession(
  edge: Edge,
  token: string,
  use: TokenUse,
  isFresh: boolean,
): Promise<Credential | undefined> {
  const { memory, now } = edge;
  // With another admin key nothing that was believed before is believed.
  const shown = `${edge.pageSecret} ${use.audience} ${token}`;
  const known = memory.credentials.get(shown);
  if (known && !isFresh && (await isBelievable(edge, known))) return known;
  const read = await readToken(edge.pageSecret, token, now(), use);
  if (!read) return undefined;
  const isKnown = !isFresh && (await isBelievable(edge, read.credential));
  const found = isKnown ? read.credential : await edge.truth.credentialOfToken(read.claims);
  if ("refused" in found) {
    memory.credentials.delete(shown);
    return undefined;
  }
  memory.remember(shown, found);
  return found;
}

async function isBelievable(edge: Edge, credential: Credential): Promise<boolean> {
  if (credential.expiresAt !== null && credential.expiresAt <= edge.now()) return false;
  const news = await currentNews(edge);
  return news !== undefined && isCurrent(credential, news);
}

/** At most `newsMsMax` old, unless the Accounts object cannot be reached. */
async function currentNews(edge: Edge): Promise<News | undefined> {
  const { memory, now } = edge;
  const ageMs = now() - (memory.news?.at ?? 0);
  if (ageMs > newsMsMax) {
    const isAway = memory.awayUntil > now() && ageMs <= newsMsWithoutTruth;
    if (!isAway) await refresh(edge, newsMsMax);
  } else if (ageMs > newsAgingMs && memory.refreshingUntil < now()) {
    memory.refreshingUntil = now() + 5000;
    edge.later(refresh(edge, newsAgingMs));
  }
  return memory.news;
}

/** KV's, when they are young enough; else the Accounts object's own, which KV then gets. */
async function refresh(edge: Edge, ageMsMax: number): Promise<void> {
  const { memory, replica, truth, now } = edge;
  const kept = (await ask(replica, "news")) as News | null; // written by us, below
  if (kept && now() - kept.at < ageMsMax) {
    hear(memory, kept);
    return;
  }
  try {
    const news = await truth.news();
    hear(memory, news);
    edge.later(keep(replica, "news", news));
  } catch (error) {
    if (kept) hear(memory, kept);
    memory.awayUntil = now() + awayMs;
    const isTooOld = now() - (memory.news?.at ?? 0) > newsMsWithoutTruth;
    console.error(JSON.stringify({ message: `the Accounts object cannot be reached: ${error}` }));
    if (isTooOld) throw error;
  }
}

function hear(memory: Memory, news: News): void {
  if (news.at > (memory.news?.at ?? 0)) memory.news = news;
}

/** Counted by the Accounts object, until it has heard enough of the address for a while. */
async function notACredential(edge: Edge, address: string): Promise<Refused> {
  if ((edge.memory.noisy.get(address) ?? 0) > edge.now()) return slowDown;
  const refused = await edge.truth.failed(address);
  if (!refused) return { refused: { reason: "credential_unknown" } };
  noteNoise(edge, address, refused);
  return refused;
}

function noteNoise({ memory, now }: Edge, address: string, { refused }: Refused): void {
  if (refused.reason !== "too_many_failures") return;
  forgetOldest(memory.noisy, rememberedMax);
  const ms = Math.min(refused.retryAfterSeconds * 1000, noisyMsMax);
  memory.noisy.set(address, now() + ms);
}

const slowDown: Refused = {
  refused: { reason: "too_many_failures", retryAfterSeconds: noisyMsMax / 1000 },
};

/** KV only ever helps: when it is down, the Accounts object answers. */
async function ask(replica: Replica, key: string): Promise<unknown> {
  try {
    return await replica.get(key, { type: "json", cacheTtl: 30 });
  } catch {
    return null;
  }
}

async function keep(replica: Replica, key: string, value: object): Promise<void> {
  await replica
    .put(key, JSON.stringify(value), { expirationTtl: replicaSeconds })
    .catch((error) => {
      console.error(JSON.stringify({ message: `KV did not take ${key.slice(0, 12)}…: ${error}` }));
    });
}

function forgetOldest<T>(map: Map<string, T>, max: number): void {
  if (map.size < max) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
