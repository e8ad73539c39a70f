/**
 * metadata.config and its rules (server.md 2.1–2.4). Two shapes of requirements are in the wild:
 * mix writes a list of property lists that each hold a name, rebar3 a list of `{Name, Properties}`.
 */

import deprecatedLicenseIds from "spdx-license-ids/deprecated.json" with { type: "json" };
import spdxLicenseIds from "spdx-license-ids/index.json" with { type: "json" };
import { Atom, type Json, type JsonObject, type Term, Tuple } from "./erlang/term.ts";
import { checkPackageName, isPackageName } from "./name.ts";
import type { FieldErrors, UploadRefusal } from "./refusal.ts";
import { checkRequirement } from "./requirement.ts";
import { checkReleaseVersion } from "./version.ts";

export interface Metadata {
  name: string;
  version: string;
  app: string;
  description: string | null;
  licenses: string[];
  links: Record<string, string>;
  maintainers: string[];
  /** Whatever the package says about itself beyond the known fields. */
  extra: JsonObject;
  buildTools: string[];
  elixir: string | null;
  requirements: Dependency[];
}

export interface Dependency {
  name: string;
  app: string;
  requirement: string;
  optional: boolean;
  /** As the package says it; null when it says none, which rebar3 always does. */
  repository: string | null;
}

/**
 * Reads and checks the terms of metadata.config.
 * @param options.public a public repository also asks for a description and SPDX licences.
 * @returns the metadata, or every field that is wrong with a sentence each.
 */
export function checkMetadata(
  terms: readonly Term[],
  options: { public: boolean },
): { metadata: Metadata } | { refused: UploadRefusal } {
  const properties = propertyList(terms);
  if (!properties) {
    const message = "error reading package metadata: not in key-value format";
    return { refused: { reason: "bad_tarball", message } };
  }
  const fields = new Fields(properties);
  const metadata: Metadata = {
    name: fields.text("name", checkPackageName),
    version: fields.text("version", checkReleaseVersion),
    app: fields.text("meta.app"),
    description: fields.optionalText("meta.description"),
    licenses: fields.texts("meta.licenses"),
    links: fields.links("meta.links"),
    maintainers: fields.texts("meta.maintainers"),
    extra: fields.object("meta.extra"),
    buildTools: [...new Set(fields.texts("meta.build_tools"))],
    elixir: fields.optionalText("meta.elixir"),
    requirements: fields.requirements("requirements"),
  };
  const files = fields.fileNames("meta.files");
  if (files.length === 0) fields.refuse("meta.files", "package can't be empty");
  if (!fields.has("meta.build_tools")) metadata.buildTools = guessBuildTools(files);
  if (metadata.buildTools.length === 0) fields.refuse("meta.build_tools", "can't be blank");
  if (metadata.elixir !== null) {
    fields.refuse("meta.elixir", checkRequirement(metadata.elixir));
  }
  if (options.public) checkPublic(metadata, fields);
  const errors = fields.errors();
  return errors ? { refused: { reason: "bad_metadata", errors } } : { metadata };
}

function checkPublic(metadata: Metadata, fields: Fields): void {
  if (!metadata.description?.trim()) fields.refuse("meta.description", "can't be blank");
  if (!fields.has("meta.licenses")) fields.refuse("meta.licenses", "can't be blank");
  const unknown = metadata.licenses.find((id) => !isLicense(id));
  if (unknown !== undefined) {
    fields.refuse("meta.licenses", `invalid license ${JSON.stringify(unknown)}`);
  }
}

/** SPDX had these once, hexpm has them still; the npm package takes `+` for an operator. */
const plusLicenseIds = "GPL-1.0+ GPL-2.0+ GPL-3.0+ LGPL-2.0+ LGPL-2.1+ LGPL-3.0+".split(" ");
const licenseIds = new Set<string>([...spdxLicenseIds, ...deprecatedLicenseIds, ...plusLicenseIds]);

function isLicense(id: string): boolean {
  return licenseIds.has(id) || /^LicenseRef-[A-Za-z0-9.-]+$/.test(id);
}

/** What hex_core guesses when a package does not say how it is built, in its order. */
function guessBuildTools(files: readonly string[]): string[] {
  const tools: [string, string][] = [
    ["Makefile", "make"],
    ["Makefile.win", "make"],
    ["mix.exs", "mix"],
    ["rebar.config", "rebar3"],
    ["rebar", "rebar3"],
  ];
  const guessed = tools.filter(([file]) => files.includes(file)).map(([, tool]) => tool);
  return [...new Set(guessed)];
}

type Properties = Map<string, Term>;

/**
 * `[{Key, Value}, …]` or `#{Key => Value}`; the last of two equal keys wins, as in hex_core. Keys are
 * binaries: to hex_core the atom in `{name, …}` is another key than `<<"name">>`.
 */
function propertyList(term: unknown): Properties | undefined {
  const entries =
    term instanceof Map ? [...term.entries()] : Array.isArray(term) ? term : undefined;
  if (!entries) return undefined;
  const properties: Properties = new Map();
  for (const entry of entries) {
    // A map's own entries are pairs already; in a list only tuples are.
    const pair: readonly Term[] =
      entry instanceof Tuple ? entry.elements : term instanceof Map ? entry : [];
    const [name, value] = pair;
    if (pair.length !== 2 || typeof name !== "string" || value === undefined) return undefined;
    properties.set(name, value);
  }
  return properties;
}

/** Reads fields and collects what is wrong with them, so that a person learns of all at once. */
class Fields {
  readonly #properties: Properties;
  readonly #errors = new Map<string, string>();

  constructor(properties: Properties) {
    this.#properties = properties;
  }

  /** The first thing said about a field stays; `undefined` says nothing. */
  refuse(path: string, message: string | undefined): void {
    if (message !== undefined && !this.#errors.has(path)) this.#errors.set(path, message);
  }

  errors(): FieldErrors | undefined {
    if (this.#errors.size === 0) return undefined;
    const errors: FieldErrors = Object.create(null);
    for (const [path, message] of this.#errors) {
      const at = path.indexOf(".");
      if (at < 0) errors[path] = message;
      else {
        const group = errors[path.slice(0, at)] ?? Object.create(null);
        errors[path.slice(0, at)] = group;
        if (typeof group === "object") group[path.slice(at + 1)] = message;
      }
    }
    return errors;
  }

  has(path: string): boolean {
    return this.#value(path) !== null;
  }

  text(path: string, check: (value: string) => string | undefined = () => undefined): string {
    const value = this.optionalText(path);
    if (value === null || value.trim() === "") this.refuse(path, "can't be blank");
    else this.refuse(path, check(value));
    return value ?? "";
  }

  optionalText(path: string): string | null {
    const value = this.#value(path);
    if (typeof value === "string" || value === null) return value;
    this.refuse(path, "expected type string");
    return null;
  }

  texts(path: string): string[] {
    const value = this.#value(path);
    if (value === null) return [];
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    this.refuse(path, "expected type list(string)");
    return [];
  }

  /** Names of the packed files; very old clients wrote `{Path, Content}`. */
  fileNames(path: string): string[] {
    const value = this.#value(path);
    if (value === null) return [];
    const names = Array.isArray(value)
      ? value.map((item) => (item instanceof Tuple ? item.elements[0] : item))
      : [undefined];
    if (names.every((name) => typeof name === "string")) return names;
    this.refuse(path, "expected type list(string)");
    return [];
  }

  links(path: string): Record<string, string> {
    const properties = propertyList(this.#value(path) ?? []);
    const links: [string, string][] = [];
    for (const [name, url] of properties ?? []) {
      if (typeof url !== "string") this.refuse(path, "expected type map(string)");
      else if (!isWebUrl(url)) this.refuse(path, `invalid link ${JSON.stringify(url)}`);
      else links.push([name, url]);
    }
    if (!properties) this.refuse(path, "expected type map(string)");
    return Object.fromEntries(links);
  }

  object(path: string): JsonObject {
    const properties = propertyList(this.#value(path) ?? []);
    if (!properties) this.refuse(path, "expected type map");
    return jsonObject(properties ?? new Map());
  }

  requirements(path: string): Dependency[] {
    const list = this.#value(path) ?? [];
    const named = namedRequirements(list);
    if (!named) {
      this.refuse(path, "expected type list(map)");
      return [];
    }
    const seen = new Set<string>();
    return named.map(([name, properties]) => {
      const at = `${path}.${name}`;
      if (seen.has(name)) this.refuse(at, "is there twice");
      seen.add(name);
      return this.#requirement(at, name, properties);
    });
  }

  #requirement(at: string, name: string, properties: Properties): Dependency {
    const app = noValue(properties.get("app"));
    const optional = noValue(properties.get("optional")) ?? false;
    const repository = noValue(properties.get("repository"));
    const requirement = noValue(properties.get("requirement"));
    if (!isPackageName(name)) this.refuse(at, "has invalid format");
    this.refuse(at, checkRequirement(requirement));
    if (typeof app !== "string" || app.trim() === "") this.refuse(at, "app can't be blank");
    if (typeof optional !== "boolean") this.refuse(at, "expected optional to be a boolean");
    if (repository !== null && typeof repository !== "string") {
      this.refuse(at, "expected repository to be a string");
    }
    return {
      name,
      app: typeof app === "string" ? app : name,
      requirement: typeof requirement === "string" ? requirement : "",
      optional: optional === true,
      repository: typeof repository === "string" ? repository : null,
    };
  }

  /** `meta.x` is `x` in the file: the API groups what the file does not. */
  #value(path: string): Term {
    return noValue(this.#properties.get(path.replace(/^meta\./, "")));
  }
}

/** A missing key and the atoms `nil` and `undefined` all say that there is no value. */
function noValue(term: Term | undefined): Term {
  return term === undefined || (term instanceof Atom && term.name === "undefined") ? null : term;
}

function namedRequirements(list: Term): [string, Properties][] | undefined {
  const byName = propertyList(list);
  const entries: [unknown, Properties | undefined][] = byName
    ? [...byName].map(([name, term]) => [name, propertyList(term)])
    : Array.isArray(list)
      ? list.map((term) => propertyList(term)).map((found) => [found?.get("name"), found])
      : [[undefined, undefined]];
  const named: [string, Properties][] = [];
  for (const [name, properties] of entries) {
    if (typeof name !== "string" || name === "" || !properties) return undefined;
    named.push([name, properties]);
  }
  return named;
}

/** Stricter than URL, which repairs: it takes `http:a.b`, and removes white space. */
function isWebUrl(text: string): boolean {
  return /^https?:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text);
}

/** Keeps `extra` readable: property lists become objects, atoms and odd bytes become text. */
function toJson(term: Term): Json {
  if (term === null || typeof term === "boolean" || typeof term === "number") return term;
  if (typeof term === "string") return term;
  if (typeof term === "bigint") return term.toString();
  if (term instanceof Atom) return term.name;
  if (term instanceof Uint8Array) return Array.from(term, latin1).join("");
  if (term instanceof Tuple) return term.elements.map(toJson);
  const properties = Array.isArray(term) && term.length === 0 ? undefined : propertyList(term);
  if (properties) return jsonObject(properties);
  return Array.isArray(term) ? term.map(toJson) : null;
}

function jsonObject(properties: Properties): JsonObject {
  return Object.fromEntries([...properties].map(([key, value]) => [key, toJson(value)]));
}

function latin1(byte: number): string {
  return String.fromCharCode(byte);
}
