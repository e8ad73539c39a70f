/** What an S3 answers when it does not do what was asked, and what the operator can do about it. */
import { child, parseXml } from "./xml.ts";

/** A sentence for the operator. It names no key, and nothing that the store wrote but its code. */
export class S3Fault extends Error {
  override name = "S3Fault";
}

/** @returns the `Code` of an error's body; undefined when there is none. */
export function errorCode(body: string): string | undefined {
  try {
    const root = parseXml(body);
    const code = root.name === "Error" ? child(root, "Code")?.text : undefined;
    return code !== undefined && /^\w{1,64}$/.test(code) ? code : undefined;
  } catch {
    return undefined; // a proxy's page, or nothing at all
  }
}

/** The store says that it did nothing, and that it might do it later. */
export function isRefusedForNow(status: number, code: string | undefined): boolean {
  return status === 429 || refusedForNow.has(code ?? "");
}

const refusedForNow = new Set([
  ...["SlowDown", "ServiceUnavailable", "RequestLimitExceeded", "Throttling", "TooManyRequests"],
  ...["ConditionalRequestConflict", "OperationAborted", "RequestTimeout"],
]);

/** What to look at, when asking again would not help. */
export function explain(
  status: number,
  code: string | undefined,
  { endpoint, bucket }: { endpoint: string; bucket: string },
): string {
  const place = `the bucket ${bucket} at ${endpoint}`;
  const known = explanations.get(code ?? "");
  if (known !== undefined) return `${place} ${known}`;
  if (status === 401 || status === 403) return `${place} ${refusesAccess}`;
  if (status >= 300 && status < 400) return `${place} ${isElsewhere}`;
  return `${place} answered ${status}${code === undefined ? "" : ` ${code}`}`;
}

const isElsewhere = "is in another region, or elsewhere: look at [vars.S3] region and endpoint";
const refusesAccess =
  "refuses access: S3_SECRET_ACCESS_KEY may be wrong, or the key may not do what it must: s3:ListBucket " +
  "on the bucket; s3:GetObject, s3:PutObject and s3:DeleteObject on what is in it";

const explanations = new Map([
  ["NoSuchBucket", "does not exist: make it, or correct [vars.S3] bucket"],
  [
    "SignatureDoesNotMatch",
    "refuses the signature: S3_SECRET_ACCESS_KEY is not that of S3_ACCESS_KEY_ID",
  ],
  ["InvalidAccessKeyId", "does not know S3_ACCESS_KEY_ID"],
  ["RequestTimeTooSkewed", "refuses the time of the request: the clock here, or there, is wrong"],
  ["PermanentRedirect", isElsewhere],
  ["TemporaryRedirect", isElsewhere],
  ["AuthorizationHeaderMalformed", isElsewhere],
  [
    "NotImplemented",
    "does not know conditions on writes (If-Match, If-None-Match), and Hexedge needs them",
  ],
  ["InvalidRange", "does not have the part of an object that was asked for"],
]);
