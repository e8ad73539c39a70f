/** Who may do what, decided in one place. Pure. */

export type Actor =
  | { kind: "anonymous" }
  /** Whoever knows ADMIN_KEY. */
  | { kind: "admin" };

export type Verb =
  /** Fetch registry files, tarballs and docs; see packages in the API. */
  | "read"
  /** Publish, replace, revert, retire, docs. */
  | "write"
  /** Look at the state of a repository as its operator. */
  | "administer";

export interface Subject {
  repository: { name: string; public: boolean };
}

export function may(actor: Actor, verb: Verb, subject: Subject): boolean {
  switch (actor.kind) {
    case "admin":
      return true;
    case "anonymous":
      return verb === "read" && subject.repository.public;
  }
}
