/** Where the files of each repository are: as it declares, or else as STORAGE does, or else where there is room. */
import type { Env } from "../env.ts";
import { FolderStorage } from "../storage/folder.ts";
import type { StorageKind } from "../storage/kind.ts";
import { R2Storage } from "../storage/r2.ts";
import { type S3Options, S3Storage } from "../storage/s3.ts";
import type { Storage } from "../storage/storage.ts";
import { readConfig } from "./config.ts";
import { ConfigError } from "./error.ts";

/** The files of a repository. @throws ConfigError when it is said to be where nothing is bound. */
export function openStorage(env: Env, repository: string): Storage {
  const { s3 } = readConfig(env);
  const { FOLDER, BUCKET } = env;
  switch (storageKindOf(env, repository)) {
    case "s3":
      if (s3) return openS3(s3);
      throw new ConfigError(`${repository}: storage = "s3" needs [vars.S3]`);
    case "folder":
      if (FOLDER) return new FolderStorage(FOLDER);
      throw new ConfigError(`${repository}: storage = "folder" is for \`npm start\` alone`);
    case "r2":
      if (BUCKET) return new R2Storage(BUCKET);
      throw new ConfigError(`${repository}: storage = "r2" needs the binding BUCKET`);
  }
}

export function storageKindOf(env: Env, repository: string): StorageKind {
  const { repositories, storage } = readConfig(env);
  return repositories.get(repository)?.storage ?? storage ?? (env.FOLDER ? "folder" : "r2");
}

/** One for all repositories: it knows derived keys, and that its bucket is there. */
const opened = new WeakMap<S3Options, S3Storage>();

function openS3(options: S3Options): S3Storage {
  const known = opened.get(options) ?? new S3Storage(options);
  opened.set(options, known);
  return known;
}
