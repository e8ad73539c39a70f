/** What the forms of accounts have in common: fields, what went well, what to think about twice. */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { App } from "../../http/app-type.ts";
import { answerTo, type Refusal } from "../../http/refusals.ts";
import { renderPage, Wrong } from "../page.tsx";
import { withQuery } from "../parts.tsx";
import { sentenceOf } from "./words.ts";

/** What was done, by the word in the query; anybody can write a link, so no text of theirs is shown. */
const done = {
  "key-revoked": "The key is revoked.",
  "login-ended": "The login has ended.",
  "logins-ended": "All other logins have ended.",
  "password-set": "The password is set, and all logins with the old one have ended.",
  "member-added": "The member is added.",
  "role-set": "The role is set.",
  "member-removed": "The member is removed.",
  "user-made": "The user is made.",
  "user-deactivated": "The user is deactivated.",
} as const;

/** So that loading the next page again does nothing twice. */
export function goOn(c: Context<App>, path: string, word: keyof typeof done): Response {
  return c.redirect(withQuery(path, { done: word }), 303);
}

export function Done({ c }: { c: Context<App> }) {
  const word = c.req.query("done") ?? "";
  if (!Object.hasOwn(done, word)) return null;
  return (
    <p class="done" role="status">
      {done[word as keyof typeof done]}
    </p>
  );
}

/** A form with what was typed, and what is wrong with it. */
export interface Mistake {
  status: 400 | 401 | 403 | 404 | 413 | 422 | 429;
  sentence: string;
}

export function mistake(refusal: Refusal): Mistake {
  const { status } = answerTo(refusal);
  // Every no to a form is one of these; a fault is thrown.
  return { status: status as Mistake["status"], sentence: sentenceOf(refusal) };
}

export const unfit = (sentence: string): Mistake => ({ status: 422, sentence });

export function Field(props: {
  label: string;
  name: string;
  value?: string;
  type?: "text" | "password" | "email" | "date";
  hint?: string;
  required?: boolean;
  maxlength?: number;
  autocomplete?: string;
  list?: string;
}) {
  const { label, hint, type = "text", autocomplete = "off", ...given } = props;
  const described = hint ? { "aria-describedby": `${props.name}-hint` } : {};
  return (
    <div class="field">
      <label for={props.name}>{label}</label>
      <input
        {...given}
        {...described}
        id={props.name}
        type={type}
        autocomplete={autocomplete}
        autocapitalize="none"
        spellcheck={false}
      />
      {hint ? (
        <p class="hint" id={`${props.name}-hint`}>
          {hint}
        </p>
      ) : null}
    </div>
  );
}

/** There is no script to ask “really?”, so a page does. */
export function confirmPage(
  c: Context<App>,
  shown: {
    title: string;
    question: Child;
    fields?: Record<string, string>;
    button: string;
    back: string;
    mistake?: Mistake;
  },
): Response | Promise<Response> {
  const { title, question, fields = {}, button, back, mistake } = shown;
  const page = (
    <form method="post" action={c.req.path}>
      {mistake ? <Wrong>{mistake.sentence}</Wrong> : null}
      {question}
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <div class="buttons">
        <button type="submit" class="danger">
          {button}
        </button>
        <a href={back}>Cancel</a>
      </div>
    </form>
  );
  return renderPage(c, mistake?.status ?? 200, title, page, { narrow: true });
}

/** Enough for a screen or two; a page stays small however many there are. */
const perPage = 50;

export function pageOfList<T>(list: readonly T[], asked: number) {
  const page = Math.max(1, Math.min(asked, Math.ceil(list.length / perPage)));
  const shown = list.slice((page - 1) * perPage, page * perPage);
  return { shown, pager: { page, count: list.length, perPage } };
}
