/** Imports go one way; whoever breaks the rule reads here what it is. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const src = join(import.meta.dirname, "../src");

/** Folder (or file) of src → what of ours it may import. Everything may import itself. */
const rules: Record<string, string[]> = {
  hex: [],
  storage: ["hex"],
  accounts: ["hex", "storage", "webhooks"],
  docs: ["hex", "storage"],
  repository: ["hex", "storage", "docs", "webhooks", "metrics"],
  mirror: ["hex", "storage", "webhooks", "metrics"],
  // The outbox that each Durable Object has in which something happens.
  webhooks: ["hex", "storage"],
  metrics: ["storage"],
  group: ["hex", "storage", "metrics"],
  preview: ["hex", "storage"],
  // Repositories of git, mirrored: the command line knows their addresses too.
  git: ["hex", "storage"],
  // Repositories as folders: for the command line, and as pure as hex.
  static: ["hex"],
  // Names the Durable Objects' types.
  "env.ts": ["repository", "accounts", "mirror", "group", "metrics"],
  // What is declared, checked with the schema that each kind of repository has; it opens storage.
  config: ["mirror", "group", "storage", "webhooks", "env.ts"],
  http: [
    "hex",
    "storage",
    "docs",
    "preview",
    "repository",
    "accounts",
    "mirror",
    "webhooks",
    "metrics",
    "git",
    "env.ts",
    "config",
  ],
  web: ["http", "hex", "storage", "docs", "preview", "repository", "accounts", "env.ts", "config"],
  // It checks declarations with the same schema, before it starts anything.
  cli: ["hex", "static", "git", "accounts", "env.ts", "config"],
  "index.ts": ["http", "repository", "accounts", "mirror", "group", "metrics", "env.ts", "config"],
};

/** Packages that belong to one place. */
const places: [RegExp, RegExp, string][] = [
  [/^hono($|\/)/, /^(http|web)\//, "hono is for http/ and web/"],
  [
    /^cloudflare:/,
    /^(index\.ts|repository\/(repository|upkeep)\.ts|accounts\/accounts\.ts|mirror\/mirror\.ts|group\/group\.ts|metrics\/metrics\.ts)$/,
    "Workers' own module is for the entry and the Durable Objects",
  ],
  [/^protobufjs/, /^hex\//, "protobuf is for hex/"],
  [/^node:crypto$/, /^(cli\/|accounts\/password\.ts$)/, "Node's scrypt is for passwords"],
  [/^node:(?!crypto$)/, /^cli\//, "Node is for the command line"],
  [/^(miniflare|esbuild)$/, /^cli\//, "build tools are for the command line"],
  [
    /^smol-toml$/,
    /^(cli\/|hex\/lockfile\/(gleam|git)\.ts$)/,
    "TOML is for wrangler.toml and for Gleam's manifest",
  ],
  [/^diff$/, /^preview\//, "differences are made in preview/"],
  [
    /^(markdown-it|sanitize-html|lowlight|highlight\.js)($|\/)/,
    /^web\/text\//,
    "markup of packages is for web/text/",
  ],
  [/^aws4fetch$/, /^storage\/s3\//, "requests to S3 are signed in storage/"],
  [/^(commander|cli-progress)$/, /^cli\//, "commands are for the command line"],
];

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
  (file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"),
);

const isDurableObject = (file: string) =>
  /^(repository\/(?:repository|upkeep)|accounts\/accounts|mirror\/mirror|group\/group|metrics\/metrics)\.ts$/.test(
    file,
  );

const roomOf = (path: string) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : path);

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].flatMap(([, name]) => name ?? []);
}

describe("the rooms of src", () => {
  it("has a rule for every room", () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in rules))).toEqual([]);
  });

  it("imports one way", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith("."))
        .map((name) => roomOf(relative(src, join(src, dirname(file), name))))
        .filter((room) => room !== roomOf(file) && !rules[roomOf(file)]?.includes(room))
        // All routes are on one screen, also those of the pages.
        .filter((room) => !(file === "http/app.ts" && room === "web"))
        // The Durable Object gets its bindings from the runtime, so its own file reads them.
        .filter((room) => !(isDurableObject(file) && /^(env\.ts|config)$/.test(room)))
        .map((room) => `${file} imports from ${room}`),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps each package in its place", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file).flatMap((name) =>
        places
          .filter(([matches, allowed]) => matches.test(name) && !allowed.test(file))
          .map(([, , why]) => `${file} imports ${name}: ${why}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps generated protobuf code inside hex", () => {
    const wrong = files.filter(
      (file) => !file.startsWith("hex/") && importsOf(file).some((name) => name.includes("/pb/")),
    );
    expect(wrong).toEqual([]);
  });
});
