/** What a mirror costs: hits against the hosted repository that it follows, misses against asking that itself. */
import { median, medianRate, type Rate, readRate } from "./load.ts";

export const mirrorRepository = "bench_mirror";

export async function benchMirror(
  {
    origin,
    upstream,
    rounds,
    seconds,
  }: {
    origin: string;
    /** The hosted repository's files. */
    upstream: string;
    rounds: number;
    seconds: number;
  },
  /** Publishes so many packages upstream and answers with their names. */
  publishSome: (count: number) => Promise<string[]>,
  record: (name: string, rate: Rate, note: string) => void,
): Promise<void> {
  const mirror = `${origin}/repos/${mirrorRepository}`;
  for (const file of ["packages/secured", "tarballs/secured-1.0.0.tar"]) {
    await (await fetch(`${mirror}/${file}`)).arrayBuffer();
    const measured: { hosted: Rate[]; mirrored: Rate[] } = { hosted: [], mirrored: [] };
    for (let round = 0; round < rounds; round++) {
      measured.hosted.push(await readRate(`${upstream}/${file}`, seconds, {}));
      measured.mirrored.push(await readRate(`${mirror}/${file}`, seconds, {}));
    }
    const [hosted, mirrored] = [medianRate(measured.hosted), medianRate(measured.mirrored)];
    record(`${file}, hosted`, hosted, "1.00 × hosted");
    const ratio = mirrored.perSecond / hosted.perSecond;
    record(`${file}, mirrored`, mirrored, `${ratio.toFixed(2)} × hosted`);
  }

  const names = await publishSome(40);
  const [direct, missed] = [await times(upstream, names), await times(mirror, names)];
  const ratio = median(missed) / median(direct);
  record("fetch package and tarball from upstream", rateOf(direct), "1.00 × direct");
  record("the same, missed by the mirror", rateOf(missed), `${ratio.toFixed(2)} × as long`);
}

/** Milliseconds for each name's two files, one after the other. */
async function times(files: string, names: readonly string[]): Promise<number[]> {
  const taken: number[] = [];
  for (const name of names) {
    const began = performance.now();
    for (const path of [`packages/${name}`, `tarballs/${name}-1.0.0.tar`]) {
      const response = await fetch(`${files}/${path}`);
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      await response.arrayBuffer();
    }
    taken.push(performance.now() - began);
  }
  return taken;
}

function rateOf(ms: readonly number[]): Rate {
  const sorted = [...ms].sort((one, other) => one - other);
  const p50Ms = median([...ms]);
  return { perSecond: 1000 / p50Ms, p50Ms, p99Ms: sorted.at(-1) ?? 0 };
}
