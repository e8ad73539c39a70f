/** Which language a file is written in, by its name. */

/** @returns a name that `highlightLines` takes, by the file's name or else its extension. */
export function languageOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return byName.get(name) ?? (name.includes(".") ? byExtension.get(extension) : undefined);
}

const byName = new Map([
  ...named("elixir", "mix.lock"),
  ...named("erlang", "rebar.config", "rebar.config.script", "rebar.lock", "sys.config", "vm.args"),
  ...named("makefile", "Makefile", "makefile", "GNUmakefile", "BSDmakefile"),
  ...named("dockerfile", "Dockerfile", "Containerfile"),
]);

const byExtension = new Map([
  ...named("elixir", "ex", "exs"),
  // `src` is foo.app.src; `script` is rebar.config.script and the like; `config` is sys.config.
  ...named(
    "erlang",
    "erl",
    "hrl",
    "xrl",
    "yrl",
    "app",
    "src",
    "appup",
    "escript",
    "config",
    "script",
  ),
  ...named("gleam", "gleam"),
  ...named("xml", "eex", "heex", "leex", "html", "htm", "xml", "xsd", "svg"),
  ...named("markdown", "md", "markdown", "livemd"),
  ...named("javascript", "js", "mjs", "cjs", "jsx"),
  ...named("typescript", "ts", "mts", "cts", "tsx"),
  ...named("json", "json"),
  ...named("yaml", "yaml", "yml"),
  ...named("bash", "sh", "bash", "zsh"),
  ...named("css", "css"),
  ...named("c", "c", "h"),
  ...named("cpp", "cpp", "cc", "cxx", "hpp", "hh"),
  ...named("rust", "rs"),
  ...named("go", "go"),
  ...named("python", "py"),
  ...named("sql", "sql"),
  ...named("diff", "diff", "patch"),
  ...named("ini", "ini", "toml", "cfg"),
  ...named("makefile", "mk"),
  ...named("dockerfile", "dockerfile"),
]);

function named(language: string, ...names: string[]): [string, string][] {
  return names.map((name) => [name, language]);
}
