/**
 * Runs the pinned wrangler. It alone talks to Cloudflare: it knows how to log in, and what it prints for
 * machines (`--json`, `WRANGLER_OUTPUT_FILE_PATH`) changes less than Cloudflare's API does. Nothing secret
 * is ever an argument, where every process of the machine can read it.
 */
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { Mistake } from "../mistake.ts";
import { adviceFor } from "./advice.ts";

export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Named as the Worker's secrets: they have no business in the environment of other programs. */
const secretNames = /^(ADMIN_KEY|ACCOUNTS_SECRET|SIGNING_KEY(_\w+)?|HEXEDGE_KEY|S3_\w+)$/;
const answerMsMax = 10 * 60_000;

export class Wrangler {
  readonly isDryRun: boolean;
  /** What was run, or would be, since it was last taken. */
  #commands: string[] = [];
  readonly #common: readonly string[];
  #environment: NodeJS.ProcessEnv;
  /** Never shown, wherever they turn up. */
  readonly #hidden = new Set<string>();

  constructor(config: string, environment: NodeJS.ProcessEnv, isDryRun: boolean) {
    this.isDryRun = isDryRun;
    this.#common = config === "wrangler.toml" ? [] : ["--config", config];
    const open = Object.entries(environment).filter(([name]) => !secretNames.test(name));
    this.#environment = {
      ...Object.fromEntries(open),
      ...{ NO_COLOR: "1", FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false" },
    };
  }

  /** Further names of secrets, which wrangler.toml says. */
  withhold(names: readonly string[]): void {
    const open = Object.entries(this.#environment).filter(([name]) => !names.includes(name));
    this.#environment = Object.fromEntries(open);
  }

  hide(secrets: readonly string[]): void {
    for (const secret of secrets) this.#hidden.add(secret.trim());
  }

  /** A question: a dry run asks it too. */
  look(args: readonly string[]): Promise<Answer> {
    return this.#run(args, {});
  }

  /** @returns undefined in a dry run, which only notes the command. @throws Mistake when it fails. */
  async change(
    args: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<Answer | undefined> {
    if (this.isDryRun) {
      this.#note(args);
      return undefined;
    }
    const answer = await this.#run(args, environment);
    if (answer.code !== 0) throw this.failure(args, answer);
    return answer;
  }

  failure(args: readonly string[], answer: Answer): Mistake {
    const said = errorOf(answer);
    return new Mistake(`${shown(args)} failed: ${this.#withoutSecrets(said)}\n${adviceFor(said)}`);
  }

  takeCommands(): string[] {
    const taken = this.#commands;
    this.#commands = [];
    return taken;
  }

  #note(args: readonly string[]): void {
    this.#commands.push(shown([...args, ...this.#common]));
  }

  #run(args: readonly string[], environment: Record<string, string>): Promise<Answer> {
    this.#note(args);
    return new Promise((done, fail) => {
      const child = spawn("wrangler", [...args, ...this.#common], {
        env: { ...this.#environment, ...environment },
        // With no terminal it asks nobody anything.
        stdio: ["ignore", "pipe", "pipe"],
        timeout: answerMsMax,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (data) => {
        stdout += data;
      });
      child.stderr.on("data", (data) => {
        stderr += data;
      });
      child.once("error", (error: NodeJS.ErrnoException) => {
        const why = error.code === "ENOENT" ? "is not there: `npm ci`" : `fails: ${error.message}`;
        fail(new Mistake(`wrangler ${why}`));
      });
      child.once("close", (code) => done({ code, stdout, stderr }));
    });
  }

  #withoutSecrets(text: string): string {
    return [...this.#hidden].reduce((it, secret) => it.replaceAll(secret, "…"), text);
  }
}

/** As a person would type it. */
function shown(args: readonly string[]): string {
  const quoted = args.map((arg) => (/^[\w./:=@-]+$/.test(arg) ? arg : `'${arg}'`));
  return ["npx wrangler", ...quoted].join(" ");
}

const linesMax = 6;

/** The error itself, out of the banner, the marks and the advertisement around it. */
export function errorOf({ code, stdout, stderr }: Answer): string {
  const lines = stripVTControlCharacters(stderr.trim() === "" ? stdout : stderr)
    .split("\n")
    .map((line) => line.replace(/^\W*\[ERROR\]\s*/, "").trim())
    .filter(
      (line) => line !== "" && !/wrangler \d|^[─-]+$|think this is a bug|Logs were/.test(line),
    );
  return lines.slice(0, linesMax).join(" ") || `it ended with ${code ?? "a signal"}`;
}
