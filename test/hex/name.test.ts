import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPackageName, isPackageName } from "../../src/hex/name.ts";

describe("a package name", () => {
  it.each([
    "ab",
    "phoenix",
    "ex_doc",
    "p1_utils",
    "a1",
    "a_",
    "x__y",
    "eex2",
    "rebar4",
    `a${"b".repeat(254)}`,
  ])("may be %s", (name) => {
    expect(checkPackageName(name)).toBeUndefined();
    expect(isPackageName(name)).toBe(true);
  });

  it.each([
    "Phoenix",
    "phoeniX",
    "1password",
    "_private",
    "ex-doc",
    "ex.doc",
    "ex doc",
    " foo",
    "foo ",
    "foo\n",
    "foo\r",
    "\nfoo",
    "foo\nbar",
    "foo\0",
    "foo/bar",
    "foo\\bar",
    "..",
    "../foo",
    "foo%2f",
    "foo:bar",
    "foé",
    "ｆｏｏ",
    "fоo",
    "foo\u200b",
    "__proto__",
  ])("must not be %j", (name) => {
    expect(checkPackageName(name)).toBe("has invalid format");
    expect(isPackageName(name)).toBe(false);
  });

  it.each(["", "a", "A", "/", ".", "\n"])("must not be as short as %j", (name) => {
    expect(checkPackageName(name)).toBe("should be at least 2 character(s)");
    expect(isPackageName(name)).toBe(false);
  });

  it("must not be longer than 255 characters", () => {
    expect(checkPackageName("a".repeat(256))).toBe("should be at most 255 character(s)");
    expect(isPackageName("a".repeat(256))).toBe(false);
  });

  it("is nothing but lower-case letters, digits and underscores, whatever else is tried", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z]+/));
    fc.assert(
      fc.property(text, (name) => {
        const plain = [...name].every((it) => "abcdefghijklmnopqrstuvwxyz0123456789_".includes(it));
        const right = plain && name.length > 1 && name.length < 256 && /^\p{Ll}/u.test(name);
        expect(isPackageName(name)).toBe(right);
        if (!right) expect(checkPackageName(name)).toBeTypeOf("string");
      }),
      { numRuns: 2_000 },
    );
  });
});

/** As hexpm lists them in lib/hexpm/repository/package.ex. */
const reserved = {
  "of Elixir": "eex elixir elixirc ex_unit iex logger mix",
  "of OTP": `otp asn1 common_test compiler crypto debugger dialyzer diameter edoc eldap erl_docgen
    erl_interface erts et eunit ftp hipe inets jinterface kernel megaco mnesia observer odbc os_mon
    parsetools public_key reltool runtime_tools sasl snmp ssh ssl stdlib syntax_tools toolbar tools
    typer wx xmerl`,
  "of inets": "tftp httpc httpd",
  "of tools": `erlang typer to_erl run_erl escript erlc erl epmd dialyzer ct_run rebar rebar3 hex
    hexpm mix_hex`,
  "of applications": "net http net_http gen_http",
  "of devices on Windows": `nul con prn aux com1 com2 com3 com4 com5 com6 com7 com8 com9
    lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9`,
  "that say nothing": "package organization www myapp lock locked all assets",
  "of subdomains": "api docs preview search staging stats static",
};

describe("names that are reserved", () => {
  it.each(Object.entries(reserved))("are those %s", (_, names) => {
    for (const name of names.split(/\s+/)) {
      expect(checkPackageName(name), name).toBe("is reserved");
    }
  });

  it("may still be read in an address, for whoever mirrors them", () => {
    expect(isPackageName("ssl")).toBe(true);
  });

  it("are no names of JavaScript", () => {
    for (const name of ["constructor", "prototype", "hasownproperty", "undefined", "null"]) {
      expect(checkPackageName(name), name).toBeUndefined();
    }
  });
});
