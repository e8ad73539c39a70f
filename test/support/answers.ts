/** Answers as clients read them, and the bodies that clients send. */
import { decodeTerm } from "../../src/hex/erlang/decode.ts";
import { encodeTerm } from "../../src/hex/erlang/encode.ts";
import { fromTerm, type Json, toTerm, utf8Text } from "../../src/hex/erlang/term.ts";

export const erlangType = "application/vnd.hex+erlang";

/** What mix and rebar3 send with every request to the API. */
export const asksForErlang = { accept: erlangType };

/** The API's answer as plain values, in whichever format it is. */
export async function read(response: Response): Promise<Record<string, unknown>> {
  const type = response.headers.get("content-type") ?? "";
  const bytes = new Uint8Array(await response.arrayBuffer());
  const value = type.startsWith(erlangType)
    ? fromTerm(decodeTerm(bytes))
    : JSON.parse(utf8Text(bytes) ?? "not UTF-8");
  // A map compares with `toEqual` only when it has the prototype of a literal.
  return structuredClone({ ...value });
}

/** A body of Erlang terms, and the header that says so. */
export function erlangBody(value: Json): { headers: Record<string, string>; body: Uint8Array } {
  return { headers: { "content-type": erlangType }, body: encodeTerm(toTerm(value)) };
}

export function jsonBody(value: unknown): { headers: Record<string, string>; body: string } {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
