/** Style sheet of the HTML report. Follows the light or dark theme of the reader's system; one column on a phone; can be printed. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1c2128; --soft: #57606a; --line: #d0d7de; --box: #f6f8fa; --link: #0757b8;
  --good: #116329; --bad: #b3121d; --odd: #7a4d00; --bar: #6f8fb5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --text: #e3e8ee; --soft: #a3adb8; --line: #39424d; --box: #1d232a; --link: #7fb6ff;
    --good: #62c97b; --bad: #ff8a84; --odd: #e5b454; --bar: #56789f;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; }
h2 { margin: 2rem 0 .5rem; font-size: 1.25rem; }
p { margin: .25rem 0; }
a { color: var(--link); }
header { border-left: .5rem solid var(--soft); padding-left: 1rem; }
header.passed { border-color: var(--good); } .passed h1, .succeeded { color: var(--good); }
header.failed { border-color: var(--bad); } .failed h1, td.failed, .error { color: var(--bad); }
header.broken, header.interrupted { border-color: var(--odd); }
.broken h1, .interrupted h1, td.broken, td.aborted, .warning { color: var(--odd); }
.reason { font-size: 1.15rem; }
.soft { color: var(--soft); }
.finding { border: 1px solid var(--line); border-radius: .4rem; margin: .75rem 0; padding: .6rem .8rem; }
.finding h4 { margin: 0; font-size: 1rem; }
.places summary { width: fit-content; color: var(--link); cursor: pointer; text-decoration: underline; }
.component { margin: 1rem 0 .25rem; font-size: 1.1rem; }
.answer { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem; margin: .75rem 0 .25rem; padding: 0; }
.answer li { border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .7rem; }
.answer b { font-size: 1.3rem; } .answer a { color: inherit; }
li.failed { color: var(--bad); } li.broken { color: var(--odd); }
.lines { padding-left: 2.5rem; font: 13px/1.6 ui-monospace, monospace; }
pre { margin: .5rem 0; padding: .5rem; background: var(--box); border-radius: .3rem; white-space: pre-wrap;
  font: 13px/1.45 ui-monospace, monospace; }
pre mark { background: none; color: inherit; font-weight: 700; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; }
details summary { cursor: pointer; } .logs summary { color: var(--link); white-space: nowrap; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
.chart { list-style: none; margin: 0; padding: 0; }
.chart li { display: grid; grid-template-columns: 14rem 1fr 5.5rem; gap: .6rem; align-items: center; }
.chart svg { display: block; width: 100%; height: 1rem; background: var(--box); }
.chart rect { fill: var(--bar); }
.chart rect.failed { fill: var(--bad); } .chart rect.broken, .chart rect.aborted { fill: var(--odd); }
.chart span:last-child { text-align: right; }
.histogram { margin: 1.25rem 0; } .histogram figcaption { margin-bottom: .4rem; }
.histogram svg { display: block; width: 100%; max-width: 38rem; }
.histogram path { fill: none; } .histogram .axis { stroke: var(--soft); } .histogram .grid { stroke: var(--line); stroke-width: .6; }
.histogram .filled { fill: var(--bar); opacity: .25; } .histogram .reference { stroke: var(--bar); stroke-width: 1.3; }
.histogram .own { stroke: var(--text); stroke-width: 1.2; } .histogram .pull { fill: var(--bar); } .histogram .pull.far { fill: var(--bad); }
.histogram .bin { fill: transparent; } .histogram .bin:hover { fill: var(--soft); fill-opacity: .15; }
.histogram text { fill: var(--soft); font-size: 11px; } .histogram .key-own, .histogram .map-title { fill: var(--text); }
.histogram .cell { fill: var(--link); } .histogram .more { fill: var(--bad); } .histogram .less { fill: var(--link); }
.histogram .log, .histogram :checked ~ .linear { display: none; } .histogram :checked ~ .log { display: block; }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .5rem; }
.tree details, .tree .leaf { margin-left: 1.1rem; } .tree > * { margin-left: 0; } .tree summary { cursor: pointer; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .25rem 1rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 40rem) {
  body { padding: .75rem; }
  h1 { font-size: 1.6rem; }
  .chart li { grid-template-columns: 7rem 1fr 4rem; gap: .4rem; font-size: .85rem; }
  .wide { display: none; } table { font-size: .85rem; } th.number { white-space: normal; } th[scope="row"], td:last-child, .contact { overflow-wrap: anywhere; } th, td { padding-right: .5rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; } .finding, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  thead { display: table-header-group; } .scroll { overflow: visible; } table { font-size: 8pt; } th, td { padding-right: .4rem; overflow-wrap: anywhere; }
  .logs { display: none; }
}
`;
