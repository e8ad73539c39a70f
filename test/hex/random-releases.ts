/** What fast-check makes packages of. */
import fc from "fast-check";
import { binary, type TarMember } from "../support/tarball.ts";

/** Packages as people make them, with names and texts of all kinds. */
export const releases = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9_]{3,20}$/).map((it) => `p_${it}`),
    version: fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((it) => it.join(".")),
    // hex_core cannot read a backslash at the end; see bad-tarballs.ts.
    description: fc
      .string({
        unit: fc.oneof(
          fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
          fc.constantFrom('"', "\\", "\n", "'", "^"),
        ),
      })
      .map((it) => `d ${it} d`),
    requirements: fc.uniqueArray(
      fc
        .record({
          name: fc.stringMatching(/^[a-z][a-z0-9_]{1,20}$/),
          requirement: fc.constantFrom("~> 1.0", "1.0.0", ">= 0.0.0 and < 2.0.0 or ~> 3.0-rc.1"),
          optional: fc.boolean(),
          repository: fc.constantFrom("hexpm", "acme", undefined),
        })
        .map(({ repository, ...it }) => (repository === undefined ? it : { ...it, repository })),
      { selector: (it) => it.name, maxLength: 4 },
    ),
    rebar3: fc.boolean(),
    files: fc.uniqueArray(
      fc.record({
        folder: fc.constantFrom("", "lib/", "src/日本/", "priv/a/b/c/"),
        name: fc.stringMatching(/^[a-z.]{1,10}[a-z]$/),
        bytes: fc.uint8Array({ maxLength: 1500 }),
        kind: fc.constantFrom("file", "file", "file", "folder", "link"),
      }),
      { selector: (it) => it.name, maxLength: 8 },
    ),
  })
  .map(({ files, description, ...release }) => ({
    ...release,
    description,
    metadata: { description: binary(description) },
    files: files.map(({ folder, name, bytes, kind }): TarMember => {
      if (kind === "folder") return { path: `${folder}${name}/`, type: "5" };
      const path = `${folder}${name}`;
      return kind === "link" ? { path, type: "2", linkTarget: "mix.exs" } : { path, bytes };
    }),
  }));
