import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consult } from "../../src/hex/erlang/consult.ts";
import { Tuple } from "../../src/hex/erlang/term.ts";
import { checkMetadata, type Metadata } from "../../src/hex/metadata.ts";
import type { FieldErrors } from "../../src/hex/refusal.ts";
import { binary, metadataConfig, type ReleaseOptions } from "../support/tarball.ts";
import { terms } from "./erlang/random-terms.ts";

/** Anything that must be there is there, and nothing else. */
const least = {
  description: "nil",
  licenses: "nil",
  links: "nil",
};

describe("the metadata of a package", () => {
  it("is read as mix writes it", () => {
    const requirements = [
      { name: "plug", requirement: "~> 1.0 or ~> 2.0", repository: "hexpm" },
      { name: "inner", app: "outer", requirement: "1.0.0", optional: true, repository: "acme" },
    ];
    expect(accepted({ requirements })).toEqual({
      ...simple,
      requirements: [
        dependency({ name: "plug", requirement: "~> 1.0 or ~> 2.0", repository: "hexpm" }),
        dependency({
          name: "inner",
          app: "outer",
          requirement: "1.0.0",
          optional: true,
          repository: "acme",
        }),
      ],
    });
  });

  it("is read as rebar3 writes it, which never says from which repository", () => {
    const requirements = [
      { name: "cowboy", requirement: "2.9.0" },
      { name: "jsx", optional: true },
    ];
    expect(accepted({ requirements, rebar3: true })).toEqual({
      ...simple,
      requirements: [
        dependency({ name: "cowboy", requirement: "2.9.0" }),
        dependency({ name: "jsx", optional: true }),
      ],
    });
  });

  it("is read as very old clients wrote it: files with their content, contributors, no build tools", () => {
    const text = `
      {<<"app">>,<<"foo">>}. {<<"contributors">>,[<<"Ann">>]}. {<<"name">>,<<"foo">>}.
      {<<"version">>,<<"1.0.0">>}. {<<"files">>,[{<<"mix.exs">>,<<"content">>},<<"lib/foo.ex">>]}.
      {<<"requirements">>,[{<<"bar">>,[{<<"app">>,<<"bar">>},{<<"optional">>,nil},{<<"requirement">>,<<"~> 0.1">>}]}]}.`;
    expect(accepted({ metadataText: text })).toEqual({
      ...simple,
      ...{ description: null, licenses: [], links: {} },
      requirements: [dependency({ name: "bar", requirement: "~> 0.1" })],
    });
  });

  it("may be a list of maps, and a map of lists", () => {
    const asMap = '#{<<"bar">> => #{<<"app">> => <<"bar">>, <<"requirement">> => <<"~> 1.0">>}}';
    const asMaps =
      '[#{<<"name">> => <<"bar">>, <<"app">> => <<"bar">>, <<"requirement">> => <<"~> 1.0">>}]';
    const links = '#{<<"GitHub">> => <<"https://example.com">>}';
    for (const requirements of [asMap, asMaps]) {
      expect(accepted({ metadata: { requirements, links } })).toEqual({
        ...simple,
        requirements: [dependency({ name: "bar" })],
      });
    }
  });

  it("may say everything there is to say", () => {
    const metadata = {
      description: binary("Ünï 日本 🦆\nline two"),
      licenses: '[<<"MIT">>,<<"Apache-2.0">>]',
      links: '[{<<"a">>,<<"http://example.com">>},{<<"b">>,<<"https://example.com/?q=1#x">>}]',
      maintainers: '[<<"Ann">>,<<"Bob">>]',
      extra: '[{<<"a">>,[{<<"b">>,[1,<<"c">>,true,nil]}]}]',
      app: binary("Foo-App"),
      build_tools: '[<<"mix">>,<<"rebar3">>,<<"mix">>]',
      elixir: binary("~> 1.14 or >= 2.0.0-rc.1"),
    };
    expect(accepted({ metadata })).toEqual({
      ...simple,
      description: "Ünï 日本 🦆\nline two",
      licenses: ["MIT", "Apache-2.0"],
      links: { a: "http://example.com", b: "https://example.com/?q=1#x" },
      maintainers: ["Ann", "Bob"],
      extra: { a: { b: [1, "c", true, null] } },
      app: "Foo-App",
      buildTools: ["mix", "rebar3"],
      elixir: "~> 1.14 or >= 2.0.0-rc.1",
    });
  });

  it("may say nothing about what may be absent", () => {
    for (const nothing of ["nil", "undefined"]) {
      const absent = {
        description: nothing,
        licenses: nothing,
        links: nothing,
        maintainers: nothing,
      };
      const metadata = { ...absent, extra: nothing, elixir: nothing, requirements: nothing };
      const expected = { ...simple, description: null, licenses: [], links: {} };
      expect(accepted({ metadata })).toEqual(expected);
    }
    const text = metadataConfig({ metadata: least }).replaceAll(/^.*(nil|requirements).*\n/gm, "");
    const expected = { ...simple, description: null, licenses: [], links: {} };
    expect(accepted({ metadataText: text })).toEqual(expected);
  });

  it("may have keys that nobody knows", () => {
    const metadata = { secret_scan: "true", "": "1", __proto__: "2", constructor: "[]" };
    expect(accepted({ metadata: { ...metadata, ["__proto__"]: "[]" } })).toEqual(simple);
  });

  it("means the last of two equal keys, as in hex_core", () => {
    const text = `${metadataConfig({ name: "first" })}{<<"name">>,<<"last">>}.\n`;
    expect(accepted({ metadataText: text }).name).toBe("last");
    const links = '[{<<"a">>,<<"http://first">>},{<<"a">>,<<"http://last">>}]';
    expect(accepted({ metadata: { links } }).links).toEqual({ a: "http://last" });
    const requirements =
      '[{<<"bar">>,1},{<<"bar">>,[{<<"app">>,<<"x">>},{<<"app">>,<<"bar">>},{<<"requirement">>,<<"~> 1.0">>}]}]';
    expect(accepted({ metadata: { requirements } }).requirements).toEqual([
      dependency({ name: "bar" }),
    ]);
  });
});

describe("metadata that is no list of keys and values", () => {
  it.each([
    ["a list of pairs in one term", '[{<<"name">>,<<"foo">>}].'],
    ["a map", '#{<<"name">> => <<"foo">>}.'],
    ["a tuple of three", '{<<"name">>,<<"foo">>,1}.'],
    ["a tuple of one", '{<<"name">>}.'],
    ["a number", "1."],
    ["a key that is an atom", '{name,<<"foo">>}.'],
    ["a key that is a charlist", '{"name",<<"foo">>}.'],
    ["a key that is true", "{true,1}."],
    ["a key that is nil", "{nil,1}."],
    ["a key that is not UTF-8", "{<<255>>,1}."],
    ["a key that is a list", "{[],1}."],
  ])("is refused: %s", (_, text) => {
    for (const metadataText of [text, `${metadataConfig()}${text}`]) {
      expect(check({ metadataText })).toEqual({
        refused: {
          reason: "bad_tarball",
          message: "error reading package metadata: not in key-value format",
        },
      });
    }
  });

  it("is refused field by field when there is nothing at all", () => {
    expect(refused({ metadataText: "" })).toEqual({
      name: "can't be blank",
      version: "can't be blank",
      meta: {
        app: "can't be blank",
        files: "package can't be empty",
        build_tools: "can't be blank",
      },
    });
  });

  it("is refused with everything that is wrong at once", () => {
    const metadata = {
      ...{ name: binary("Foo"), version: binary("1.0"), app: "1", description: "[]" },
      ...{ licenses: "1", links: "[1]", maintainers: "{}", extra: "2", build_tools: "[1]" },
      ...{ elixir: binary("x"), files: "[]", requirements: "1" },
    };
    expect(refused({ metadata })).toEqual({
      name: "has invalid format",
      version: "is invalid SemVer",
      meta: {
        app: "expected type string",
        description: "expected type string",
        licenses: "expected type list(string)",
        links: "expected type map(string)",
        maintainers: "expected type list(string)",
        extra: "expected type map",
        build_tools: "expected type list(string)",
        elixir: 'invalid requirement: "x"',
        files: "package can't be empty",
      },
      requirements: "expected type list(map)",
    });
  });
});

describe("a field of metadata", () => {
  it.each<[field: string, value: string, errors: FieldErrors]>([
    ["name", binary(""), { name: "can't be blank" }],
    ["name", binary("  "), { name: "can't be blank" }],
    ["name", "nil", { name: "can't be blank" }],
    ["name", "undefined", { name: "can't be blank" }],
    ["name", binary("f"), { name: "should be at least 2 character(s)" }],
    ["name", binary("a".repeat(256)), { name: "should be at most 255 character(s)" }],
    ["name", binary("Foo"), { name: "has invalid format" }],
    ["name", binary("foo-bar"), { name: "has invalid format" }],
    ["name", binary("foo\n"), { name: "has invalid format" }],
    ["name", binary("../foo"), { name: "has invalid format" }],
    ["name", binary("__proto__"), { name: "has invalid format" }],
    ["name", binary("hex"), { name: "is reserved" }],
    ["name", "foo", { name: "expected type string" }],
    ["name", '"foo"', { name: "expected type string" }],
    ["name", "<<255>>", { name: "expected type string" }],
    ["name", '[<<"foo">>]', { name: "expected type string" }],
    ["name", "#{}", { name: "expected type string" }],
    ["name", "1", { name: "expected type string" }],
    ["version", "nil", { version: "can't be blank" }],
    ["version", binary(""), { version: "can't be blank" }],
    ["version", binary("1.0"), { version: "is invalid SemVer" }],
    ["version", binary("1.0.0\n"), { version: "is invalid SemVer" }],
    ["version", binary("\n1.0.0"), { version: "is invalid SemVer" }],
    ["version", binary("1.0.0/../.."), { version: "is invalid SemVer" }],
    ["version", binary("v1.0.0"), { version: "is invalid SemVer" }],
    ["version", binary("01.0.0"), { version: "is invalid SemVer" }],
    ["version", binary("1.0.0+build"), { version: "build number not allowed" }],
    [
      "version",
      binary("1.0.100000000000000"),
      { version: "numeric components must be at most 99999999999999" },
    ],
    [
      "version",
      binary(`1.0.0-${"a".repeat(65)}`),
      { version: "prerelease must be at most 64 characters" },
    ],
    ["version", "1", { version: "expected type string" }],
    ["version", "{1,0,0}", { version: "expected type string" }],
    ["app", "nil", { meta: { app: "can't be blank" } }],
    ["app", binary(" "), { meta: { app: "can't be blank" } }],
    ["app", "foo", { meta: { app: "expected type string" } }],
    ["description", "1", { meta: { description: "expected type string" } }],
    ["description", '"a charlist"', { meta: { description: "expected type string" } }],
    ["description", '<<"caf\u00e9">>', { meta: { description: "expected type string" } }],
    ["licenses", binary("MIT"), { meta: { licenses: "expected type list(string)" } }],
    ["licenses", '[<<"MIT">>,1]', { meta: { licenses: "expected type list(string)" } }],
    ["licenses", '{<<"MIT">>}', { meta: { licenses: "expected type list(string)" } }],
    ["maintainers", "[[]]", { meta: { maintainers: "expected type list(string)" } }],
    ["maintainers", "[nil]", { meta: { maintainers: "expected type list(string)" } }],
    ["links", binary("https://example.com"), { meta: { links: "expected type map(string)" } }],
    ["links", '[<<"https://example.com">>]', { meta: { links: "expected type map(string)" } }],
    ["links", '[{<<"a">>,1}]', { meta: { links: "expected type map(string)" } }],
    ["links", '[{<<"a">>,nil}]', { meta: { links: "expected type map(string)" } }],
    ["links", '[{<<"a">>,"http://a.b"}]', { meta: { links: "expected type map(string)" } }],
    ["links", '[{1,<<"http://a.b">>}]', { meta: { links: "expected type map(string)" } }],
    ["links", '#{1 => <<"http://a.b">>}', { meta: { links: "expected type map(string)" } }],
    ["links", '[{<<"a">>,<<"http://a.b">>,1}]', { meta: { links: "expected type map(string)" } }],
    ["extra", "[1]", { meta: { extra: "expected type map" } }],
    ["extra", "[[]]", { meta: { extra: "expected type map" } }],
    ["extra", binary("text"), { meta: { extra: "expected type map" } }],
    ["extra", "#{1 => 2}", { meta: { extra: "expected type map" } }],
    ["extra", "true", { meta: { extra: "expected type map" } }],
    ["build_tools", "[]", { meta: { build_tools: "can't be blank" } }],
    ["build_tools", binary("mix"), { meta: { build_tools: "expected type list(string)" } }],
    ["build_tools", "[mix]", { meta: { build_tools: "expected type list(string)" } }],
    ["elixir", "1", { meta: { elixir: "expected type string" } }],
    ["elixir", binary("1.14"), { meta: { elixir: 'invalid requirement: "1.14"' } }],
    ["elixir", binary("~> 1.14\n"), { meta: { elixir: 'invalid requirement: "~> 1.14\\n"' } }],
    [
      "elixir",
      binary("!= 1.0.0"),
      { meta: { elixir: 'invalid requirement: "!= 1.0.0", != is not allowed in requirements' } },
    ],
    ["files", "[]", { meta: { files: "package can't be empty" } }],
    ["files", "nil", { meta: { files: "package can't be empty" } }],
    ["files", binary("mix.exs"), { meta: { files: "expected type list(string)" } }],
    ["files", "[1]", { meta: { files: "expected type list(string)" } }],
    ["files", "[{}]", { meta: { files: "expected type list(string)" } }],
    ["files", '["mix.exs"]', { meta: { files: "expected type list(string)" } }],
  ])("is refused: %s that is %s", (field, value, errors) => {
    for (const repository of ["public", "private"] as const) {
      expect(refused({ metadata: { [field]: value } }, repository)).toEqual(errors);
    }
  });

  it.each([
    "http://example.com",
    "https://a",
    "HTTPS://EXAMPLE.COM/a b".replace(" ", "%20"),
    "https://user@example.com:8080/?a=b&c[]=d#e",
    "https://日本.example/æ",
    "http://[::1]/",
  ])("may be a link to %s", (url) => {
    const links = `[{<<"a">>,${binary(url)}}]`;
    expect(accepted({ metadata: { links } }).links).toEqual({ a: url });
  });

  it.each([
    "",
    "example.com",
    "//example.com",
    "/path",
    "http:",
    "http://",
    "https:///",
    "http:example.com",
    "http:/example.com",
    "ftp://example.com",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "mailto:ann@example.com",
    " https://example.com",
    "https://example.com ",
    "https://exa\nmple.com",
    "https://exa\tmple.com",
    "https://exa mple.com",
    "https:\\\\example.com",
    "https://example.com\\@evil.com",
    "https://example.com:99999/",
    "xhttps://example.com",
  ])("must not be a link to %j", (url) => {
    const links = `[{<<"a">>,${binary(url)}}]`.replaceAll("\t", "\\t");
    const errors = { meta: { links: `invalid link ${JSON.stringify(url)}` } };
    expect(refused({ metadata: { links } }, "private")).toEqual(errors);
    expect(refused({ metadata: { links } }, "public")).toEqual(errors);
  });

  it("keeps the first complaint about many wrong links", () => {
    const links = '[{<<"a">>,<<"one">>},{<<"b">>,<<"two">>},{<<"c">>,3}]';
    expect(refused({ metadata: { links } })).toEqual({ meta: { links: 'invalid link "one"' } });
  });

  it("keeps a link, a requirement and a key of extra by the name __proto__ what they are", () => {
    const links =
      '[{<<"__proto__">>,<<"https://example.com">>},{<<"constructor">>,<<"http://a">>}]';
    const extra = '[{<<"__proto__">>,[{<<"admin">>,true}]},{<<"toString">>,1}]';
    const metadata = accepted({ metadata: { links, extra } });
    expect(JSON.stringify(metadata.links)).toBe(
      '{"__proto__":"https://example.com","constructor":"http://a"}',
    );
    expect(JSON.stringify(metadata.extra)).toBe('{"__proto__":{"admin":true},"toString":1}');
    expect({}).not.toHaveProperty("admin");
    const errors = refused({
      requirements: [{ name: "__proto__" }, { name: "constructor", requirement: "x" }],
    });
    expect(JSON.stringify(errors)).toBe(
      '{"requirements":{"__proto__":"has invalid format","constructor":"invalid requirement: \\"x\\""}}',
    );
  });
});

describe("the build tools of a package", () => {
  it.each([
    [["mix.exs"], ["mix"]],
    [["rebar.config"], ["rebar3"]],
    [["rebar"], ["rebar3"]],
    [["rebar", "rebar.config"], ["rebar3"]],
    [["Makefile"], ["make"]],
    [["Makefile.win"], ["make"]],
    [
      ["rebar.config", "mix.exs", "Makefile.win", "Makefile", "README"],
      ["make", "mix", "rebar3"],
    ],
  ])("are guessed from the files at the top, in hex_core's order: %j means %j", (files, tools) => {
    const metadata = { build_tools: "nil", files: `[${files.map(binary).join(",")}]` };
    expect(accepted({ metadata }).buildTools).toEqual(tools);
    expect(accepted({ metadata: { ...metadata, build_tools: "undefined" } }).buildTools).toEqual(
      tools,
    );
  });

  it.each([[["lib/mix.exs"]], [["./mix.exs"]], [["MIX.EXS"]], [["gleam.toml", "src/a.gleam"]]])(
    "are not guessed from %j",
    (files) => {
      const metadata = { build_tools: "nil", files: `[${files.map(binary).join(",")}]` };
      expect(refused({ metadata })).toEqual({ meta: { build_tools: "can't be blank" } });
    },
  );

  it("are not guessed when the package says them, whatever they are", () => {
    const metadata = { build_tools: '[<<"gleam">>]', files: '[<<"mix.exs">>]' };
    expect(accepted({ metadata }).buildTools).toEqual(["gleam"]);
  });
});

describe("a public repository", () => {
  it.each(["nil", "undefined", binary(""), binary(" \n\t ")])(
    "asks for a description, and %s is none",
    (description) => {
      const errors = { meta: { description: "can't be blank" } };
      expect(refused({ metadata: { description } }, "public")).toEqual(errors);
      expect(check({ metadata: { description } }, "private")).toHaveProperty("metadata");
    },
  );

  it.each(["nil", "undefined"])("asks for licenses, and %s is none", (licenses) => {
    const errors = { meta: { licenses: "can't be blank" } };
    expect(refused({ metadata: { licenses } }, "public")).toEqual(errors);
    expect(check({ metadata: { licenses } }, "private")).toHaveProperty("metadata");
  });

  it("asks for licenses that are not there", () => {
    const metadataText = metadataConfig().replace(/^.*licenses.*\n/m, "");
    expect(refused({ metadataText }, "public")).toEqual({ meta: { licenses: "can't be blank" } });
    expect(check({ metadataText }, "private")).toHaveProperty("metadata");
  });

  it("is content with an empty list of licenses, as hexpm is", () => {
    expect(check({ metadata: { licenses: "[]" } }, "public")).toHaveProperty("metadata");
  });

  it.each([
    "MIT",
    "Apache-2.0",
    "GPL-2.0",
    ...["GPL-1.0+", "GPL-2.0+", "GPL-3.0+", "LGPL-2.0+", "LGPL-2.1+", "LGPL-3.0+"],
    "GPL-3.0-or-later",
    "0BSD",
    "LicenseRef-a",
    "LicenseRef-My.License-1",
  ])("knows the license %s", (id) => {
    expect(check({ metadata: { licenses: `[${binary(id)}]` } }, "public")).toHaveProperty(
      "metadata",
    );
  });

  it.each([
    "",
    "mit",
    "Apache 2",
    "Apache 2.0",
    "MIT OR Apache-2.0",
    "MIT\n",
    " MIT",
    "LicenseRef-",
    "LicenseRef-a b",
    "LicenseRef-a\n",
    "licenseref-a",
    "Proprietary",
    "constructor",
    "__proto__",
  ])("does not know the license %j, which a private one takes", (id) => {
    const licenses = `[<<"MIT">>,${binary(id)},<<"other">>]`;
    const errors = { meta: { licenses: `invalid license ${JSON.stringify(id)}` } };
    expect(refused({ metadata: { licenses } }, "public")).toEqual(errors);
    expect(accepted({ metadata: { licenses } }).licenses).toEqual(["MIT", id, "other"]);
  });

  it("says both of two things that it asks for", () => {
    expect(refused({ metadata: least }, "public")).toEqual({
      meta: { description: "can't be blank", licenses: "can't be blank" },
    });
  });
});

describe("a requirement", () => {
  const full = {
    app: '<<"bar">>',
    optional: "false",
    requirement: '<<"~> 1.0">>',
    repository: '<<"hexpm">>',
  };

  it.each<[what: string, properties: Record<string, string>, error: string]>([
    ["without a requirement", { requirement: "nil" }, "can't be blank"],
    ["with an undefined requirement", { requirement: "undefined" }, "can't be blank"],
    ["with an empty requirement", { requirement: binary("") }, "can't be blank"],
    ["with a blank requirement", { requirement: binary("  \n") }, "can't be blank"],
    ["with a wrong requirement", { requirement: binary("~> 1") }, 'invalid requirement: "~> 1"'],
    [
      "with a line feed in its requirement",
      { requirement: binary("~> 1.0\n") },
      'invalid requirement: "~> 1.0\\n"',
    ],
    [
      "with !=",
      { requirement: binary("!= 1.0.0") },
      'invalid requirement: "!= 1.0.0", != is not allowed in requirements',
    ],
    [
      "with !, which hexpm takes for !=",
      { requirement: binary("! 1.0.0") },
      'invalid requirement: "! 1.0.0", != is not allowed in requirements',
    ],
    ["with a requirement that is a charlist", { requirement: '"1.0.0"' }, "expected type string"],
    ["with a requirement that is a list", { requirement: "[]" }, "expected type string"],
    ["without an application", { app: "nil" }, "app can't be blank"],
    ["with an undefined application", { app: "undefined" }, "app can't be blank"],
    ["with a blank application", { app: binary(" ") }, "app can't be blank"],
    ["with an application that is an atom", { app: "bar" }, "app can't be blank"],
    [
      "that is optional by a word",
      { optional: binary("true") },
      "expected optional to be a boolean",
    ],
    ["that is optional by a number", { optional: "1" }, "expected optional to be a boolean"],
    [
      "with a repository that is an atom",
      { repository: "hexpm" },
      "expected repository to be a string",
    ],
    [
      "with a repository that is a list",
      { repository: "[]" },
      "expected repository to be a string",
    ],
  ])("%s is refused", (_, properties, error) => {
    for (const requirements of bothShapes("bar", { ...full, ...properties })) {
      expect(refused({ metadata: { requirements } })).toEqual({ requirements: { bar: error } });
    }
  });

  it.each(["", "optional", "repository"])("may leave out %s", (left) => {
    const { [left as keyof typeof full]: _, ...rest } = full;
    const repository = left === "repository" ? null : "hexpm";
    for (const requirements of bothShapes("bar", rest)) {
      const expected = [dependency({ name: "bar", repository })];
      expect(accepted({ metadata: { requirements } }).requirements).toEqual(expected);
    }
  });

  it.each(["app", "requirement"])("must not leave out %s", (left) => {
    const { [left as keyof typeof full]: _, ...rest } = full;
    for (const requirements of bothShapes("bar", rest)) {
      expect(refused({ metadata: { requirements } })).toHaveProperty("requirements.bar");
    }
  });

  it.each(["nil", "undefined"])("may be optional by %s, which means no", (optional) => {
    for (const requirements of bothShapes("bar", { ...full, optional })) {
      expect(accepted({ metadata: { requirements } }).requirements).toMatchObject([
        { optional: false },
      ]);
    }
  });

  it.each([
    "A",
    "a",
    "/",
    ".",
    "Foo",
    "foo-bar",
    "foo\n",
    "../foo",
    "a/b",
    "a.b",
    " ",
    "a".repeat(256),
    `${"A".repeat(300)}/`,
  ])("must not be of a package named %j", (name) => {
    for (const requirements of bothShapes(name, full)) {
      expect(refused({ metadata: { requirements } })).toEqual({
        requirements: { [name]: "has invalid format" },
      });
    }
  });

  it("may be of a package whose name is reserved: somebody may mirror it", () => {
    expect(accepted({ requirements: [{ name: "hex" }] }).requirements).toHaveLength(1);
  });

  it("may be of the package itself", () => {
    expect(accepted({ requirements: [{ name: "foo" }] }).requirements).toHaveLength(1);
  });

  it("is refused when it is there twice in mix's way", () => {
    const requirements = [{ name: "bar" }, { name: "bar", requirement: "1.0.0" }];
    expect(refused({ requirements })).toEqual({ requirements: { bar: "is there twice" } });
  });

  it("keeps what it says about one apart from what it says about the next", () => {
    const requirements = [{ name: "good" }, { name: "bad", requirement: "x" }, { name: "Bad" }];
    expect(refused({ requirements })).toEqual({
      requirements: { bad: 'invalid requirement: "x"', Bad: "has invalid format" },
    });
  });

  it.each([
    "1",
    "nil_",
    binary("bar"),
    "[1]",
    '[<<"bar">>]',
    "[[]]",
    "[[1]]",
    '[[{<<"app">>,<<"bar">>}]]',
    '[[{<<"name">>,nil}]]',
    '[[{<<"name">>,bar}]]',
    '[[{<<"name">>,<<>>}]]',
    '[{<<"bar">>,<<"~> 1.0">>}]',
    '[{<<"bar">>,[<<"~> 1.0">>]}]',
    '[{bar,[{<<"app">>,<<"bar">>}]}]',
    '[{<<>>,[{<<"app">>,<<"bar">>}]}]',
    '[{<<"bar">>,[{<<"app">>,<<"bar">>}]},[{<<"name">>,<<"baz">>}]]',
    '[[{<<"name">>,<<"baz">>}],{<<"bar">>,[{<<"app">>,<<"bar">>}]}]',
    '#{<<"bar">> => 1}',
    "#{1 => #{}}",
    '{<<"bar">>,[]}',
  ])("is in one of the shapes that clients write, not %s", (requirements) => {
    const errors = { requirements: "expected type list(map)" };
    expect(refused({ metadata: { requirements } })).toEqual(errors);
  });
});

describe("what a package says of itself in extra", () => {
  it("becomes JSON: lists of pairs are objects, and bytes that are no text are Latin-1", () => {
    const extra = `[{<<"pairs">>,[{<<"a">>,1}]},{<<"map">>,#{<<"b">> => [nil,true]}},{<<"none">>,[]},
      {<<"big">>,99999999999999999999},{<<"atom">>,undefined},{<<"bytes">>,<<0,255,128>>},
      {<<"tuple">>,{1,{2}}},{<<"charlist">>,"ab"},{<<"mixed">>,[{<<"a">>,1},2]},{<<"keys">>,#{1 => 2}}]`;
    expect(accepted({ metadata: { extra } }).extra).toEqual({
      pairs: { a: 1 },
      map: { b: [null, true] },
      none: [],
      big: "99999999999999999999",
      atom: "undefined",
      bytes: "\0ÿ\u0080",
      tuple: [1, [2]],
      charlist: [97, 98],
      mixed: [["a", 1], 2],
      keys: null,
    });
  });

  it("may be half a megabyte of bytes that are no text", () => {
    const extra = `[{<<"bytes">>,<<"${"\u00ff".repeat(500_000)}">>}]`;
    expect(accepted({ metadata: { extra } }).extra).toEqual({ bytes: "ÿ".repeat(500_000) });
  });

  it("may be as deep as terms may be", () => {
    const extra = `[{<<"deep">>,${"[".repeat(60)}${"]".repeat(60)}}]`;
    expect(accepted({ metadata: { extra } }).extra).toHaveProperty("deep");
  });
});

describe("any terms at all", () => {
  const fields = [
    "name",
    "version",
    "app",
    "description",
    "licenses",
    "links",
    "maintainers",
    "extra",
    "build_tools",
    "elixir",
    "files",
    "requirements",
    "other",
  ];

  it("are metadata or a refusal", () => {
    const anyTerms = fc.array(terms({ floats: true }), { maxLength: 5 });
    fc.assert(
      fc.property(anyTerms, fc.boolean(), (list, isPublic) => {
        expectAnswer(checkMetadata(list, { public: isPublic }));
      }),
    );
  });

  it("are metadata or a refusal in place of any field", () => {
    const right = consult(metadataConfig());
    const pair = fc.tuple(fc.constantFrom(...fields), terms({ floats: true }));
    fc.assert(
      fc.property(
        fc.array(pair, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (pairs, isPublic) => {
          const wrong = pairs.map(([name, term]) => new Tuple([name, term]));
          expectAnswer(checkMetadata([...right, ...wrong], { public: isPublic }));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("are metadata or a refusal in place of any property of a requirement", () => {
    const property = fc.tuple(
      fc.constantFrom("name", "app", "requirement", "optional", "repository", "x"),
      fc.oneof(terms({ floats: true }), fc.constantFrom("bar", "~> 1.0", "__proto__", "a.b", "")),
    );
    const properties = fc.array(
      property.map((it) => new Tuple(it)),
      { maxLength: 6 },
    );
    const named = fc
      .tuple(fc.constantFrom("bar", "baz", "__proto__", ""), properties)
      .map((it) => new Tuple(it));
    const right = consult(metadataConfig());
    fc.assert(
      fc.property(fc.oneof(fc.array(properties), fc.array(named)), (requirements) => {
        const wrong = new Tuple(["requirements", requirements]);
        expectAnswer(checkMetadata([...right, wrong], { public: false }));
      }),
      { numRuns: 2_000 },
    );
  });
});

const simple: Metadata = {
  name: "foo",
  version: "1.0.0",
  app: "foo",
  description: "What foo is for",
  licenses: ["MIT"],
  links: { GitHub: "https://example.com" },
  maintainers: [],
  extra: {},
  buildTools: ["mix"],
  elixir: null,
  requirements: [],
};

function dependency(it: { name: string } & Partial<Metadata["requirements"][number]>) {
  return { app: it.name, requirement: "~> 1.0", optional: false, repository: null, ...it };
}

/** As mix and as rebar3 write them. */
function bothShapes(name: string, properties: Record<string, string>): string[] {
  const list = Object.entries(properties).map(([key, value]) => `{<<"${key}">>,${value}}`);
  return [
    `[[${[`{<<"name">>,${binary(name)}}`, ...list].join(",")}]]`,
    `[{${binary(name)},[${list.join(",")}]}]`,
  ];
}

type Release = Omit<ReleaseOptions, "metadataText"> & { metadataText?: string };

function check(
  { metadataText, ...release }: Release,
  repository: "public" | "private" = "private",
) {
  const read = consult(metadataText ?? metadataConfig(release));
  return checkMetadata(read, { public: repository === "public" });
}

function accepted(release: Release): Metadata {
  const checked = check(release);
  if ("refused" in checked) throw new Error(JSON.stringify(checked.refused));
  return checked.metadata;
}

function refused(release: Release, repository: "public" | "private" = "private"): FieldErrors {
  const checked = check(release, repository);
  if (!("refused" in checked) || checked.refused.reason !== "bad_metadata")
    throw new Error(`unexpected: ${JSON.stringify(checked)}`);
  return checked.refused.errors;
}

/** Whatever the answer is, it can be sent. */
function expectAnswer(checked: ReturnType<typeof checkMetadata>): void {
  expect(Object.keys(checked)).toHaveLength(1);
  expect(JSON.stringify(checked)).toMatch(/^\{"(metadata|refused)":\{/);
  if ("refused" in checked) return;
  const { name, version, app, buildTools, requirements } = checked.metadata;
  expect([name, version, app].every((it) => it.trim() !== "")).toBe(true);
  expect(buildTools).not.toEqual([]);
  for (const it of requirements) expect(it.name).toMatch(/^[a-z][a-z0-9_]+$/);
}
