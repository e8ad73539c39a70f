/** Who owns which package, and who may change it for that reason. */
import type { Author, OwnerLevel, OwnerRecord, Refused } from "../types.ts";
import { Changes } from "./changes.ts";

export class Owners extends Changes {
  /** By user name. */
  owners(name: string): OwnerRecord[] {
    return this.sql
      .exec<{ userId: number; username: string; level: OwnerLevel }>(
        `SELECT user_id AS userId, username, level FROM owners WHERE package = ?
         ORDER BY username, user_id`,
        name,
      )
      .toArray();
  }

  /** What the user is to the package; null when they do not own it. */
  level(name: string, userId: number | null): OwnerLevel | null {
    return this.owners(name).find((owner) => owner.userId === userId)?.level ?? null;
  }

  /**
   * Makes somebody an owner, or changes their level. With `transfer` all other owners go.
   * A package that has a full owner keeps one.
   */
  setOwner(
    name: string,
    user: { id: number; name: string },
    level: OwnerLevel,
    { transfer }: { transfer: boolean },
    author: Author,
    now: number,
  ): Refused | undefined {
    return this.step(() => {
      const refused = this.#mayNotOwn(name, author);
      if (refused) return refused;
      const before = this.owners(name);
      const held = before.find((owner) => owner.userId === user.id);
      if (transfer && level !== "full") {
        return { refused: { reason: "transfer_needs_full_level", package: name } };
      }
      if (level !== "full" && isLastFull(before, user.id)) {
        return { refused: { reason: "last_full_owner", package: name, change: "demote" } };
      }
      if (held?.level === level && (!transfer || before.length === 1)) return undefined;
      if (transfer) this.sql.exec("DELETE FROM owners WHERE package = ?", name);
      this.sql.exec(
        `INSERT INTO owners VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (package, user_id) DO UPDATE SET username = ?3, level = ?4`,
        ...[name, user.id, user.name, level, now],
      );
      this.touched(name);
      const action = transfer ? "owner.transfer" : held ? "owner.update" : "owner.add";
      this.audit({ action, package: name, author, params: { user: user.name, level } }, now);
      return undefined;
    });
  }

  /** A public package keeps a full owner; a private one still has its organization. */
  removeOwner(
    name: string,
    userId: number,
    isPublic: boolean,
    author: Author,
    now: number,
  ): Refused | undefined {
    return this.step(() => {
      const refused = this.#mayNotOwn(name, author);
      if (refused) return refused;
      const owners = this.owners(name);
      const owner = owners.find((it) => it.userId === userId);
      if (!owner) return { refused: { reason: "owner_not_found", package: name } };
      if (isPublic && owners.length === 1) {
        return { refused: { reason: "last_owner", package: name } };
      }
      if (isPublic && isLastFull(owners, userId)) {
        return { refused: { reason: "last_full_owner", package: name, change: "remove" } };
      }
      this.sql.exec("DELETE FROM owners WHERE package = ? AND user_id = ?", name, userId);
      this.touched(name);
      const params = { user: owner.username, level: owner.level };
      this.audit({ action: "owner.remove", package: name, author, params }, now);
      return undefined;
    });
  }

  /** Hands the package over to its organization: nobody else owns it any more. */
  disown(name: string, author: Author, now: number): Refused | undefined {
    return this.step(() => {
      const refused = this.#mayNotOwn(name, author);
      if (refused) return refused;
      if (this.owners(name).length === 0) return undefined;
      this.sql.exec("DELETE FROM owners WHERE package = ?", name);
      this.touched(name);
      const params = { user: this.repository, level: "full" };
      this.audit({ action: "owner.transfer", package: name, author, params }, now);
      return undefined;
    });
  }

  ownedBy(userId: number): string[] {
    return this.sql
      .exec<{ package: string }>(
        "SELECT package FROM owners WHERE user_id = ? ORDER BY package",
        userId,
      )
      .toArray()
      .map((row) => row.package);
  }

  /** Takes every package from an owner who has left. @returns whether there was any. */
  forgetOwner(userId: number, author: Author, now: number): boolean {
    return this.step(() => {
      const names = this.ownedBy(userId);
      for (const name of names) {
        const owner = this.owners(name).find((it) => it.userId === userId);
        this.sql.exec("DELETE FROM owners WHERE package = ? AND user_id = ?", name, userId);
        this.touched(name);
        const params = { user: owner?.username ?? "", level: owner?.level ?? "" };
        this.audit({ action: "owner.remove", package: name, author, params }, now);
      }
      return names.length > 0;
    });
  }

  /** Whoever published a package first owns it, unless somebody does already. */
  protected ownFirst(name: string, { userId, name: username }: Author, now: number): void {
    if (userId === null || this.owners(name).length > 0) return;
    this.sql.exec("INSERT INTO owners VALUES (?, ?, ?, 'full', ?)", name, userId, username, now);
  }

  /** Nobody owns what is not there, nor on its way: whoever comes next begins anew. */
  protected disownIfGone(name: string): void {
    if (this.holds(name) || this.#isComing(name)) return;
    this.sql.exec("DELETE FROM owners WHERE package = ?", name);
  }

  /**
   * Refuses whoever has no standing to change the package. Of two creators of one package the second is
   * refused as soon as the first one's upload is reserved.
   */
  protected mayNotChange(name: string, author: Author): Refused | undefined {
    if (this.isLost()) return lost(this.repository);
    if (author.standing === "member" || this.#owns(name, author)) return undefined;
    const isFree = !this.holds(name) && !this.#isComing(name, author);
    if (author.standing === "creator" && isFree) return undefined;
    return { refused: { reason: "not_owner", package: name } };
  }

  /** Who owns a package is said by its full owners, and by whoever may change every package. */
  #mayNotOwn(name: string, author: Author): Refused | undefined {
    if (this.isLost()) return lost(this.repository);
    const isMember = author.standing === "member";
    const isFull = author.userId !== null && this.level(name, author.userId) === "full";
    const isFree = author.standing === "creator" && !this.holds(name);
    if (!isMember && !isFull && !isFree) {
      return { refused: { reason: "not_owner", package: name } };
    }
    if (!this.holds(name)) return { refused: { reason: "package_not_found", package: name } };
    return undefined;
  }

  #owns(name: string, { userId }: Author): boolean {
    return userId !== null && this.level(name, userId) !== null;
  }

  /** Is a release of the package on its way, if `apartFrom` is given: by somebody else? */
  #isComing(name: string, apartFrom?: Author): boolean {
    const rows = this.sql.exec<{ author: string }>(
      "SELECT json_extract(author, '$.name') AS author FROM uploads WHERE package = ? AND kind = 'tarball'",
      name,
    );
    return rows.toArray().some(({ author }) => author !== apartFrom?.name);
  }
}

function lost(repository: string): Refused {
  return { refused: { reason: "ledger_lost", repository } };
}

function isLastFull(owners: readonly OwnerRecord[], userId: number): boolean {
  const full = owners.filter(({ level }) => level === "full");
  return full.length === 1 && full[0]?.userId === userId;
}
