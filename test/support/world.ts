/**
 * A fresh repository for each test, and the people who use it. For tests inside workerd: storage is
 * shared by the tests of a file, so every world has a repository of its own.
 */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { Accounts } from "../../src/accounts/accounts.ts";
import { openStorage } from "../../src/config/storage.ts";
import { accountsName, type Env } from "../../src/env.ts";
import { check } from "../../src/repository/check.ts";
import { packageTarball, type ReleaseOptions } from "./tarball.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Required<import("../../src/env.ts").Env> {}
    interface GlobalProps {
      mainModule: typeof import("./worker.ts");
    }
  }
}

/** Declared in test/vitest.config.ts, as many as tests can ask for. */
let used = 0;

export interface World {
  repository: string;
  /** Knows the admin key. */
  admin: Person;
  /** Has no key. */
  guest: Person;
  stub: DurableObjectStub<import("../../src/repository/repository.ts").Repository>;
}

export async function world(options: { public?: boolean } = {}): Promise<World> {
  const number = String(used++).padStart(3, "0");
  const repository = `${options.public ? "open" : "shut"}_${number}`;
  return {
    repository,
    admin: new Person(repository, env.ADMIN_KEY),
    guest: new Person(repository, undefined),
    stub: env.REPOSITORY.getByName(repository),
  };
}

/** Somebody who sends requests; paths begin with `/`. */
export class Person {
  readonly repository: string;
  readonly #key: string | undefined;

  constructor(repository: string, key: string | undefined) {
    this.repository = repository;
    this.#key = key;
  }

  /** Any request, below the host. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#key !== undefined && !headers.has("authorization"))
      headers.set("authorization", this.#key);
    return exports.default.fetch(
      new Request(`http://hexedge.test${path}`, { ...init, headers, redirect: "manual" }),
    );
  }

  /** A request to the repository's API. */
  api(path: string, init: RequestInit = {}): Promise<Response> {
    return this.fetch(`/api/repos/${this.repository}${path}`, init);
  }

  /** One of the repository's files: `/names`, `/packages/foo` … */
  file(path: string, init: RequestInit = {}): Promise<Response> {
    return this.fetch(`/repos/${this.repository}${path}`, init);
  }

  async publish(release: ReleaseOptions & { replace?: boolean } = {}): Promise<Response> {
    return this.upload(await packageTarball(release), release.replace ?? false);
  }

  upload(tarball: Uint8Array, replace = false): Promise<Response> {
    return this.api(`/publish?replace=${replace}`, { method: "POST", body: tarball });
  }

  retire(
    name: string,
    version: string,
    parameters: object = { reason: "security" },
  ): Promise<Response> {
    return this.api(`/packages/${name}/releases/${version}/retire`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
  }

  unretire(name: string, version: string): Promise<Response> {
    return this.api(`/packages/${name}/releases/${version}/retire`, { method: "DELETE" });
  }

  revert(name: string, version: string): Promise<Response> {
    return this.api(`/packages/${name}/releases/${version}`, { method: "DELETE" });
  }

  publishDocs(name: string, version: string, docs: Uint8Array): Promise<Response> {
    return this.api(`/packages/${name}/releases/${version}/docs`, { method: "POST", body: docs });
  }
}

/** All that is wrong with the repository: nothing. */
export async function expectSound({ stub }: Pick<World, "stub">): Promise<void> {
  const { repository } = await stub.facts("", 0);
  expect(await check(openStorage(env as Env, repository), stub)).toEqual([]);
}

/**
 * After so many wrong credentials whoever shows them has to wait; 0, as in test/vitest.config.ts, is never.
 * To be put back by whoever changes it.
 */
export function setFailuresMax(failuresMax: number): Promise<void> {
  const accounts = env.ACCOUNTS_OBJECT.getByName(accountsName);
  return runInDurableObject(accounts, ({ world }: Accounts) => {
    world.failuresMax = failuresMax;
  });
}

/** Every key of the bucket below the repository, without `repos/NAME/`. */
export async function storedFiles({ repository }: Pick<World, "repository">): Promise<string[]> {
  const files: string[] = [];
  for await (const key of openStorage(env as Env, repository).list(`repos/${repository}/`)) {
    files.push(key.slice(`repos/${repository}/`.length));
  }
  return files;
}
