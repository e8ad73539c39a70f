/** Passwords never stand on the command line, where every process of the machine can read them. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Mistake } from "./mistake.ts";

/** The one line of standard input; on a terminal asked for twice, without showing it. */
export async function readPassword(): Promise<string> {
  const given = process.stdin.isTTY ? await prompt() : await readInput();
  if (given === "") throw new Mistake("no password came in: write it to standard input");
  if (/[\r\n]/.test(given)) throw new Mistake("a password is one line: standard input has more");
  return given;
}

async function prompt(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const lines = terminal[Symbol.asyncIterator]();
  const ask = async (question: string) => {
    process.stderr.write(question);
    const line = await lines.next();
    process.stderr.write("\n");
    // Ctrl-C and Ctrl-D.
    if (line.done) throw new Mistake("no password was given, so nothing is changed");
    return line.value;
  };
  try {
    const password = await ask("Password: ");
    if ((await ask("Once more: ")) !== password) throw new Mistake("the two differ: try again");
    return password;
  } finally {
    terminal.close();
  }
}

const inputBytesMax = 4096;

async function readInput(): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    sizeBytes += chunk.length;
    if (sizeBytes > inputBytesMax) throw new Mistake("standard input is too long for a password");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, "");
}
