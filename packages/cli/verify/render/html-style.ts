/** Style of the HTML report: system fonts and colours of its own, so that the file needs nothing from elsewhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #17212b; --soft: #56636f;
  --good: #0b6b3a; --good-soft: #e2f4ea; --bad: #b3261e; --bad-soft: #fdeceb;
  --ask: #7a5200; --ask-soft: #fdf2d8; --none: #56636f; --none-soft: #eceff2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11161b; --card: #1a2128; --line: #303a44; --text: #e6ebf0; --soft: #9fadb9;
    --good: #7fd8a4; --good-soft: #12331f; --bad: #ff9c93; --bad-soft: #44191a;
    --ask: #f2c667; --ask-soft: #3a2d0d; --none: #9fadb9; --none-soft: #28313a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .5rem 0; }
a { color: inherit; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.verdict { border-left: .5rem solid; border-radius: .5rem; padding: 1.25rem 1.25rem 1rem; }
.verdict .over { font-size: .85rem; letter-spacing: .02em; margin: 0 0 .25rem; }
.verdict.good { background: var(--good-soft); border-color: var(--good); }
.verdict.bad { background: var(--bad-soft); border-color: var(--bad); }
.verdict.ask { background: var(--ask-soft); border-color: var(--ask); }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .75rem 0 0; padding: 0; list-style: none; font-size: .9rem; }
.soft { color: var(--soft); }
.notes { margin: .75rem 0 0; padding-left: 1.1rem; font-size: .9rem; color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .55rem .75rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: .85rem; color: var(--soft); font-weight: 600; }
tbody th { font-weight: 600; font-size: .95rem; white-space: nowrap; }
.matrix td { width: 15%; font-size: .82rem; line-height: 1.35; }
.matrix td .got { display: block; overflow-wrap: anywhere; }
.mark { display: inline-block; min-width: 1.5em; padding: 0 .3em; border-radius: .25rem; text-align: center; font-weight: 700; line-height: 1.5; align-self: start; justify-self: start; }
.mark.passed { color: var(--good); background: var(--good-soft); }
.mark.failed { color: var(--bad); background: var(--bad-soft); }
.mark.undecided { color: var(--ask); background: var(--ask-soft); }
.mark.person { color: var(--ask); background: var(--ask-soft); }
.mark.not-applicable { color: var(--none); background: var(--none-soft); }
td.failed { background: var(--bad-soft); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0 0; font-size: .85rem; color: var(--soft); }
.item { padding: 1rem 1.25rem; margin-bottom: .75rem; }
.item.failed { border-left: .3rem solid var(--bad); }
.item.undecided { border-left: .3rem solid var(--ask); }
.item.person { border-left: .3rem solid var(--ask); }
.item.not-applicable { border-left: .3rem solid var(--none); }
dl { display: grid; grid-template-columns: 6.5rem 1fr; gap: .25rem .75rem; margin: .5rem 0 0; font-size: .92rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.checks { margin: 0; padding: 0; list-style: none; }
.checks li { display: grid; grid-template-columns: 2rem minmax(0, 1.1fr) minmax(0, 1fr); gap: .25rem .75rem; padding: .5rem .75rem; border-top: 1px solid var(--line); font-size: .92rem; }
.checks li:first-child { border-top: 0; }
.checks .got { color: var(--soft); overflow-wrap: anywhere; }
.shots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 1rem; }
figure { margin: 0; overflow: hidden; }
figure img { display: block; width: 100%; height: auto; border-bottom: 1px solid var(--line); background: #fff; }
figcaption { padding: .6rem .75rem; font-size: .88rem; }
footer { margin-top: 3rem; font-size: .85rem; color: var(--soft); }
@media (max-width: 44rem) {
  main { padding: 1rem .75rem 3rem; }
  .matrix thead { display: none; }
  .matrix tr { display: block; border-top: 1px solid var(--line); padding: .6rem .75rem; }
  .matrix tbody:first-of-type tr:first-child { border-top: 0; }
  .matrix th, .matrix td { display: block; width: auto; border: 0; padding: .15rem 0; }
  .matrix td { display: grid; grid-template-columns: 2rem 6rem 1fr; gap: .5rem; border-radius: .25rem; }
  .matrix td::before { content: attr(data-what); grid-column: 2; grid-row: 1; color: var(--soft); }
  .matrix td .mark { grid-column: 1; grid-row: 1; justify-self: start; }
  .matrix td .got { grid-column: 3; grid-row: 1; }
  .checks li { grid-template-columns: 2rem 1fr; }
  .checks .got { grid-column: 2; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --line: #bbb; --text: #000; --soft: #444;
    --good: #0b6b3a; --good-soft: #fff; --bad: #b3261e; --bad-soft: #fff;
    --ask: #7a5200; --ask-soft: #fff; --none: #444; --none-soft: #fff;
  }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  .item, figure, tr, .checks li { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
