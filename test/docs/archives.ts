/** Docs tarballs, and a reader of packed pages that knows nothing of ours: written from the format's table. */
import { gzipSync } from "fflate";
import { packLimits } from "../../src/docs/pack.ts";
import { longLink, type TarMember, tar } from "../support/tarball.ts";

export type Files = Record<string, string | Uint8Array>;

export const utf8 = new TextEncoder();
export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const limits = packLimits;

export function docsOf(files: Files, others: TarMember[] = []): Uint8Array {
  const members = Object.entries(files).flatMap(([path, bytes]) =>
    utf8.encode(path).length < 100
      ? [{ path, bytes }]
      : [longLink(`${path}\0`), { path: "long", bytes }],
  );
  return gzipSync(tar([...members, ...others]), { mtime: 0 });
}

/** Bytes that nothing makes smaller. */
export function noise(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

export interface Unpacked {
  /** Hexadecimal. */
  docsChecksum: string;
  /** In the order of the object. */
  files: { path: string; bytes: Uint8Array; isGzip: boolean }[];
}

export async function unpack(packed: Uint8Array): Promise<Unpacked> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (text(packed.subarray(0, 8)) !== "hexpages") throw new Error("magic");
  if (view.getInt32(8, false) !== 1) throw new Error("version");
  let at = 56 + view.getInt32(12, false);
  const rows: [string, number, number?][] = JSON.parse(text(await inflate(packed.slice(56, at))));
  const files: Unpacked["files"] = [];
  for (const [path, sizeBytes, inflatedBytes] of rows) {
    const body = packed.slice(at, at + sizeBytes);
    at += sizeBytes;
    const isGzip = inflatedBytes !== undefined;
    const bytes = isGzip ? await inflate(body) : body;
    if (bytes.length !== (inflatedBytes ?? sizeBytes)) throw new Error(`${path}: size`);
    files.push({ path, bytes, isGzip });
  }
  if (at !== packed.length) throw new Error("bytes behind the end");
  const docsChecksum = Array.from(packed.slice(24, 56), (it) => it.toString(16).padStart(2, "0"));
  return { docsChecksum: docsChecksum.join(""), files };
}

export async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
