import type { Context } from "hono";
import * as v from "valibot";
import type { App } from "../app-type.ts";
import { accountsOf, addressOf, urlsOf } from "../context.ts";
import { render } from "../format.ts";
import { parameters } from "../parameters.ts";
import { refuse, refuseInText } from "../refusals.ts";

/** Where `mix hex.outdated` sends people; not a service to hide other addresses behind. */
const hosts = /^(.+\.)?(hex\.pm|hexdocs\.pm|hexorgs\.pm)$/;

/** `POST …/short_url` with `url`. mix sends no credential. */
export async function createShortUrl(c: Context<App>): Promise<Response> {
  const own = new URL(urlsOf(c).origin).host;
  const isOurs = (url: string) => {
    // This is asked of what is no URL, too.
    if (!URL.canParse(url)) return false;
    const { protocol, host, hostname } = new URL(url);
    return /^https?:$/.test(protocol) && (host === own || hosts.test(hostname));
  };
  const schema = v.object({
    url: v.pipe(
      v.string("can't be blank"),
      v.maxLength(8000, "should be at most 8000 character(s)"),
      v.url("must be a URL"),
      v.check(isOurs, "must be a page of this registry, hex.pm or hexdocs.pm"),
    ),
  });
  const read = await parameters(c, schema);
  if ("refused" in read) return refuse(c, read.refused);
  const code = await accountsOf(c).shorten(read.output.url, addressOf(c));
  if (code === null) return refuse(c, { reason: "short_urls_full" });
  if (typeof code !== "string") return refuse(c, code.refused);
  return render(c, 201, { url: `${urlsOf(c).origin}/l/${code}` });
}

/** `GET /l/CODE` */
export async function followShortUrl(c: Context<App>): Promise<Response> {
  const url = await accountsOf(c).expand(c.req.param("code") ?? "");
  return url === null ? refuseInText(c, { reason: "not_found" }) : c.redirect(url, 302);
}
