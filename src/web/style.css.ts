/** The one style sheet of all pages: light and dark, from the phone up, no font and no picture to wait for. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --text: #1d2430; --quiet: #5a6577; --ground: #f6f7f9; --sheet: #fff; --line: #d5dae2;
  --accent: #5b3a9e; --on-accent: #fff; --wrong: #a3231f; --wrong-ground: #fdf0ef; --good: #1c6b3c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ef; --quiet: #a3adbd; --ground: #12161d; --sheet: #1a2029; --line: #343d4b;
    --accent: #c3acf5; --on-accent: #1d1333; --wrong: #ffb0a9; --wrong-ground: #3a1d1c; --good: #8ddbaa;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 34rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; font-weight: 600; letter-spacing: .01em; }
header span { color: var(--accent); }
main {
  margin-top: 1.25rem; padding-top: 1.5rem; padding-bottom: 1.75rem;
  background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem;
}
@media (max-width: 36rem) { main { border-radius: 0; border-left: 0; border-right: 0; } }
footer { padding-top: 1rem; padding-bottom: 2rem; color: var(--quiet); font-size: .875rem; }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: 0 0 1rem; }
.quiet { color: var(--quiet); }
.code {
  margin: 0 0 1rem; padding: .75rem; text-align: center; border: 1px dashed var(--line); border-radius: .5rem;
  font: 600 1.75rem/1.2 ui-monospace, "DejaVu Sans Mono", monospace; letter-spacing: .12em;
}
label { display: block; margin-bottom: .25rem; font-weight: 600; }
input[type=text], input[type=password] {
  width: 100%; margin-bottom: 1rem; padding: .625rem .75rem; font: inherit; color: inherit;
  background: var(--ground); border: 1px solid var(--quiet); border-radius: .5rem;
}
input.entry {
  font: 600 1.375rem/1.3 ui-monospace, "DejaVu Sans Mono", monospace; letter-spacing: .12em; text-transform: uppercase;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; }
legend { margin-bottom: .5rem; padding: 0; font-weight: 600; }
.choice { display: flex; gap: .75rem; padding: .625rem 0; border-top: 1px solid var(--line); font-weight: 400; }
.choice input { flex: none; width: 1.125rem; height: 1.125rem; margin: .25rem 0 0; accent-color: var(--accent); }
.choice code { color: var(--quiet); font-size: .875rem; }
.choice span { display: block; }
.or { display: flex; align-items: center; gap: .75rem; margin: 0 0 1rem; color: var(--quiet); }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
button {
  padding: .625rem 1.25rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .5rem;
}
button.second { color: var(--text); background: transparent; border-color: var(--quiet); }
.wrong {
  margin-bottom: 1rem; padding: .625rem .875rem; color: var(--wrong); background: var(--wrong-ground);
  border: 1px solid currentColor; border-radius: .5rem;
}
.good { color: var(--good); }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 1.25rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
`;
