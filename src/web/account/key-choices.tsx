/** What a new key may do: what whoever asks can give, and what not, and why. */
import { covers, type Permission, parsePermission, scopeOf } from "../../accounts/permission.ts";
import { type Draft, type SingleDomain, singleDomains } from "./key-draft.ts";
import { meaningOf } from "./words.ts";

type Held = readonly Permission[] | "everything";

const wholes: Permission[] = [
  { domain: "api", resource: null },
  { domain: "api", resource: "write" },
  { domain: "api", resource: "read" },
  { domain: "repositories", resource: null },
];

const singles: Record<SingleDomain, { meaning: string; label: string; example: string }> = {
  repository: {
    ...{ meaning: "Fetch packages from one repository", label: "Which repository" },
    example: "acme",
  },
  package: { meaning: "Publish one package", label: "Which package", example: "acme/foo" },
  docs: {
    ...{ meaning: "Read the documentation in one repository", label: "Documentation of" },
    example: "acme",
  },
};

/** More names than these are not offered, but may be typed. */
const offeredMax = 100;

export function KeyChoices(props: { draft: Draft; held: Held; names: readonly string[] }) {
  const { draft, held, names } = props;
  return (
    <fieldset>
      <legend>What it may do</legend>
      {wholes.map((permission) => (
        <Choice
          scope={scopeOf(permission)}
          meaning={meaningOf(permission)}
          isTicked={draft.scopes.includes(scopeOf(permission))}
          isPossible={covers(held, permission)}
        />
      ))}
      {singleDomains.map((domain) => (
        <SingleChoice
          domain={domain}
          draft={draft}
          isPossible={isPossibleFor(held, domain, names)}
        />
      ))}
      <datalist id="repositories">
        {names.slice(0, offeredMax).map((name) => (
          <option value={name}></option>
        ))}
      </datalist>
    </fieldset>
  );
}

function Choice(props: { scope: string; meaning: string; isTicked: boolean; isPossible: boolean }) {
  const { scope, meaning, isTicked, isPossible } = props;
  return (
    <label class="choice">
      <input
        type="checkbox"
        name="scope"
        value={scope}
        checked={isTicked && isPossible}
        disabled={!isPossible}
      />
      <span>
        <span>{meaning}</span>
        <code>{scope}</code>
        {isPossible ? null : <span class="quiet">The key you signed in with cannot do this.</span>}
      </span>
    </label>
  );
}

function SingleChoice(props: { domain: SingleDomain; draft: Draft; isPossible: boolean }) {
  const { domain, draft, isPossible } = props;
  const { meaning, label, example } = singles[domain];
  const isTicked = draft.scopes.includes(domain);
  return (
    <>
      <Choice scope={domain} meaning={meaning} isTicked={isTicked} isPossible={isPossible} />
      <input
        class="which"
        type="text"
        name={domain}
        value={draft[domain]}
        aria-label={label}
        placeholder={example}
        maxlength={320}
        disabled={!isPossible}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        {...(domain === "package" ? {} : { list: "repositories" })}
      />
    </>
  );
}

/** Is there anything that it could be given for? */
function isPossibleFor(held: Held, domain: SingleDomain, names: readonly string[]): boolean {
  const own = held === "everything" ? [] : held;
  return (
    own.some((permission) => permission.domain === domain) ||
    names.some((name) => {
      const wanted = parsePermission(domain, domain === "package" ? `${name}/any` : name);
      return wanted !== undefined && covers(held, wanted);
    })
  );
}
