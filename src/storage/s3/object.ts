/** What an answer's headers say about an object. */
import { fromHex } from "../../hex/checksum.ts";
import type { ByteRange, Stored, StoredBody } from "../storage.ts";
import { unlessStalled } from "./deadline.ts";
import { S3Fault } from "./fault.ts";

/**
 * So large an object is handed on as it comes in. A smaller one is read first: what breaks off then can be
 * asked for again, and a Worker may have but six answers open.
 */
const readFirstBytesMax = 64 * 1024;

/** @param known what the answer to a put does not repeat. @throws S3Fault when something is missing. */
export function readStored(
  key: string,
  { headers }: Response,
  known?: Pick<Stored, "sizeBytes" | "sha256">,
): Stored {
  const etag = /^"?([^"]+)"?$/.exec(headers.get("etag") ?? "")?.[1];
  const time = Date.parse(headers.get("last-modified") ?? (known && headers.get("date")) ?? "");
  const whole = headers.get("content-range")?.split("/")[1] ?? headers.get("content-length") ?? "";
  const sizeBytes = known?.sizeBytes ?? (/^\d+$/.test(whole) ? Number(whole) : undefined);
  if (etag === undefined || Number.isNaN(time) || sizeBytes === undefined) {
    throw new S3Fault(`${key}: the answer lacks an ETag, a time or a length: it is no S3's`);
  }
  const digest = known?.sha256 ?? checksumIn(headers.get("x-amz-meta-sha256"));
  return { etag, sizeBytes, uploadedAt: new Date(time), sha256: digest };
}

/** The whole object, or the part that was asked for. @param idleMsMax of a large body, between two pieces. */
export async function readObject(
  key: string,
  response: Response,
  range: ByteRange | undefined,
  idleMsMax: number,
): Promise<StoredBody> {
  try {
    const stored = readStored(key, response);
    const lengthBytes = range
      ? Math.min(range.length, Math.max(0, stored.sizeBytes - range.offset))
      : stored.sizeBytes;
    if (range && !isPart(response, range.offset, lengthBytes)) {
      throw new S3Fault(`${key}: the store answered another part than was asked for`);
    }
    if (response.body && lengthBytes > readFirstBytesMax) {
      return { ...stored, body: unlessStalled(response.body, lengthBytes, idleMsMax, key) };
    }
    const body = new Uint8Array(await response.arrayBuffer());
    if (body.length !== lengthBytes) throw new TypeError("the body broke off");
    return { ...stored, body };
  } catch (error) {
    await response.body?.cancel().catch(() => undefined);
    throw error;
  }
}

function isPart({ status, headers }: Response, offset: number, lengthBytes: number): boolean {
  const part = `bytes ${offset}-${offset + lengthBytes - 1}/`;
  return status === 206 && (headers.get("content-range") ?? "").startsWith(part);
}

/** Undefined when it is somebody else's metadata, and no checksum. */
function checksumIn(text: string | null): Uint8Array | undefined {
  return text && /^[0-9a-f]{64}$/.test(text) ? fromHex(text) : undefined;
}
