/** A package that is there for a moment, to see that publishing and resolving work. */
import { gzipSync } from "fflate";
import { concatBytes, sha256, toHex } from "../../hex/checksum.ts";

export const throwAway = { name: "hexedge_setup_check", version: "0.0.1" };

/** Its tarball, as `mix hex.publish` would make it; the same bytes each time. */
export async function throwAwayTarball(): Promise<Uint8Array> {
  const { name, version } = throwAway;
  const description = "Published and reverted by npm run setup";
  const metadata = utf8.encode(
    `{<<"name">>,<<"${name}">>}.\n{<<"version">>,<<"${version}">>}.\n{<<"app">>,<<"${name}">>}.\n` +
      `{<<"description">>,<<"${description}">>}.\n{<<"licenses">>,[<<"Apache-2.0">>]}.\n` +
      `{<<"links">>,[]}.\n{<<"build_tools">>,[<<"mix">>]}.\n{<<"files">>,[<<"mix.exs">>]}.\n` +
      `{<<"requirements">>,[]}.\n`,
  );
  const format = utf8.encode("3");
  const contents = gzipSync(tar({ "mix.exs": utf8.encode(`# ${description}\n`) }), { mtime: 0 });
  const checksum = utf8.encode(toHex(await sha256(format, metadata, contents)).toUpperCase());
  return tar({
    ...{ VERSION: format, CHECKSUM: checksum },
    ...{ "metadata.config": metadata, "contents.tar.gz": contents },
  });
}

const utf8 = new TextEncoder();

/** ustar: for each file a header of 512 bytes and the bytes filled up to 512, and two empty blocks. */
function tar(files: Record<string, Uint8Array>): Uint8Array {
  const pieces = Object.entries(files).flatMap(([path, bytes]) => [
    header(path, bytes.length),
    bytes,
    new Uint8Array((512 - (bytes.length % 512)) % 512),
  ]);
  return concatBytes([...pieces, new Uint8Array(1024)]);
}

function header(path: string, sizeBytes: number): Uint8Array {
  const block = new Uint8Array(512);
  const put = (offset: number, text: string) => block.set(utf8.encode(text), offset);
  put(0, path);
  put(100, "0000644\0"); // mode
  put(108, "0000000\0"); // uid
  put(116, "0000000\0"); // gid
  put(124, `${octal(sizeBytes, 11)}\0`);
  put(136, "00000000000\0"); // mtime
  put(156, "0"); // a file
  put(257, "ustar\x0000");
  put(148, " ".repeat(8)); // counts as blanks in its own sum
  put(
    148,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
  );
  return block;
}

const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
