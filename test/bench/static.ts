/** What the static repository costs: the commands as they are typed, with the start of their process. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { generateSigningKey } from "../../src/hex/sign.ts";
import { makeTarballs } from "../static/packages.ts";
import { packageTarball } from "../support/tarball.ts";
import { median } from "./load.ts";

const releasesOfEach = 5;
const importedPackages = 200;

export async function benchStatic(
  site: { origin: string; adminKey: string; repository: string; packages: readonly number[] },
  tell: (name: string, text: string, value: number) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hexedge-bench-static-"));
  try {
    const key = join(folder, "key.pem");
    await writeFile(key, await generateSigningKey());
    for (const packages of site.packages) {
      const dir = await fill(folder, packages, "acme");
      const build = ["build", dir, "--name", "acme", "--private-key", key];
      await benchBuild(dir, build, packages, tell);
    }
    const dir = await fill(folder, importedPackages, site.repository);
    await ms(site, ["build", dir, "--name", site.repository, "--private-key", key]);
    const releases = importedPackages * releasesOfEach;
    const rate = (name: string, took: number) =>
      tell(name, `${Math.round(took)} ms, ${Math.round(releases / (took / 1000))} a second`, took);
    rate(`import ${releases} releases`, await ms(site, ["import", dir, site.repository]));
    rate("import the same again", await ms(site, ["import", dir, site.repository]));
    // names and versions follow within two seconds.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const target = join(folder, "exported");
    rate(`export ${releases} releases`, await ms(site, ["export", site.repository, target]));
    rate("export the same again", await ms(site, ["export", site.repository, target]));
    // It ends with 1 when something is wrong, and then so does this.
    rate(`check ${releases} releases`, await ms(site, ["check", site.repository]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function fill(folder: string, packages: number, repository: string): Promise<string> {
  const dir = join(folder, `with_${packages}`);
  await mkdir(join(dir, "tarballs"), { recursive: true });
  for (const { file, bytes } of await makeTarballs(packages, releasesOfEach, repository)) {
    await writeFile(join(dir, "tarballs", file), bytes);
  }
  return dir;
}

async function benchBuild(
  dir: string,
  build: readonly string[],
  packages: number,
  tell: (name: string, text: string, value: number) => void,
): Promise<void> {
  const nobody = { origin: "", adminKey: "" };
  const what = `build ${packages} × ${releasesOfEach}`;
  const show = (name: string, took: number) =>
    tell(`${what}, ${name}`, `${Math.round(took)} ms`, took);
  show("from nothing", await ms(nobody, build));
  const times: number[] = [];
  for (const version of ["2.0.0", "2.1.0", "2.2.0"]) {
    const tarball = await packageTarball({ name: "pack_7", version });
    await writeFile(join(dir, `tarballs/pack_7-${version}.tar`), tarball);
    times.push(await ms(nobody, build));
  }
  show("after one new tarball", median(times));
}

async function ms(
  { origin, adminKey }: { origin: string; adminKey: string },
  args: readonly string[],
): Promise<number> {
  const program = join(import.meta.dirname, "../../src/cli/hexedge.ts");
  const env = { ...process.env, HEXEDGE_URL: origin, HEXEDGE_KEY: adminKey };
  const began = performance.now();
  await promisify(execFile)(process.execPath, [program, ...args], { env });
  return Math.round(performance.now() - began);
}
