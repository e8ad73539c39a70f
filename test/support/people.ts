/** Users of the registry, as the admin makes them; for tests inside workerd. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Role } from "../../src/accounts/may.ts";
import { jsonBody, read } from "./answers.ts";
import { Person, type World } from "./world.ts";

/** Users are the registry's, not the repository's: each gets a name of its own. */
let made = 0;

export class User extends Person {
  readonly name: string;
  readonly password: string;
  /** The secret that this person shows. */
  readonly key: string;

  constructor(repository: string, name: string, password: string, key: string) {
    super(repository, key);
    this.name = name;
    this.password = password;
    this.key = key;
  }

  /** The same user with another key of theirs, made by the admin. */
  async with(...scopes: string[]): Promise<User> {
    const key = await keyOf(`/users/${this.name}`, scopes);
    return new User(this.repository, this.name, this.password, key);
  }
}

/**
 * A new user with a key, `api` and `repositories` if no scopes are named, and a role in the world's
 * organization if one is.
 */
export async function user(
  it: Pick<World, "repository">,
  role?: Role,
  ...scopes: string[]
): Promise<User> {
  const name = `user${made++}`;
  const password = `password of ${name}`;
  const admin = new Person(it.repository, env.ADMIN_KEY);
  const body = jsonBody({ username: name, password, email: `${name}@hexedge.test` });
  expect((await admin.fetch("/api/users", { method: "POST", ...body })).status).toBe(201);
  if (role) expect((await setRole(it, name, role)).status).toBe(200);
  const asked = scopes.length > 0 ? scopes : ["api", "repositories"];
  return new User(it.repository, name, password, await keyOf(`/users/${name}`, asked));
}

/** A person who holds a key of the world's organization itself. */
export async function organizationKey(
  { repository }: Pick<World, "repository">,
  ...scopes: string[]
): Promise<Person> {
  return new Person(repository, await keyOf(`/orgs/${repository}`, scopes));
}

/** Adds a user to the world's organization. */
export function setRole(
  it: Pick<World, "repository">,
  name: string,
  role: Role,
): Promise<Response> {
  const admin = new Person(it.repository, env.ADMIN_KEY);
  const path = `/api/orgs/${it.repository}/members`;
  return admin.fetch(path, { method: "POST", ...jsonBody({ name, role }) });
}

/** `api:read` → `{domain, resource}`, as the API takes it. */
export function permission(scope: string): { domain: string; resource: string | null } {
  const [domain = "", resource = null] = scope.split(/:(.*)/);
  return { domain, resource };
}

async function keyOf(whose: string, scopes: readonly string[]): Promise<string> {
  const admin = new Person("", env.ADMIN_KEY);
  const body = jsonBody({ name: "test", permissions: scopes.map(permission) });
  const response = await admin.fetch(`/api${whose}/keys`, { method: "POST", ...body });
  expect(response.status).toBe(201);
  const { secret } = await read(response);
  return String(secret);
}
