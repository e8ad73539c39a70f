/**
 * One run at a time; everyone who asks while one runs shares the next. So whoever asks gets a run
 * that began after they asked, and a hundred who ask together cost two runs.
 */
export class Turn {
  readonly #run: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /** A run that has not begun yet when this is called; rejects when that run does. */
  next(): Promise<void> {
    // The next run may already be promised while the old one has just ended: looking at `#running`
    // first would start a third beside it, in the few microtasks between the two.
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#start();
    const begin = () => this.#start();
    this.#next = this.#running.then(begin, begin);
    return this.#next;
  }

  get idle(): boolean {
    return this.#running === undefined && this.#next === undefined;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const run = this.#run().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }
}
