/** What a check found, and what to do about it. */
export interface Finding {
  check: string;
  verdict: "ok" | "wrong" | "skipped";
  told: string;
  todo?: string;
}

export const fine = (check: string, told: string): Finding => ({ check, verdict: "ok", told });

export const wrong = (check: string, told: string, todo: string): Finding => ({
  ...{ check, verdict: "wrong", told, todo },
});

export const skipped = (check: string, told: string): Finding => ({
  ...{ check, verdict: "skipped", told },
});
