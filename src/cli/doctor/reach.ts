/** Is there a Hexedge at that address, and does nobody in between read along? */
import { Mistake } from "../mistake.ts";
import { type Finding, fine, wrong } from "./finding.ts";
import { readHealth } from "./health.ts";
import type { Site } from "./site.ts";

export async function checkReach(site: Site): Promise<Finding> {
  const check = "reachable";
  const began = performance.now();
  try {
    await readHealth({ ...site, key: "" });
    return fine(check, `${site.url} answers in ${Math.round(performance.now() - began)} ms`);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return wrong(check, error.message, todoFor(error.message));
  }
}

function todoFor(said: string): string {
  if (/ENOTFOUND|EAI_AGAIN/.test(said))
    return "the host is not known: look at --url, or at its DNS";
  if (/ECONNREFUSED/.test(said)) return "nothing listens there: start it, or look at --url";
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|SSL|EPROTO/.test(said)) {
    return "its certificate is not good for this host: mend it where TLS ends (a proxy, the custom domain)";
  }
  if (/not set up rightly/.test(said))
    return "mend what it says in wrangler.toml or the secrets, and deploy again";
  if (/answers 3\d\d/.test(said)) return "it leads elsewhere: use that address with --url";
  if (/answers 5\d\d/.test(said))
    return "see what it says: `npx wrangler tail`, or the output of npm start";
  if (/something else|answers 4\d\d/.test(said))
    return "look at --url: it is the address without a path";
  return "look at the network between here and there, and whether it runs";
}

export function checkTls({ url }: Site): Finding {
  const check = "TLS";
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return fine(check, "https, with a certificate that is good");
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    return fine(check, "none is needed on one machine");
  }
  const todo = "put a proxy with TLS in front, or a custom domain, and use https:// everywhere";
  return wrong(check, "keys travel over the network for everybody to read", todo);
}
