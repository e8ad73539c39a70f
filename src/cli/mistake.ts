/** Something that the person at the terminal can mend; told as a sentence, without a stack. */
export class Mistake extends Error {
  override name = "Mistake";
}

/** Runs a command and ends the process with 1 and a sentence when it cannot go on. */
export async function run(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const isMistake = error instanceof Mistake || isParseArgsError(error);
    console.error(isMistake ? `hexedge: ${error.message}` : error);
    process.exit(1);
  }
}

function isParseArgsError(error: unknown): error is Error {
  return (
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")
  );
}
