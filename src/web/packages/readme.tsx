import { raw } from "hono/html";
import { Empty } from "../parts.tsx";
import { filePath, type ReleasePlace } from "../paths.ts";
import type { ReleaseTexts } from "./release-texts.ts";

/** @param texts undefined when nobody can look into the tarball, "busy" when nobody can right now. */
export function Readme(props: { place: ReleasePlace; texts: ReleaseTexts | "busy" | undefined }) {
  const { place, texts } = props;
  if (texts === "busy") {
    return (
      <Empty title="README">
        <p>Many people look at files right now: load this page again in a moment.</p>
      </Empty>
    );
  }
  const readme = texts?.readme;
  if (!readme) {
    return (
      <Empty title="No README">
        <p>
          {texts
            ? "A file called README.md at the top of the package is shown here."
            : "The files of this release cannot be shown here: nobody has fetched it yet, or your key does not open files."}
        </p>
      </Empty>
    );
  }
  return (
    <section class="readme" aria-label={readme.path}>
      {/* Sanitised: see text/sanitise.ts. */}
      {raw(readme.html)}
      {readme.isCut ? (
        <p class="note">
          The rest is in <a href={filePath(place, readme.path)}>{readme.path}</a>.
        </p>
      ) : null}
    </section>
  );
}
