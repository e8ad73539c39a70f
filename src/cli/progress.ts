/** `[=====>    ] 123/300 releases` in one line of a terminal; nothing where nobody watches. */
import { SingleBar } from "cli-progress";

export class Progress {
  readonly #bar: SingleBar | undefined;
  #total = 0;

  constructor(unit: string) {
    if (process.stderr.isTTY !== true) return;
    const format = `{bar} {value}/{total} ${unit}`;
    this.#bar = new SingleBar({ format, clearOnComplete: true, hideCursor: null });
  }

  show(done: number, total: number): void {
    if (!this.#bar) return;
    if (this.#total === 0) this.#bar.start(total, done);
    else if (this.#total !== total) this.#bar.setTotal(total);
    this.#total = total;
    this.#bar.update(done);
  }

  end(): void {
    this.#bar?.stop();
  }
}
