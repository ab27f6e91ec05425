/** The style sheet of the page: light and dark, from 360 pixels on, and on paper. Its colours have a contrast of at least 4.5 to 1. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2024; --soft: #5a6169; --line: #d5d9de; --card: #f6f7f9;
  --good: #14683a; --good-card: #e5f4ea; --bad: #a11f1f; --bad-card: #fbe9e8; --warn: #7a4a00; --warn-card: #fdf1dc; --accent: #1f4fa3; --may-card: #e4ecfa;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e7eaee; --soft: #a4acb5; --line: #383f47; --card: #1d2227;
    --good: #7fd6a0; --good-card: #17301f; --bad: #ff9d97; --bad-card: #3a1b1b; --warn: #f2c46d; --warn-card: #342710; --accent: #8db4ff; --may-card: #1c2a44;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 2rem; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.25rem; }
p { margin: 0.25rem 0; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.kind, footer { color: var(--soft); }
.verdict { margin: 0.5rem 0; padding: 0.5rem 0.75rem; border-left: 0.35rem solid; border-radius: 0.5rem; font-size: 1.25rem; font-weight: 600; background: var(--good-card); }
.verdict.failed { background: var(--bad-card); }
.passed { color: var(--good); }
.failed { color: var(--bad); }
td.skipped { color: var(--soft); }
.counts { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.counts li { padding: 0.25rem 0.75rem; border-radius: 0.5rem; background: var(--good-card); }
.counts li.failed { background: var(--bad-card); }
.findings { margin: 0; padding: 0; list-style: none; }
.findings li { margin: 0.5rem 0; padding: 0.5rem 0.75rem; border-left: 0.25rem solid; border-radius: 0.25rem; overflow-wrap: anywhere; }
.findings p { color: var(--ink); white-space: pre-wrap; }
.error { color: var(--bad); background: var(--bad-card); }
.warning { color: var(--warn); background: var(--warn-card); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0.75rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.life { display: block; width: 100%; height: 1.5rem; }
.life .quiet { fill: var(--good); opacity: 0.35; }
.life .rotating { fill: var(--warn); opacity: 0.5; }
.life .past { fill: var(--ink); opacity: 0.35; }
.life .now { stroke: var(--accent); stroke-width: 3; vector-effect: non-scaling-stroke; }
.mark.now { color: var(--accent); font-weight: 700; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.4rem 0.6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; }
td.passed, td.failed, td.skipped { white-space: nowrap; }
td.passed { background: var(--good-card); }
.wrong, td.failed { background: var(--bad-card); }
.may, .may-not { white-space: nowrap; padding: 0 0.4rem; border: 1px solid var(--line); border-radius: 0.75rem; }
.may { border-color: transparent; background: var(--may-card); }
.hint { display: none; color: var(--soft); }
summary { padding: 0.5rem 0; cursor: pointer; color: var(--accent); }
.scroll { overflow-x: auto; padding: 0.5rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--card); }
.scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); }
.scroll svg { display: block; margin: 0 auto; min-width: 56rem; max-width: 100%; height: auto; }
.scroll text { fill: var(--ink); }
.scroll .node path, .scroll .node polygon { fill: var(--paper); stroke: var(--soft); }
.scroll .cluster path, .scroll .cluster polygon { fill: none; stroke: var(--line); }
.scroll .cluster text { fill: var(--soft); }
.scroll .edge path { stroke: var(--soft); }
.scroll .edge polygon { fill: var(--soft); stroke: var(--soft); }
.scroll .state-created path, .scroll .state-updated path, .scroll .state-replaced path { fill: var(--good-card); stroke: var(--good); stroke-width: 1.5; }
.scroll .state-failed path { fill: var(--bad-card); stroke: var(--bad); stroke-width: 2; }
.scroll .state-differs path { fill: var(--warn-card); stroke: var(--warn); stroke-width: 2; }
.scroll .state-not-run path { stroke-dasharray: 4 3; }
td.state-created, td.state-updated, td.state-replaced, td.state-unchanged { color: var(--good); }
td.state-failed { color: var(--bad); }
td.state-differs { color: var(--warn); }
td p { color: var(--ink); }
@media (max-width: 40rem) {
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  tbody th, tbody td { padding: 0.1rem 0.25rem; border: 0; }
  tbody th, tbody td:not([data-label]) { display: inline-block; }
  td[data-label] { display: inline-block; margin-right: 0.75rem; }
  td[data-label="Found"], td[data-label="Type"] { display: block; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  td[data-label]:empty { display: none; }
  tbody td.as-expected { display: none; }
  td.passed, td.failed { padding: 0 0.4rem; border-radius: 0.25rem; }
  .hint { display: block; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.5rem; }
}
@page { margin: 1.5cm; }
@media print {
  :root { color-scheme: light; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 0.75rem; }
  h2 { margin-top: 1.5rem; break-after: avoid; }
  thead { display: table-header-group; }
  tr, .findings li, .scroll, dl { break-inside: avoid; }
  .scroll { overflow: visible; border: 0; }
  .scroll svg { min-width: 0; width: 100%; max-height: 23cm; }
  summary { display: none; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
`;
