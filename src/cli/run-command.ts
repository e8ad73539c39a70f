import { type Command, CommanderError } from "commander";
import { Mistake } from "./mistake.ts";

/** Runs a program of one command. It ends with 0 when all is well, 1 after a mistake that it tells, 2 when it was called wrongly. */
export async function runCommand(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      process.exitCode = 1;
      console.error(error instanceof Mistake ? `hexedge: ${error.message}` : error);
    }
  }
}
