/** `120 packages, 600 releases` in one line of a terminal, while nobody knows how many there are. */
import { SingleBar } from "cli-progress";

export interface Counts {
  packages: number;
  releases: number;
}

export class Seen {
  readonly #bar: SingleBar | undefined;

  /** @param doing such as `checked`. */
  constructor(doing: string) {
    if (process.stderr.isTTY !== true) return;
    const format = `${doing} {packages} packages, {releases} releases`;
    this.#bar = new SingleBar({ format, clearOnComplete: true, hideCursor: null });
    this.#bar.start(0, 0, { packages: 0, releases: 0 });
  }

  show({ packages, releases }: Counts): void {
    this.#bar?.update(0, { packages, releases });
  }

  end(): void {
    this.#bar?.stop();
  }
}
