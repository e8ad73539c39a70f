/**
 * lowlight with the grammars that matter here, imported one by one: all of highlight.js is ten times as big.
 * No Ruby: 64 KB of its `<<A` take the library twelve seconds.
 *
 * JavaScript, with types beside it, since the library's own types bring those of the browser's document into every
 * file of the program (`/// <reference lib="dom" />`), where they contradict the Worker's.
 */
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import elixir from "highlight.js/lib/languages/elixir";
import erlang from "highlight.js/lib/languages/erlang";
import go from "highlight.js/lib/languages/go";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import plaintext from "highlight.js/lib/languages/plaintext";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import { gleam } from "./gleam.ts";
import { ini } from "./ini.ts";

export function createHighlighter() {
  const lowlight = createLowlight({
    ...{ bash, c, cpp, css, diff, dockerfile, elixir, erlang, gleam, go, ini, javascript, json },
    ...{ makefile, markdown, plaintext, python, rust, shell, sql, typescript, xml, yaml },
  });
  // Names beside those that the grammars bring along (`ex`, `js`, `html`, …). The outer language of a template
  // is HTML; what stands in `<%= %>` stays plain.
  lowlight.registerAlias({ xml: ["eex", "heex", "leex"], elixir: ["iex"] });
  return lowlight;
}
