/** A no that is found deep inside ends all that is under way; at the door it is a value again. */
export function thrown<Refusal extends { reason: string }>() {
  return class Thrown extends Error {
    readonly refusal: Refusal;

    constructor(refusal: Refusal) {
      super(refusal.reason);
      this.refusal = refusal;
    }

    /** @returns what `work` does, or the refusal that it threw. */
    static async caught<T>(work: () => Promise<T>): Promise<T | { refused: Refusal }> {
      try {
        return await work();
      } catch (error) {
        if (error instanceof Thrown) return { refused: error.refusal };
        throw error;
      }
    }
  };
}
