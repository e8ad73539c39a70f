/** The real `mix`, with Hex where it is installed: Debian's Elixir comes without it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "./process.ts";
import { temporaryFolder } from "./server.ts";

/** Whether `mix hex` is there; asked without a network, and without waiting for anyone to type. */
export const mixHexAvailable = (() => {
  try {
    execFileSync("mix", ["hex.info"], {
      cwd: tmpdir(),
      stdio: "ignore",
      timeout: 20_000,
      env: { ...process.env, HEX_OFFLINE: "1", MIX_ENV: "prod" },
    });
    return true;
  } catch {
    return false;
  }
})();

export interface MixResult {
  code: number | null;
  output: string;
}

/** Somebody who uses mix, with a Hex home of their own. */
export class MixUser {
  readonly #environment: Record<string, string>;

  constructor(environment: Record<string, string> = {}) {
    this.#environment = {
      HEX_HOME: temporaryFolder(),
      MIX_ENV: "prod",
      HEX_NO_SHORT_URLS: "1",
      HEX_HTTP_TIMEOUT: "10",
      // Whatever is asked of hex.pm is refused at once, and not after minutes without a network.
      HEX_MIRROR_URL: "http://127.0.0.1:9",
      ...environment,
    };
  }

  /** Runs mix in a folder; whoever is asked something gets no answer. */
  mix(
    folder: string,
    args: string,
    environment: Record<string, string> = {},
    onOutput?: (output: string) => void,
  ): Promise<MixResult> {
    const all = { ...this.#environment, ...environment };
    return run("mix", args.split(" "), folder, all, 60_000, onOutput);
  }
}

export interface Project {
  app: string;
  version: string;
  /** As in mix.exs: `[{:foo, "~> 1.0", repo: "test_repo"}]`. */
  deps?: string;
  /** Text that ends up in the package. */
  salt?: string;
}

/** A new mix project, which can be published, and whose `mix docs` writes one page. */
export function mixProject({ app, version, deps = "[]", salt = "one" }: Project): string {
  const folder = temporaryFolder();
  const module = app.replace(/(^|_)(.)/g, (_all, _line, letter: string) => letter.toUpperCase());
  const files = {
    "mix.exs": `defmodule ${module}.MixProject do
  use Mix.Project

  def project do
    [app: :${app}, version: "${version}", deps: ${deps}, description: "What ${app} is for",
     package: [licenses: ["MIT"], links: %{"Code" => "https://example.com"}],
     aliases: [docs: &docs/1]]
  end

  def application, do: []

  defp docs(_args) do
    File.mkdir_p!("doc")
    File.write!("doc/index.html", "<h1>${app} ${version}</h1>")
  end
end
`,
    [`lib/${app}.ex`]: `defmodule ${module} do\n  def salt, do: "${salt}"\nend\n`,
    "README.md": `# ${app}\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
