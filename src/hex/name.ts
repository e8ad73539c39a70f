/** Package names: server.md 2.1. */

/** `$` would also match before a trailing newline in Erlang's regex; here both anchors are absolute. */
const pattern = /^[a-z][a-z0-9_]*$/;
const nameLengthMin = 2;
const nameLengthMax = 255;

/** What is wrong with a package name, in hexpm's words, or undefined. */
export function checkPackageName(name: string): string | undefined {
  if (name.length < nameLengthMin) return `should be at least ${nameLengthMin} character(s)`;
  if (name.length > nameLengthMax) return `should be at most ${nameLengthMax} character(s)`;
  if (!pattern.test(name)) return "has invalid format";
  return reserved.has(name) ? "is reserved" : undefined;
}

/** A name that may stand in a URL or an object key: the pattern only, reserved or not. */
export function isPackageName(name: string): boolean {
  return name.length >= nameLengthMin && name.length <= nameLengthMax && pattern.test(name);
}

const reserved = new Set(
  `eex elixir elixirc ex_unit iex logger mix
  otp asn1 common_test compiler crypto debugger dialyzer diameter edoc eldap erl_docgen erl_interface
  erts et eunit ftp hipe inets jinterface kernel megaco mnesia observer odbc os_mon parsetools
  public_key reltool runtime_tools sasl snmp ssh ssl stdlib syntax_tools toolbar tools typer wx xmerl
  tftp httpc httpd
  erlang to_erl run_erl escript erlc erl epmd ct_run rebar rebar3 hex hexpm mix_hex
  net http net_http gen_http
  nul con prn aux com1 com2 com3 com4 com5 com6 com7 com8 com9
  lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9
  package organization www myapp lock locked all assets
  api docs preview search staging stats static`.split(/\s+/),
);
