/**
 * Pages for people: what the Worker needs for a package's page with a README, for the start page and for searches
 * among many packages. One request at a time, so that the time is the Worker's and nobody else's.
 */
import { packageTarball } from "../support/tarball.ts";
import { type Rate, runAtOnce, send } from "./load.ts";

export const pagesRepository = "bench_pages";
export const pagesPackages = 20_000;

const words = [
  ..."fast small safe typed streaming adapter client server parser encoder decoder cache queue".split(
    " ",
  ),
  ..."pool metrics tracing telemetry http json xml yaml protocol database query migration router".split(
    " ",
  ),
];

/** @param record takes a measurement, and what to say beside it. */
export async function benchPages(
  { origin, adminKey, rounds }: { origin: string; adminKey: string; rounds: number },
  hello: string,
  record: (name: string, rate: Rate, note: string) => void,
): Promise<void> {
  const key = adminKey;
  const publish = async (body: Uint8Array) => {
    await send("POST", `${origin}/api/repos/${pagesRepository}/publish`, 201, { key, body });
  };
  const names = Array.from({ length: pagesPackages }, (_, at) => `${wordAt(at)}_${at}`);
  await runAtOnce(
    names.map((name, at) => async () => publish(await small(name, at))),
    8,
  );
  const readme = readmeOf(`${origin}/`);
  for (const version of ["1.0.0", "1.1.0", "2.0.0"]) {
    const files = [
      { path: "README.md", bytes: `${readme}\n${version}\n` },
      { path: "mix.exs", bytes: "defmodule Shown.MixProject do\nend\n" },
      ...Array.from({ length: 60 }, (_, at) => ({
        path: `lib/shown/module_${at}.ex`,
        bytes: `defmodule Shown.Module${at} do\n${"  def f, do: :ok\n".repeat(40)}end # ${version}\n`,
      })),
    ];
    await publish(await packageTarball({ name: "shown", version, files }));
  }
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const pages: [string, string][] = [
    ["hello-world of the platform", hello],
    ["page: start", `${origin}/`],
    ["page: a package with its README", `${origin}/packages/${pagesRepository}/shown`],
    [
      "page: a file",
      `${origin}/packages/${pagesRepository}/shown/2.0.0/files/lib/shown/module_7.ex`,
    ],
    [
      "page: difference of two versions",
      `${origin}/packages/${pagesRepository}/shown/diff/1.0.0..2.0.0`,
    ],
    ["page: search for a word, of 20,000", `${origin}/packages?search=streaming`],
    ["page: search for a name", `${origin}/packages?search=metrics_77`],
    ["page: the 500th of all by downloads", `${origin}/packages?sort=downloads&page=90`],
  ];
  for (const [name, url] of pages) {
    const jobs = Array.from({ length: 60 * rounds }, () => () => look(url, key));
    await runAtOnce(jobs.slice(0, 20), 1);
    const rate = await runAtOnce(jobs, 1);
    record(name, rate, "");
  }
}

async function look(url: string, key: string): Promise<void> {
  const response = await fetch(url, { headers: { authorization: key, accept: "text/html" } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  await response.arrayBuffer();
}

function small(name: string, at: number): Promise<Uint8Array> {
  const about = `A ${wordAt(at * 7 + 3)} ${wordAt(at * 5 + 1)} for ${wordAt(at * 3)} and ${wordAt(at + 11)}`;
  const metadata = { description: `<<"${about}">>` };
  return packageTarball({ name, metadata, files: [{ path: "mix.exs", bytes: "" }] });
}

function wordAt(at: number): string {
  return words[at % words.length] ?? "";
}

/** Some 8 KB, as READMEs are. */
function readmeOf(url: string): string {
  const section = (at: number) => `
## Section ${at}

Some **words** about \`things\`, with a [link](${url}) and a list:

- one
- two
- three

\`\`\`elixir
defmodule Example${at} do
  @doc "Does it"
  def run(options \\\\ []) do
    options |> Keyword.get(:name, "world") |> then(&"Hello #{&1}")
  end
end
\`\`\`
`;
  return `# Shown\n${Array.from({ length: 20 }, (_, at) => section(at)).join("")}`;
}
