/** The price of knowing who asks: the same files from an open repository, and from a private one by key and by token. */
import { medianRate, type Rate, readRate, send } from "./load.ts";

export const openRepository = "bench_open";
export const shutRepository = "bench_shut";
const mix = "78ea6566-89fd-481e-a1d6-7d9d78eacca8";

/** @param record takes a measurement, and what to say beside it. */
export async function benchAuthentication(
  {
    origin,
    adminKey,
    rounds,
    seconds,
  }: {
    origin: string;
    adminKey: string;
    rounds: number;
    seconds: number;
  },
  tarball: Uint8Array,
  record: (name: string, rate: Rate, note: string) => void,
): Promise<void> {
  for (const repository of [openRepository, shutRepository]) {
    const url = `${origin}/api/repos/${repository}/publish`;
    await send("POST", url, 201, { key: adminKey, body: tarball });
  }
  const call = async (path: string, parameters: object) => {
    const response = await fetch(`${origin}/api${path}`, {
      method: "POST",
      headers: { authorization: adminKey, "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    // What these two paths answer is in server.md.
    return (await response.json()) as { secret: string; access_token: string };
  };
  await call("/users", { username: "reader" });
  await call(`/orgs/${shutRepository}/members`, { name: "reader", role: "read" });
  const permissions = [{ domain: "repositories" }];
  const { secret } = await call("/users/reader/keys", { name: "bench", permissions });
  const { access_token: token } = await call("/oauth/token", {
    ...{ grant_type: "client_credentials", client_id: mix, client_secret: secret },
  });

  for (const file of ["packages/secured", "tarballs/secured-1.0.0.tar"]) {
    const reads: [string, string, Record<string, string>][] = [
      [`${file}, open`, openRepository, {}],
      [`${file}, with a key`, shutRepository, { authorization: secret }],
      [`${file}, with a token`, shutRepository, { authorization: `Bearer ${token}` }],
    ];
    const measured = new Map<string, Rate[]>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, repository, headers] of reads) {
        const rate = await readRate(`${origin}/repos/${repository}/${file}`, seconds, headers);
        measured.set(name, [...(measured.get(name) ?? []), rate]);
      }
    }
    const open = medianRate(measured.get(`${file}, open`) ?? []);
    for (const [name, rates] of measured) {
      const rate = medianRate(rates);
      record(name, rate, `${(rate.perSecond / open.perSecond).toFixed(2)} × open`);
    }
  }
}
