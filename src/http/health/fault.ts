/** What went wrong, for the admin alone. */
export function faultOf(error: unknown): { error: string } {
  return { error: error instanceof Error ? error.message : String(error) };
}
