/** What became of a rotation, and what everybody who reads the repository has to do now. */
import type { Config } from "../../config/config.ts";
import type { RepositoryConfig } from "../../config/repositories.ts";
import { signedNameOf } from "../../config/repositories.ts";

export interface Rotation {
  repository: string;
  kind: string;
  outcome: "planned" | "rotated";
  /** Null when there was none, or it is not known any more. */
  old_fingerprint: string | null;
  /** Null in a plan that makes a key. */
  fingerprint: string | null;
  key_path: string;
  old_key_path: string | null;
  /** The command that makes the old key sign again; null when nobody knows where that key is. */
  way_back: string | null;
  public_key: string | null;
  public_key_path: string | null;
  /** How many packages were read with the new key, as clients read them. */
  packages: number;
  check: "ok" | null;
  todo: Todo[];
}

export interface Todo {
  whose: string;
  what: string;
  lines: string[];
}

/** @param known the rest of what is declared: groups, and mirrors of it. */
export function todosOf(world: {
  url: string;
  repository: RepositoryConfig;
  fingerprint: string;
  publicKeyPem: string;
  known: Config;
}): Todo[] {
  const { url, repository, fingerprint, publicKeyPem, known } = world;
  const { name } = repository;
  const files = `${url}/repos/${name}`;
  const called = signedNameOf(repository);
  const isOpen = repository.public;
  const groups = [...known.repositories.values()].flatMap((it) =>
    it.kind === "group" && it.members.includes(name) ? [it.name] : [],
  );
  const mix = [`mix hex.repo set ${called} --public-key ${name}.pem`];
  if (called !== "hexpm") {
    mix.push(
      `mix hex.repo add ${called} ${files} --fetch-public-key ${fingerprint}${isOpen ? "" : " --auth-key KEY"}    # or so`,
    );
  }
  return [
    {
      whose: "everybody",
      what: `get the new public key, whose fingerprint is ${fingerprint}`,
      lines: [
        `curl -fo ${name}.pem ${isOpen ? "" : '-H "authorization: KEY" '}${files}/public_key`,
      ],
    },
    { whose: "mix", what: "on each machine, and in CI", lines: mix },
    {
      whose: "rebar3",
      what: `in ~/.config/rebar3/rebar.config, of the repository ${called}`,
      lines: [`repo_public_key => <<"${publicKeyPem.trim().replaceAll("\n", "\\n")}">>`],
    },
    {
      whose: "Gleam",
      what: "nothing: it knows the key of hex.pm alone, so it does not read what is signed here",
      lines: [],
    },
    {
      whose: "mirrors of it",
      what: "in [vars.REPOSITORIES.NAME] of each Hexedge that mirrors it, then deploy or restart",
      lines: [`upstream_public_key = """\n${publicKeyPem.trim()}\n"""`],
    },
    {
      whose: "groups",
      what:
        groups.length === 0
          ? "nothing: here is none that contains it"
          : `nothing: ${groups.join(", ")} contain it, and are signed with keys of their own`,
      lines: [],
    },
    {
      whose: "folders that were exported",
      what: "they keep the old signatures, which the new key does not know",
      lines: [`npm run hexedge -- export ${name} DIR --force`],
    },
  ];
}

/** For a person. */
export function tellRotation(rotation: Rotation): string {
  const { repository, packages, fingerprint, old_fingerprint, key_path, old_key_path } = rotation;
  const was = old_fingerprint === null ? "" : `\n  before: ${old_fingerprint}`;
  const checked = rotation.check === "ok" ? ", and its check finds nothing wrong" : "";
  const back =
    rotation.way_back === null
      ? ""
      : `, the old one in ${old_key_path}. Keep both. The way back:\n  ${rotation.way_back}`;
  return `
${repository} is signed with a new key: names, versions and ${packages} packages were read with it${checked}.
  now:    ${fingerprint}${was}
The new key is kept in ${key_path}${back}

Whoever has the old public key gets no file of ${repository} from now on: mix and rebar3 refuse each of them as
unverified, until they have the new one. What they fetched and locked before goes on working.
${rotation.todo.map(tellTodo).join("")}`;
}

function tellTodo({ whose, what, lines }: Todo): string {
  const indented = lines.flatMap((it) => it.split("\n")).map((it) => `  ${it}\n`);
  return `\n${whose}: ${what}\n${indented.join("")}`;
}
