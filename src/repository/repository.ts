/**
 * The Durable Object of one hosted repository: the only writer of everything below `repos/NAME/`
 * and `pages/NAME/`.
 * Its methods are what may be done to a repository; each answers with an outcome or a refusal, and
 * throws only for faults.
 */
import { readConfig } from "../config/config.ts";
import { signingKeyPem } from "../config/signing-key.ts";
import { openStorage } from "../config/storage.ts";
import { type Env, metricsName } from "../env.ts";
import { isPackageName } from "../hex/name.ts";
import { countErrors } from "../metrics/storage.ts";
import { handOver } from "../metrics/tally.ts";
import { Courier } from "../webhooks/courier.ts";
import type { DeliveryRecord } from "../webhooks/deliveries.ts";
import { detailsOf } from "./details.ts";
import { publishDocs, revertDocs } from "./docs.ts";
import { Flush } from "./flush.ts";
import { packageKey } from "./keys.ts";
import { Ledger } from "./ledger/ledger.ts";
import { list } from "./list.ts";
import { disown, forgetOwner, removeOwner, setOwner } from "./owners.ts";
import { Pages } from "./pages.ts";
import { retryDelaysMs } from "./place.ts";
import { type Published, publish } from "./publish.ts";
import { recordOf } from "./record.ts";
import { recover } from "./recover.ts";
import { isBackupDue, writeBackup } from "./restore/backup.ts";
import { retire } from "./retire.ts";
import { revert } from "./revert.ts";
import { openSigner } from "./signer.ts";
import type {
  AuditQuery,
  AuditRecord,
  Author,
  DownloadCount,
  ListQuery,
  OwnerLevel,
  OwnerRecord,
  PackageDetails,
  PackageList,
  PackageRecord,
  Publication,
  Refused,
  Retirement,
} from "./types.ts";
import { Upkeep } from "./upkeep.ts";
import { Uploads } from "./upload.ts";
import type { World } from "./world.ts";

/** From a change to the alarm that finishes it; names and versions are at most this late. */
const alarmDelayMs = 1000;
const alarmDelayMsMax = 30_000;

export class Repository extends Upkeep {
  /** When the alarm comes that is set. */
  #alarmAt = Number.POSITIVE_INFINITY;
  #failures = 0;
  /** Not `#courier`: tests put other receivers into it. */
  courier!: Courier;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.world = await this.#open();
      this.courier = this.#hire();
    });
  }

  publish(
    publication: Publication,
    tarball: Uint8Array,
    author: Author,
  ): Promise<Published | Refused> {
    return publish(this.world, publication, tarball, author);
  }

  revert(name: string, version: string, author: Author): Promise<Refused | null> {
    return revert(this.world, name, version, author);
  }

  /** With null, takes a retirement back. */
  retire(
    name: string,
    version: string,
    retirement: Retirement | null,
    author: Author,
  ): Promise<Refused | null> {
    return retire(this.world, name, version, retirement, author);
  }

  publishDocs(
    name: string,
    version: string,
    docs: Uint8Array,
    checksum: Uint8Array,
    author: Author,
  ): Promise<Refused | null> {
    return publishDocs(this.world, name, version, docs, checksum, author);
  }

  revertDocs(name: string, version: string, author: Author): Promise<Refused | null> {
    return revertDocs(this.world, name, version, author);
  }

  /** The truth about a package; KV has a copy that may be a minute old. */
  package(name: string): PackageRecord | null {
    return recordOf(this.world, name, Date.now());
  }

  /** What the page of a package shows beside it. */
  details(name: string): PackageDetails {
    return detailsOf(this.world, name);
  }

  /** A page of the packages that a search finds, or of all. No search is refused. */
  list(query: ListQuery): PackageList {
    return list(this.world, query, Date.now());
  }

  /** By user name; null when there is no such package. */
  owners(name: string): OwnerRecord[] | null {
    const { ledger } = this.world;
    return ledger.holds(name) ? ledger.owners(name) : null;
  }

  /** Packages that the user owns. */
  ownedBy(userId: number): string[] {
    return this.world.ledger.ownedBy(userId);
  }

  /**
   * Makes somebody an owner or changes their level; with `transfer` all others go. Unlike removing
   * one, this goes by the same rules in public and private repositories, as hexpm has it.
   */
  setOwner(
    name: string,
    user: { id: number; name: string },
    level: OwnerLevel,
    options: { transfer: boolean },
    author: Author,
  ): Refused | null {
    return setOwner(this.world, name, user, level, options, author);
  }

  /** In a public repository somebody has to be left. */
  removeOwner(name: string, userId: number, isPublic: boolean, author: Author): Refused | null {
    return removeOwner(this.world, name, userId, isPublic, author);
  }

  /** A member has left: they own nothing here any more, whoever is left. */
  forgetOwner(userId: number, author: Author): void {
    forgetOwner(this.world, userId, author);
  }

  /** Hands a package over to its organization: nobody else owns it any more. */
  disown(name: string, author: Author): Refused | null {
    return disown(this.world, name, author);
  }

  /** Somebody fetched tarballs. What is not sane, or about no release of ours, is dropped. */
  countDownloads(counts: readonly DownloadCount[]): void {
    const { ledger, wake } = this.world;
    ledger.countDownloads(counts, Date.now());
    if (!ledger.isClean()) wake();
  }

  /** A release's days (of the last 90) or their months, ascending; both ends are included. */
  releaseDownloads(
    name: string,
    version: string,
    by: "day" | "month",
    after?: string,
    before?: string,
  ): [string, number][] {
    return this.world.ledger.releaseDownloads(name, version, by, after, before);
  }

  /** Newest first. */
  auditLog(query: AuditQuery): AuditRecord[] {
    return this.world.ledger.auditLog(query);
  }

  /** Writes the files of a repository that nobody published to yet, so that it can be read. */
  async open(): Promise<void> {
    if (!this.world.ledger.isLost()) await this.world.flush.registry();
  }

  /** What webhooks were told, and are still to be told; newest first. */
  deliveries(limit: number, before?: string): DeliveryRecord[] {
    return this.world.ledger.deliveries.log(limit, before);
  }

  /** For metrics. */
  state() {
    const { ledger } = this.world;
    return { ...ledger.backlog(Date.now()), deliveries: ledger.deliveries.counts() };
  }

  /** Tells it once more. @returns whether there is such a delivery. */
  redeliver(id: string): boolean {
    return this.world.ledger.deliveries.redeliver(id, Date.now());
  }

  /** Finishes what is begun; the cron calls it in case an alarm was lost. */
  async recover(): Promise<void> {
    try {
      // Of a lost ledger names and versions would tell that there is nothing.
      if (this.world.ledger.isLost()) return;
      if (await recover(this.world)) this.#wake(alarmDelayMs);
      if (isBackupDue(this.world.ledger, Date.now())) await writeBackup(this.world);
    } finally {
      // After the flush, so that what webhooks hear of is there; nobody waits for them.
      this.courier.run();
      // An isolate without requests has nobody else who would.
      const { METRICS } = this.env;
      if (METRICS) {
        this.ctx.waitUntil(handOver((counts) => METRICS.getByName(metricsName).add(counts)));
      }
    }
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    try {
      await this.recover();
      this.#failures = 0;
    } catch (error) {
      // The platform gives up after six failed alarms; a repository never does.
      console.error({
        message: `${this.world.repository}: recovery failed: ${error}`,
        error: String(error),
      });
      this.#failures++;
      this.#wake(Math.min(alarmDelayMs * 2 ** this.#failures, alarmDelayMsMax));
    }
  }

  async #open(): Promise<World> {
    const repository = this.ctx.id.name;
    if (repository === undefined) throw new Error("a repository is only ever opened by its name");
    const ledger = new Ledger(this.ctx.storage, repository, readConfig(this.env).webhooks);
    ledger.deliveries.onWrite = () => this.#wake(alarmDelayMs);
    const signer = await openSigner(signingKeyPem(this.env, repository));
    const parts = {
      ...{ repository, ledger, signer, retryDelaysMs },
      storage: countErrors(openStorage(this.env, repository), repository),
      index: this.env.INDEX,
      wake: () => this.#wake(alarmDelayMs),
    };
    // One object for all: whoever replaces a part of it replaces it everywhere.
    const withUploads = Object.assign(parts, { uploads: new Uploads(parts) });
    const withPages = Object.assign(withUploads, { pages: new Pages(withUploads) });
    const world: World = Object.assign(withPages, { flush: new Flush(withPages) });
    if (ledger.isNew() && (await holdsPackages(world))) ledger.lose();
    if (ledger.isLost()) {
      const message = `${repository}: its ledger is lost, and nothing can be written: \`hexedge check ${repository} --repair\``;
      console.error({ level: "error", message });
    }
    if (!ledger.isClean()) {
      ledger.unsettleLeftovers(Date.now());
      this.#wake(alarmDelayMs);
    }
    if (ledger.state("signer") !== signer.fingerprint) {
      ledger.signAnew(signer.fingerprint, Date.now());
      this.#wake(alarmDelayMs);
    }
    return world;
  }

  #hire(): Courier {
    const { repository, ledger } = this.world;
    const courier = new Courier(ledger.deliveries, {
      name: repository,
      fetch: (url, init) => fetch(url, init),
      now: () => Date.now(),
      later: (work) => this.ctx.waitUntil(work),
      wake: (delayMs) => this.#wake(delayMs),
    });
    courier.wake();
    return courier;
  }

  /**
   * In the same step as the change that needs it, so that both are durable or neither. An alarm that
   * was put off after a failure does not keep new changes waiting.
   */
  #wake(delayMs: number): void {
    const at = Date.now() + delayMs;
    if (at >= this.#alarmAt) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}

/** Then a ledger without packages is not new: it was lost, or the bucket was filled by somebody else. */
async function holdsPackages({ repository, storage }: World): Promise<boolean> {
  const folder = packageKey(repository, "");
  for await (const key of storage.list(folder)) {
    if (isPackageName(key.slice(folder.length))) return true;
  }
  return false;
}
