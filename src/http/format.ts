/** Content negotiation: mix and rebar3 speak Erlang terms, everybody else JSON. */
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { decodeTerm } from "../hex/erlang/decode.ts";
import { encodeTerm } from "../hex/erlang/encode.ts";
import { fromTerm, type Json, TermError, toTerm, utf8Text } from "../hex/erlang/term.ts";
import type { App } from "./app-type.ts";

const erlangType = "application/vnd.hex+erlang";
const jsonTypes = ["application/json", "application/vnd.hex+json"];

/** The media type to answer in; undefined when the client takes none that we have. */
export function negotiate(c: Context<App>): string | undefined {
  const accept = c.req.header("accept");
  if (accept === undefined || accept === "") return "application/json";
  const type = accepts(c, {
    header: "Accept",
    supports: [...jsonTypes, erlangType, "*/*", "application/*"],
    default: "",
  });
  if (type === "*/*" || type === "application/*") return "application/json";
  return type === "" ? undefined : type;
}

/** Answers `value` in the format that the client asked for. */
export function render(
  c: Context<App>,
  status: ContentfulStatusCode,
  value: Json,
  headers: Record<string, string> = {},
): Response {
  const type = negotiate(c) ?? "application/json";
  const body = type === erlangType ? encodeTerm(toTerm(value)) : JSON.stringify(value);
  return c.body(body, status, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "private, no-store",
    vary: "accept, authorization",
    ...headers,
  });
}

/**
 * A request body as plain values. An empty one is an empty map, as clients mean it.
 * @returns undefined when it is not what its content type says, or not a map.
 */
export function parseBody(
  contentType: string,
  body: Uint8Array,
): Record<string, unknown> | undefined {
  if (body.length === 0) return {};
  const type = contentType.toLowerCase();
  const value = type.startsWith(erlangType) ? parseErlang(body) : parseText(type, body);
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  // A map with string keys, made by JSON.parse or fromTerm.
  return isMap ? (value as Record<string, unknown>) : undefined;
}

function parseErlang(body: Uint8Array): unknown {
  try {
    return fromTerm(decodeTerm(body));
  } catch (error) {
    if (error instanceof TermError) return undefined;
    throw error;
  }
}

function parseText(type: string, body: Uint8Array): unknown {
  const text = utf8Text(body);
  if (text === undefined) return undefined;
  if (type.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
