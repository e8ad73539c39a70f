/** What webhooks hear of, which of them, and in which words. Pure. */

/** The names of the audit log, and what a curated mirror holds back. Nothing else is ever sent. */
export const eventNames = [
  ...["release.publish", "release.revert", "release.retire", "release.unretire"],
  ...["release.held_back", "docs.publish", "docs.revert"],
  ...["owner.add", "owner.update", "owner.transfer", "owner.remove"],
  ...["key.generate", "key.remove", "user.create", "user.deactivate", "password.update"],
  ...["organization.member.add", "organization.member.role", "organization.member.remove"],
  ...["name.conflict", "git.update"],
  ...["repository.check", "repository.repair", "repository.restore"],
] as const;

/** Something that happened. */
export interface Happening {
  event: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Null for what concerns none, such as a user's key. */
  repository: string | null;
  package: string | null;
  version: string | null;
  author: { name: string; credential: string };
  params: Readonly<Record<string, unknown>>;
}

/** Does the webhook hear of it? */
export function concerns(
  webhook: { events: readonly string[]; repositories: readonly string[] | null },
  { event, repository }: Pick<Happening, "event" | "repository">,
): boolean {
  const { events, repositories } = webhook;
  if (!eventNames.some((name) => name === event)) return false;
  if (!events.some((pattern) => matches(pattern, event))) return false;
  return repositories === null || (repository !== null && repositories.includes(repository));
}

/** How many events there are for a name or a prefix. */
export function patternMatches(pattern: string): number {
  return eventNames.filter((name) => matches(pattern, name)).length;
}

/** What is sent: JSON, made once, so that every try says the same. */
export function bodyOf(id: string, happening: Happening): string {
  const { event, at, repository, package: name, version, author, params } = happening;
  return JSON.stringify({
    ...{ id, event, at: new Date(at).toISOString(), repository, package: name, version },
    // What else is known of the author, such as their address, is nobody's business elsewhere.
    author: { name: author.name, credential: author.credential },
    params,
  });
}

function matches(pattern: string, event: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? event.startsWith(pattern.slice(0, -1)) : event === pattern;
}
