import { build, stop } from "esbuild";
import { Mistake } from "./mistake.ts";

/** @returns the Worker as one ES module, bundled with wrangler's own bundler and conditions. */
export async function buildWorker(main: string): Promise<string> {
  const result = await build({
    entryPoints: [main],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
  }).catch(() => {
    // The bundler has said why, better than its error does.
    const where = "the configuration's `main` is relative to the file that it stands in";
    throw new Mistake(`the Worker ${main} cannot be built: ${where}`);
  });
  await stop(); // the bundler's own process would stay as long as we do
  const [file] = result.outputFiles;
  if (!file) throw new Error(`${main}: the bundler gave nothing`);
  return file.text;
}
