/**
 * Which repository a URL of git means: `github.com/owner/name`, whatever the URL looks like. One function
 * for the command that uploads, for the API and for those who clone. Pure.
 */

const lengthMax = 400;
const partLengthMax = 100;
const partsMax = 12;
const host = /^(?=.{1,253}(?::|$))[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::[1-9]\d{0,4})?$/;
/** What hosts of repositories allow in names; `%` would be another way to write all others. */
const part = /^[\w.~+-]+$/;
const defaultPorts = new Map([
  ["http:", "80"],
  ["https:", "443"],
  ["ssh:", "22"],
  ["git:", "9418"],
]);

/**
 * `HOST/OWNER/NAME` in its one spelling: the host in small letters, no `.git` behind it. Owners may nest,
 * or be missing. Letters of names stay as they are: to most hosts they matter.
 * @returns undefined for what is none, and for what could leave its folder.
 */
export function gitAddress(text: string): string | undefined {
  const [first = "", ...rest] = text.replace(/\/$/, "").split("/");
  const names = [...rest.slice(0, -1), rest.at(-1)?.replace(/\.git$/, "") ?? ""];
  const address = [first.toLowerCase(), ...names].join("/");
  if (address.length > lengthMax || names.length > partsMax) return undefined;
  if (!host.test(first.toLowerCase()) || first.includes("..")) return undefined;
  return names.every(isName) ? address : undefined;
}

/** `.git` ends the address in URLs and in storage, so it is nowhere else. */
function isName(name: string): boolean {
  return (
    part.test(name) &&
    name.length <= partLengthMax &&
    !/^\.\.?$/.test(name) &&
    !/\.git$/i.test(name)
  );
}

/**
 * The address of `https://github.com/a/b.git`, `git@github.com:a/b`, `ssh://git@host:2222/a/b` …
 * A port stays when it is not the usual one: two servers may run on one machine.
 * @returns undefined when it is no URL, or of nothing that another machine could fetch.
 */
export function addressOfUrl(text: string): string | undefined {
  // Of which URLs leave out some.
  if (/[\s\p{Cc}\\]/u.test(text)) return undefined;
  const [, scpHost, scpPath] = /^(?:[^@/:]+@)?([^@/:]+):(?!\/\/)\/*(.+)$/.exec(text) ?? [];
  if (scpHost !== undefined && scpPath !== undefined) return gitAddress(`${scpHost}/${scpPath}`);
  const url = URL.parse(text);
  const port = url && defaultPorts.get(url.protocol);
  if (!url || port === undefined || url.search || url.hash) return undefined;
  // What it leaves out, or makes of it, is another path than the client asks for.
  if (/\/\.{0,2}\//.test(text.replace(/^\w+:\/\//, ""))) return undefined;
  const named = url.port === "" || url.port === port ? url.hostname : `${url.hostname}:${url.port}`;
  return gitAddress(`${named}${url.pathname}`);
}
