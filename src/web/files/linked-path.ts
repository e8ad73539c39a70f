import type { ReleaseFile } from "../../preview/files.ts";

/** Where the link leads, when that is something in the release. */
export function linkedPath(
  files: readonly ReleaseFile[],
  link: { path: string; linkTarget: string },
): string | undefined {
  const steps = link.path.split("/").slice(0, -1);
  for (const step of link.linkTarget.split("/")) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.pop() === undefined) return undefined;
  }
  const path = steps.join("/");
  const isThere = files.some((it) => it.path === path || it.path.startsWith(`${path}/`));
  return isThere || path === "" ? path : undefined;
}
