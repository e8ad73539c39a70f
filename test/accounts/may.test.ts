import { describe, expect, it } from "vitest";
import { type Actor, type Denial, may, type Owner, type Subject } from "../../src/accounts/may.ts";
import {
  actors,
  groups,
  holders,
  isUnder,
  ownershipTable,
  permissionTable,
  subjects,
  verbs,
} from "./may-table.ts";

/** One cell of the tables, for one actor: `key` says in words what is asked. */
interface Question {
  actor: string;
  verb: string;
  subject: string;
  answer: string;
}
interface Row {
  title: string;
  cells: string[];
  questions: Question[];
}

const rows = [...permissionRows(), ...ownershipRows()];

describe("the table of permissions", () => {
  it.each(rows.map((row) => [row.title, row] as const))("%s", (_, { questions }) => {
    expect(questions.filter((it) => answerTo(it) !== it.answer).map(disagreement)).toEqual([]);
  });

  it("has at least 350 cells that say something", () => {
    const cells = rows.flatMap((row) => row.cells).filter((cell) => cell !== "*");
    expect(cells.filter((cell) => !/^(yes|401|403|404)$/.test(cell))).toEqual([]);
    expect(cells.length).toBeGreaterThanOrEqual(350);
  });

  it("answers for every actor, verb and subject, once", () => {
    const answered = rows.flatMap(({ questions }) => questions.map(keyOf)).sort();
    const asked = [...actors.keys()].flatMap((actor) =>
      [...verbs.keys()].flatMap((verb) =>
        [...subjects.keys()].map((subject) => keyOf({ actor, verb, subject })),
      ),
    );
    // Not toEqual: the difference of two lists of fourteen thousand is nothing to read.
    const counts = new Map<string, number>();
    for (const key of answered) counts.set(key, (counts.get(key) ?? 0) + 1);
    expect(asked.filter((key) => counts.get(key) !== 1).slice(0, 10)).toEqual([]);
    expect(answered.length).toBe(asked.length);
  });

  it("knows every kind of actor, owner and subject", () => {
    // A kind that is not in these does not compile.
    const actorKinds: Record<Actor["kind"], true> = { anonymous: true, admin: true, holder: true };
    const ownerKinds: Record<Owner["kind"], true> = { user: true, organization: true };
    const subjectKinds: Record<Subject["kind"], true> = {
      ...{ registry: true, self: true, account: true },
      ...{ organization: true, repository: true, package: true },
    };
    const kinds = (things: Iterable<{ kind: string }>) =>
      [...new Set([...things].map(({ kind }) => kind))].sort();
    expect(kinds(actors.values())).toEqual(Object.keys(actorKinds).sort());
    expect(kinds(Object.values(holders).map(({ owner }) => owner))).toEqual(
      Object.keys(ownerKinds).sort(),
    );
    expect(kinds(subjects.values())).toEqual(Object.keys(subjectKinds).sort());
  });
});

describe("a denial", () => {
  it("of a credential that is not good for it is the same for all roles, levels and states", () => {
    for (const [verb] of verbs) {
      for (const credential of new Set(
        [...actors.keys()].flatMap((it) => it.split(" with ")[1] ?? []),
      )) {
        for (const place of ["private package acme/foo", "public package acme/foo"]) {
          const unauthorized = [...actors.keys()]
            .filter((it) => it.endsWith(` with ${credential}`))
            .flatMap((actor) =>
              [...subjects.keys()]
                .filter((it) => isUnder(place, it))
                .map((subject) => ask(actor, verb, subject) === "unauthorized"),
            );
          expect(new Set(unauthorized).size, `${credential}: ${verb} ${place}`).toBe(1);
        }
      }
    }
  });

  it("tells a stranger nothing about a private package: it is the same for all of its states", () => {
    const states = [...subjects.keys()].filter((it) => isUnder("private package acme/foo", it));
    for (const actor of actors.keys()) {
      if (!/^(anonymous|outsider|other)/.test(actor)) continue;
      for (const verb of verbs.keys()) {
        const answers = states.map((subject) => ask(actor, verb, subject));
        expect(new Set(answers).size, `${actor}: ${verb}`).toBe(1);
        expect(answers[0], `${actor}: ${verb}`).not.toBe("forbidden");
      }
    }
  });
});

describe("a credential with several permissions", () => {
  const both: Actor = {
    kind: "holder",
    ...holders.writer,
    permissions: [
      { domain: "repository", resource: "acme" },
      { domain: "api", resource: "read" },
    ],
  };
  it.each([
    ["fetch", "yes"],
    ["read", "yes"],
    ["write", "unauthorized"],
  ] as const)("may %s when one of them is good for it: %s", (verb, answer) => {
    expect(may(both, verb, { kind: "repository", name: "acme", public: false })).toBe(answer);
  });

  it("is good for nothing private when it has none", () => {
    const empty: Actor = { kind: "holder", ...holders.orgadmin, permissions: [] };
    const shut: Subject = { kind: "repository", name: "acme", public: false };
    const open: Subject = { kind: "repository", name: "acme", public: true };
    for (const verb of verbs.values()) expect(may(empty, verb, shut)).toBe("unauthorized");
    expect(may(empty, "fetch", open)).toBe("yes");
    expect(may(empty, "fetch_docs", open)).toBe("yes");
    expect(may(empty, "read", open)).toBe("unauthorized");
  });
});

describe("an organization whose name every object knows", () => {
  it.each(["constructor", "valueof", "__proto__", "hasOwnProperty", "toString"])(
    "gives nobody a role: %s",
    (name) => {
      const stranger: Actor = { kind: "holder", ...holders.orgadmin, permissions: "everything" };
      for (const verb of verbs.values()) {
        expect(may(stranger, verb, { kind: "organization", name })).toBe("hidden");
        expect(may(stranger, verb, { kind: "repository", name, public: false })).toBe("hidden");
      }
    },
  );
});

/** What the code under test says, as a cell of the table does. */
function answerTo({ actor, verb, subject }: Question): string {
  const status: Record<"yes" | Denial, string> = {
    ...{ yes: "yes", unauthenticated: "401", unauthorized: "401", forbidden: "403", hidden: "404" },
  };
  const said = ask(actor, verb, subject);
  // The two kinds of 401 differ in who is told.
  if ((said === "unauthenticated") !== (actor === "anonymous" && said !== "yes")) return said;
  return status[said];
}

function ask(actorName: string, heading: string, subjectName: string): "yes" | Denial {
  const actor = actors.get(actorName);
  const verb = verbs.get(heading);
  const subject = subjects.get(subjectName);
  if (!actor || !verb || !subject) {
    throw new Error(
      `the table has a name that nobody has: ${actorName}, ${heading}, ${subjectName}`,
    );
  }
  return may(actor, verb, subject);
}

const keyOf = ({ actor, verb, subject }: Omit<Question, "answer">) =>
  `${actor}: ${verb} ${subject}`;
const disagreement = (it: Question) => `${keyOf(it)}: is ${answerTo(it)}, should be ${it.answer}`;

/** Subject, verbs, then rows of who | credentials | cells. */
function permissionRows(): Row[] {
  return gridsOf(permissionTable).flatMap(({ heading, columns, lines }) =>
    lines.map((line) => {
      const [who = "", held = "", text = ""] = line.split("|").map((it) => it.trim());
      const cells = text.split(/\s+/);
      if (cells.length !== columns.length) throw new Error(`${heading}: ${line}`);
      const questions = actorsOf(who, held).flatMap((actor) =>
        subjectsUnder(heading).flatMap((subject) =>
          columns.map((verb, at) => ({ actor, verb, subject, answer: cells[at] ?? "" })),
        ),
      );
      return {
        title: `${heading}: ${who} with ${held}: ${cells.join(" ")}`,
        cells,
        questions: questions.filter(({ answer }) => answer !== "*"),
      };
    }),
  );
}

/** Verb, holders, then rows of state | cells: for every credential whose cell above is a `*`. */
function ownershipRows(): Row[] {
  return gridsOf(ownershipTable).flatMap(({ heading: verb, columns, lines }) =>
    lines.map((line) => {
      const [state = "", text = ""] = line.split("|").map((it) => it.trim());
      const [visibility, ...rest] = state.split(/\s+/);
      const subject = `${visibility} package acme/foo: ${rest.join(" ")}`;
      const cells = text.split(/\s+/);
      if (cells.length !== columns.length) throw new Error(`${verb}: ${line}`);
      const good = [
        "everything",
        "api",
        "api:write",
        ...(verb === "write" ? ["package:acme/foo"] : []),
      ];
      const questions = columns.flatMap((holder, at) =>
        good
          .flatMap((credential) => actorsOf(holder, credential))
          // An organization has no password.
          .filter((actor) => actors.has(actor))
          .map((actor) => ({ actor, verb, subject, answer: cells[at] ?? "" })),
      );
      return { title: `${verb} ${subject}: ${cells.join(" ")}`, cells, questions };
    }),
  );
}

/** Grids are apart by an empty line; each has a heading, a line of columns, and lines. */
function gridsOf(text: string): { heading: string; columns: string[]; lines: string[] }[] {
  return text
    .trim()
    .split(/\n\n+/)
    .map((grid) => {
      const [heading = "", columns = "", ...lines] = grid.split("\n");
      return { heading, columns: columns.trim().split(/\s+/), lines };
    });
}

function actorsOf(who: string, held: string): string[] {
  if (held === "-") return [who];
  return (groups[who] ?? [who]).flatMap((name) =>
    held.split(", ").map((credential) => `${name} with ${credential}`),
  );
}

function subjectsUnder(headings: string): string[] {
  return headings
    .split(", ")
    .flatMap((heading) => [...subjects.keys()].filter((subject) => isUnder(heading, subject)));
}
